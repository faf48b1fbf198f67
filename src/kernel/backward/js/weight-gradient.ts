import { productF32 as product } from "../../js/product-f32.js";
import { BLOCK_LINE, BLOCK_ROWS } from "../contract.js";

/* assembly/train/weight-gradient.ts. */

export function weightGradient(
  f32: Float32Array,
  x: number,
  xStride: number,
  k: number,
  da: number,
  daStride: number,
  panels: number,
  gradient: number,
  rows: number,
  scratch: number,
): void {
  if (!rows) return;
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const block = (Math.ceil(rows / blocks) + 1) & ~1;
  const panel = scratch + k * BLOCK_LINE;
  for (let row = 0; row < rows; row += block) {
    const count = Math.min(block, rows - row);
    const even = (count + 1) & ~1;
    for (let i = 0; i < even; i++) {
      // the row that makes an odd count even is the last one again, times the panel's zeros
      const from = x + Math.min(i, count - 1) * xStride;
      for (let j = 0; j < k; j++)
        f32[scratch + j * BLOCK_LINE + i] = f32[from + j] as number;
    }
    for (let p = 0; p < panels; p++) {
      const bias = gradient + p * 16 * (1 + k);
      for (let i = 0; i < even; i++)
        for (let lane = 0; lane < 16; lane++) {
          const to = panel + 16 * (1 + i) + lane;
          if (i === count) f32[to] = 0;
          else {
            const value = f32[da + p * 16 + i * daStride + lane] as number;
            f32[to] = value;
            f32[bias + lane] = (f32[bias + lane] as number) + value;
          }
        }
      product(f32, panel, scratch, BLOCK_LINE, bias + 16, 16, k, even, 1, true);
    }
    x += count * xStride;
    da += count * daStride;
  }
}
