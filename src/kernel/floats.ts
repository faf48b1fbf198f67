import type { Merge } from "./merge.js";

/** Copies in a loop: the view for set(subarray) would cost more than the few numbers of a row. */
export function copyFloats(
  source: Float32Array,
  from: number,
  target: Float32Array,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) target[to + i] = source[from + i] as number;
}

/** Merges `source` into `target`. */
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
