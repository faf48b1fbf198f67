import { FORMATS } from "../pack/index.js";
import type { LayerRecord } from "./layer.js";
import { productF32 } from "./product-f32.js";
import { limitOf, productInt8 } from "./product-int8.js";
import type { Run } from "./run.js";

/** z [rows, 16 · panels] ← bias + x [rows, k] W, or z + x W if `accumulate`; `matrix`: the first panel, if w is a later one. */
export function product(
  f32: Float32Array,
  { format }: LayerRecord,
  w: number,
  x: number,
  xStride: number,
  z: number,
  zStride: number,
  rows: number,
  k: number,
  panels: number,
  accumulate: boolean,
  matrix = w,
): void {
  if (format === FORMATS.f32.number)
    productF32(f32, w, x, xStride, z, zStride, rows, k, panels, accumulate);
  else if (
    format === FORMATS.int8.number ||
    format === FORMATS["int8-fast"].number
  ) {
    const limit = format === FORMATS.int8.number ? limitOf(k) : 0;
    productInt8(
      f32,
      limit,
      w,
      x,
      xStride,
      z,
      zStride,
      rows,
      k,
      panels,
      accumulate,
      matrix,
    );
  }
  // as `unreachable` in assembly/product.ts
  else throw new Error(`kernel: expected a format of weights, got ${format}`);
}

/** z ← b + x W for the steps of every row in the chunk. */
export function project(layer: LayerRecord, run: Run): void {
  const { f32, rows, steps } = run;
  const { input, inputWidth, zStride, panels } = layer;
  let { x, z } = run;
  for (let row = 0; row < rows; row++) {
    product(
      f32,
      layer,
      input,
      x,
      inputWidth,
      z,
      zStride,
      run.length(row),
      inputWidth,
      panels,
      false,
    );
    x += steps * inputWidth;
    z += steps * zStride;
  }
}
