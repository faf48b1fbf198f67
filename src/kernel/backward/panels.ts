import type { Rows } from "./arena.js";
import { BLOCK_ROWS } from "./contract.js";
import type { Machine } from "./run.js";
import type { Work } from "./work.js";

/* The two products that every layer is trained by, of rows and panels. Addresses are bytes, `k` is lanes. */

/** z ← bias + x W, W's panels at `w`; z.size: lanes of all panels. */
export function* product(
  { kernel, meter }: Machine,
  w: number,
  x: Rows,
  z: Rows,
  rows: number,
  k: number,
): Work {
  const each = k * z.size;
  // pairs of rows, as the kernel takes them
  const most = Math.max(2, Math.floor(meter.piece / each) & ~1);
  for (let row = 0; row < rows; row += most) {
    const count = Math.min(most, rows - row);
    const from = x.at + row * x.stride;
    const to = z.at + row * z.stride;
    kernel.product(w, from, x.stride, to, z.stride, count, k, z.size / 16, 0);
    if (meter.full(count * each)) yield;
  }
}

/** Adds daᵀ [1 | x] to the gradient of the panels at `place` of the region of weights; da.size: lanes of all panels. */
export function* weightGradient(
  { kernel, regions, meter }: Machine,
  x: Rows,
  k: number,
  da: Rows,
  place: number,
  rows: number,
): Work {
  // a block of rows and some panels at a time: blocks as the kernel cuts them
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const block = (Math.ceil(rows / blocks) + 1) & ~1;
  const panels = da.size / 16;
  const most = Math.max(1, Math.floor(meter.piece / (block * k * 16)));
  for (let row = 0; row < rows; row += block) {
    const count = Math.min(block, rows - row);
    for (let panel = 0; panel < panels; panel += most) {
      const some = Math.min(most, panels - panel);
      kernel.weightGradient(
        x.at + row * x.stride,
        x.stride,
        k,
        da.at + row * da.stride + panel * 64,
        da.stride,
        some,
        regions.gradients + (place + panel * 16 * (1 + k)) * 4,
        count,
        regions.scratch,
      );
      if (meter.full(count * k * some * 16)) yield;
    }
  }
}
