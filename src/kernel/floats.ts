import type { Merge } from "./merge.js";

/** Not set(subarray), whose view costs more than the few numbers of a row. */
export function copyFloats(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i] as number;
}

/** `target` becomes what `merge` makes of it and `source`. */
export function mergeFloats(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  count: number,
  merge: Merge,
): void {
  for (let i = 0; i < count; i++)
    target[to + i] = merge(
      target[to + i] as number,
      source[from + i] as number,
    );
}
