/*
 * Whether the layers of a state dict are one chain by their names and sizes. The order of a dict is that in which
 * modules were made, which is mostly, but not always, that in which they run, and what stands between them is no part
 * of it: so a chain is made of the plainest network alone, and what is taken for granted then is said.
 */
import { aboutFound, type Found } from "./layer.js";
import { shortName } from "./modules.js";
import { parentOf, type Silent, silentText } from "./named-module.js";

/** A module that is no layer of a chain by itself, and why. */
export interface Refused {
  readonly name: string;
  readonly reason: string;
  /** Whether it has weights; what else there is are buffers, such as a state that forward keeps. */
  readonly weights: boolean;
}

/**
 * Why the layers are not surely a chain in this order; null when they are.
 *
 * @param others modules with weights that are no layers
 * @param silent modules without weights that may compute something
 */
export function whyNoChain(
  found: readonly Found[],
  others: readonly Refused[],
  silent: readonly Silent[],
): string | null {
  const [other] = others;
  if (other)
    return `${shortName(other.name)}: ${other.reason}; forward alone says where it stands`;
  const unexplained = withoutExplained(silent, found);
  if (unexplained.length) {
    const some = listed(unexplained.map(silentText));
    return `modules without weights that may compute something: ${some}; forward alone says where`;
  }
  return whyNoRow(found) ?? whyMisfit(found);
}

/** The activation of a Linear that the options name is the module behind it, one each. */
function withoutExplained(
  silent: readonly Silent[],
  found: readonly Found[],
): Silent[] {
  const named = new Set(
    found.filter((each) => each.named).map(({ name }) => name),
  );
  return silent.filter(
    ({ behind }) => behind === null || !named.delete(behind),
  );
}

/** One recurrent layer, or several that are numbered in one row. */
function whyNoRow(found: readonly Found[]): string | null {
  const recurrent = found.filter((each) => each.recurrent);
  for (const [index, layer] of recurrent.entries()) {
    const before = recurrent[index - 1];
    if (before && !inRow(before.name, layer.name))
      return `two recurrent layers under different names, ${aboutFound(before)} and ${aboutFound(layer)}: one may start from the other's state, take its last step alone, or run beside it`;
    if (
      before &&
      before.inputSize === layer.inputSize &&
      !inList(before, layer)
    )
      return `${aboutFound(before)} and ${aboutFound(layer)}, which take the same inputs, so they may as well run side by side, or be added`;
  }
  const sizes = [
    recurrent[0]?.inputSize,
    ...recurrent.map((each) => each.outputSize),
  ];
  if (recurrent.length > 1 && narrowsAndWidens(sizes as number[]))
    return `recurrent layers that narrow and widen, ${sizes.join(" → ")}, as those of an autoencoder, which repeats the last state in between`;
  return null;
}

function whyMisfit(found: readonly Found[]): string | null {
  for (const [index, layer] of found.entries()) {
    const before = found[index - 1];
    const last = index === found.length - 1;
    if (before && layer.inputSize === null)
      return `${layer.name}, an Embedding behind ${before.name}`;
    if (before && layer.inputSize !== before.outputSize)
      return `${aboutFound(before)} and ${aboutFound(layer)}, whose sizes do not follow each other`;
    if (layer.inputSize === null && last)
      return `${layer.name}, an Embedding with nothing behind it`;
    if (!last && !layer.activated)
      return `${aboutFound(layer)} and ${(found[index + 1] as Found).name} behind it: its activation is not in the file (options.layers names it, 'linear' for none), or both take the same input`;
  }
  return null;
}

/** "lstm1" and "lstm2", "lstm" and "lstm2", "rnn.0" and "rnn.1". */
function inRow(a: string, b: string): boolean {
  const [stem, number] = numbered(a);
  const [otherStem, otherNumber] = numbered(b);
  return stem === otherStem && otherNumber > number;
}

function numbered(name: string): [stem: string, number: number] {
  const [, stem = name, digits] = /^(.*?)_?(\d{1,6})$/.exec(name) ?? [];
  return [stem, digits === undefined ? 1 : Number(digits)];
}

/** Whether both are named by their places in the same nn.Sequential or ModuleList alone. */
function inList(a: Found, b: Found): boolean {
  const place = /(^|\.)\d+$/;
  return (
    place.test(a.name) &&
    place.test(b.name) &&
    parentOf(a.name) === parentOf(b.name)
  );
}

function narrowsAndWidens(sizes: readonly number[]): boolean {
  return sizes.some(
    (size, at) =>
      sizes.slice(0, at).some((before) => before > size) &&
      sizes.slice(at + 1).some((after) => after > size),
  );
}

/** What a chain that was made by the rule takes for granted. */
export function assumptionsOf(
  found: readonly Found[],
  idle: readonly Silent[],
): { assumptions: string[]; warning: string } {
  const [first] = found as [Found];
  const last = found.at(-1) as Found;
  const lastStep = found.find((each) => each.lastOnly);
  const steps = lastStep
    ? `the last step of ${lastStep.name} alone`
    : "every step's output";
  const behind = last.recurrent
    ? `nothing behind ${last.name || "it"}`
    : last.named
      ? `the activation named for ${last.name}`
      : `no activation after ${last.name || "it"}`;
  const two = found.find(({ directions }) => directions === 2);
  const size = first.inputSize;
  return {
    assumptions: [
      size === null
        ? "tokens are [B, T] or [T], as with batch_first=True"
        : `the input is [B, T, ${size}] or [T, ${size}], as with batch_first=True`,
      `${found.map(({ name }) => name || "(unnamed)").join(", ")}: one after the other, nothing in between`,
      lastStep ? `${steps} goes on` : `${steps} goes on, not the last alone`,
      behind,
      "no residual sums, no layer passed over",
      ...(idle.length
        ? [`left out, as they change nothing: ${listed(idle.map(silentText))}`]
        : []),
      ...(two && !lastStep
        ? [
            `${two.name} is bidirectional: PyTorch's y[:, -1] is "last" in options.chain; returnSequences: false is h_n of both directions, another number`,
          ]
        : []),
    ],
    warning: `a state dict does not tell how forward joins its layers: taken as ${[steps, behind, "nothing added"].join(", ")}; check with verify, or say so with options.chain`,
  };
}

/** Some of them. */
function listed(all: readonly string[]): string {
  return all.slice(0, 6).join(", ") + (all.length > 6 ? ", …" : "");
}
