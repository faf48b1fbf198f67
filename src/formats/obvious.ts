/*
 * Whether the layers of a state dict can follow each other in one way only. Its order is that in which they were
 * made, which is mostly, but not always, that in which they run.
 */
import type { Found } from "./layer.js";
import type { Module } from "./modules.js";

/**
 * Why the layers are not surely a chain in this order; null when they are.
 *
 * @param others modules that are no layer here
 */
export function whyNoChain(
  found: readonly Found[],
  others: readonly string[],
): string | null {
  const [other] = others;
  const advice =
    "join the layers yourself, or name their order in options.chain";
  if (other !== undefined)
    return `${other || "(unnamed)"} is part of the graph, which a state dict does not tell; ${advice}`;
  for (const [index, layer] of found.entries()) {
    const problem = misfit(found[index - 1], layer);
    if (problem) return `${problem}; ${advice}`;
    if (layer.inputSize === null && index === found.length - 1)
      return `${layer.name} is an Embedding with nothing behind it`;
    const last = index === found.length - 1;
    if (!last && !layer.activated)
      return `${layer.name} is a Linear whose activation is not in the file; name it in options.layers ('linear': none)`;
  }
  return null;
}

/** Why `layer` does not surely follow `before`. */
function misfit(before: Found | undefined, layer: Found): string | null {
  if (!before) return null;
  if (layer.inputSize === null) return `${layer.name} is an Embedding inside`;
  if (layer.inputSize !== before.outputSize)
    return `${before.name} gives ${before.outputSize} features, ${layer.name} takes ${layer.inputSize}`;
  const parallel =
    before.recurrent &&
    layer.recurrent &&
    before.inputSize === layer.inputSize &&
    !inSequence(before.name, layer.name);
  return parallel
    ? `${before.name} and ${layer.name} take the same inputs, so they may as well run side by side`
    : null;
}

/** Whether both are named by their places in the same nn.Sequential or ModuleList. */
function inSequence(a: string, b: string): boolean {
  const place = /(^|\.)\d+$/;
  return place.test(a) && place.test(b) && parent(a) === parent(b);
}

function parent(name: string): string {
  return name.slice(0, Math.max(name.lastIndexOf("."), 0));
}

/**
 * A warning for modules that the model has but that have no weights: activations, dropout. A state dict lists them,
 * or leaves a gap in the numbers of an nn.Sequential.
 */
export function silentModules(
  modules: readonly Module[],
  names: readonly string[] | null,
  prefix: string,
): string[] {
  const known = new Set<string>([""]);
  for (const { name } of modules)
    for (let at = name; at !== ""; at = parent(at)) known.add(at);
  const silent = (names ?? gaps(modules)).filter(
    (name) => name.startsWith(prefix) && !known.has(name),
  );
  if (!silent.length) return [];
  const some = silent.slice(0, 6).join(", ") + (silent.length > 6 ? ", …" : "");
  return [
    `modules without weights, such as dropout and activations, are not in the file and were left out: ${some}`,
  ];
}

const MOST_GAPS = 100;

/** "1" when there are a "0" and a "2". */
function gaps(modules: readonly Module[]): string[] {
  const found: string[] = [];
  const lasts = new Map<string, number>();
  for (const { name } of modules) {
    const number = /(?:^|\.)(\d{1,6})$/.exec(name)?.[1];
    if (number === undefined) continue;
    const inside = name.slice(0, -number.length);
    const first = (lasts.get(inside) ?? -1) + 1;
    for (let n = first; n < Number(number) && found.length < MOST_GAPS; n++)
      found.push(`${inside}${n}`);
    lasts.set(inside, Number(number));
  }
  return found;
}
