import { FORMATS } from "../pack/index.js";
import type { Chunk } from "./chunk.js";
import type { Layer } from "./layer.js";
import { productF32 } from "./product-f32.js";

/** z [rows, 16 · panels] ← bias + x [rows, k] W, or, accumulating, z + x W. */
export function product(
  f32: Float32Array,
  { format }: Layer,
  w: number,
  x: number,
  xStride: number,
  z: number,
  zStride: number,
  rows: number,
  k: number,
  panels: number,
  accumulate: boolean,
): void {
  if (format === FORMATS.f32.number)
    productF32(f32, w, x, xStride, z, zStride, rows, k, panels, accumulate);
  // as `unreachable` in assembly/product.ts
  else throw new Error(`kernel: expected a format of weights, got ${format}`);
}

/** z ← b + x W for every row's steps of the chunk. */
export function project(
  f32: Float32Array,
  layer: Layer,
  x: number,
  z: number,
  chunk: Chunk,
): void {
  const { input, inputWidth, zStride, panels } = layer;
  for (let row = 0; row < chunk.rows; row++) {
    product(
      f32,
      layer,
      input,
      x,
      inputWidth,
      z,
      zStride,
      chunk.length(row),
      inputWidth,
      panels,
      false,
    );
    x += chunk.steps * inputWidth;
    z += chunk.steps * zStride;
  }
}
