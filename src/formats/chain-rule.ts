/*
 * Whether the layers of a state dict form one chain, by their names and sizes. A dict has its modules in the order in
 * which they were created, which is mostly but not always that in which they run, and does not show what is between
 * them. So only the plainest networks become a chain, and the report states the assumptions.
 */
import { aboutFound, type Found } from "./layer.js";
import { shortName } from "./modules.js";
import { parentOf, type Silent, silentText } from "./named-module.js";

/** A module that is not a layer of a chain, and why. */
export interface Refused {
  readonly name: string;
  readonly reason: string;
  /** Whether it has weights, and not only buffers, such as a state that forward keeps. */
  readonly weights: boolean;
}

/**
 * Why the layers may not be a chain in this order; null if they surely are.
 *
 * @param refused modules with weights that are not layers
 * @param silent modules without weights that may compute something
 */
export function whyNoChain(
  found: readonly Found[],
  refused: readonly Refused[],
  silent: readonly Silent[],
): string | null {
  const [first] = refused;
  if (first)
    return `${shortName(first.name)}: ${first.reason}; only forward shows where it belongs`;
  const unexplained = withoutExplained(silent, found);
  if (unexplained.length) {
    const some = listed(unexplained.map(silentText));
    return `modules without weights that may compute something: ${some}; only forward shows where`;
  }
  return whyNoRow(found) ?? whyMisfit(found);
}

/** Without the modules that the options explain: each activation named for a Linear is the module after it. */
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

/** Why the recurrent layers are not a row: one layer, or several that are numbered in sequence. */
function whyNoRow(found: readonly Found[]): string | null {
  const recurrent = found.filter((each) => each.recurrent);
  for (const [index, layer] of recurrent.entries()) {
    const before = recurrent[index - 1];
    if (before && !inRow(before.name, layer.name))
      return `two recurrent layers under different names, ${aboutFound(before)} and ${aboutFound(layer)}: one may start from the other's state, use only its last step, or run in parallel`;
    if (
      before &&
      before.inputSize === layer.inputSize &&
      !inList(before, layer)
    )
      return `${aboutFound(before)} and ${aboutFound(layer)}, which have the same input size, so they may also run in parallel or be summed`;
  }
  const sizes = [
    recurrent[0]?.inputSize,
    ...recurrent.map((each) => each.outputSize),
  ];
  if (recurrent.length > 1 && narrowsAndWidens(sizes as number[]))
    return `recurrent layers that narrow and then widen, ${sizes.join(" → ")}, as in an autoencoder, which repeats the last state in between`;
  return null;
}

function whyMisfit(found: readonly Found[]): string | null {
  for (const [index, layer] of found.entries()) {
    const before = found[index - 1];
    const last = index === found.length - 1;
    if (before && layer.inputSize === null)
      return `${layer.name}, an Embedding after ${before.name}`;
    if (before && layer.inputSize !== before.outputSize)
      return `${aboutFound(before)} and ${aboutFound(layer)}, whose sizes do not match`;
    if (layer.inputSize === null && last)
      return `${layer.name}, an Embedding with nothing after it`;
    if (!last && !layer.activated)
      return `${aboutFound(layer)} and ${(found[index + 1] as Found).name} after it: the activation in between is not in the file (name it in options.layers, 'linear' for none), or both have the same input`;
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

/** Whether both are named only by their index in the same nn.Sequential or ModuleList. */
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

/** What is assumed about a chain that was recognised by names and sizes. */
export function assumptionsOf(
  found: readonly Found[],
  idle: readonly Silent[],
): { assumptions: string[]; warning: string } {
  const [first] = found as [Found];
  const last = found.at(-1) as Found;
  const lastStep = found.find((each) => each.lastOnly);
  const steps = lastStep
    ? `only the last step of ${lastStep.name}`
    : "every step's output";
  const after = last.recurrent
    ? `nothing after ${last.name || "it"}`
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
      lastStep ? `${steps} is used` : `${steps} is used, not only the last`,
      after,
      "no residual connections, no layer skipped",
      ...(idle.length
        ? [
            `left out, because they have no effect: ${listed(idle.map(silentText))}`,
          ]
        : []),
      ...(two && !lastStep
        ? [
            `${two.name} is bidirectional: PyTorch's y[:, -1] is "last" in options.chain; returnSequences: false is h_n of both directions, which is different`,
          ]
        : []),
    ],
    warning: `a state dict does not say how forward connects its layers: assumed ${[steps, after, "nothing added"].join(", ")}; check with verify, or say so with options.chain`,
  };
}

/** The first few, for messages. */
function listed(all: readonly string[]): string {
  return all.slice(0, 6).join(", ") + (all.length > 6 ? ", …" : "");
}
