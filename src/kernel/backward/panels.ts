import type { Rows } from "./arena.js";
import type { Machine } from "./run.js";

/* The two products that every layer is trained by, of rows and panels. Addresses are bytes, `k` is lanes. */

/** z ← bias + x W, W's panels at `w`; z.size: lanes of all panels. */
export function product(
  { kernel }: Machine,
  w: number,
  x: Rows,
  z: Rows,
  rows: number,
  k: number,
): void {
  kernel.product(w, x.at, x.stride, z.at, z.stride, rows, k, z.size / 16, 0);
}

/** Adds daᵀ [1 | x] to the gradient of the panels at `place` of the region of weights; da.size: lanes of all panels. */
export function weightGradient(
  { kernel, regions }: Machine,
  x: Rows,
  k: number,
  da: Rows,
  place: number,
  rows: number,
): void {
  kernel.weightGradient(
    x.at,
    x.stride,
    k,
    da.at,
    da.stride,
    da.size / 16,
    regions.gradients + place * 4,
    rows,
    regions.scratch,
  );
}
