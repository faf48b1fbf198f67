import { Layer, Recurrent } from "./layer";
import { panels1x16, productF32 } from "./product-f32";
import { INT7, productInt8 } from "./product-int8";
import { Run } from "./run";
import { laneMask } from "./simd";

/*
 * The matrix products of all layers, by the format of their weights: each has its tiles in a file of its own. A format
 * that nobody knows is a trap. Those with integer weights run in simd binaries alone, so that all that is computed
 * around their exact sums has the same bits everywhere too; relaxed ones are without.
 */
export const INTEGERS = !ASC_FEATURE_RELAXED_SIMD;

/** As src/kernel/pack/index.ts numbers the formats. */
export const F32 = 0;

/** Whether what its cell computes becomes seven bits, so that gates need no more: quotients.ts. */
@inline
export function isShort(layer: Layer): bool {
  return INTEGERS && layer.format >= INT7;
}

/** z [rows, 16 · panels] ← bias + x [rows, k] W, or, accumulating, z + x W. Strides in bytes; k even. */
@inline
export function product(
  layer: Layer,
  w: usize,
  x: usize,
  xStride: i32,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
  accumulate: i32,
): void {
  productPart(layer, w, 0, x, xStride, z, zStride, rows, k, panels, accumulate);
}

/** The same of `panels` panels from the `first` on, whose sums lie at z; `matrix`: where all of them begin. */
export function productPart(
  layer: Layer,
  matrix: usize,
  first: i32,
  x: usize,
  xStride: i32,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
  accumulate: i32,
): void {
  if (layer.format == F32)
    productF32(
      matrix + first * ((k + 1) << 6),
      x,
      xStride,
      z,
      zStride,
      rows,
      k,
      panels,
      accumulate,
    );
  else if (!INTEGERS) unreachable();
  else
    productInt8(
      layer.format,
      matrix,
      first,
      x,
      xStride,
      z,
      zStride,
      rows,
      k,
      panels,
      accumulate,
    );
}

/** All sums of a single step of one row, z ← b + x W + h R, without a stop in z between the two. */
export function sums(layer: Recurrent, run: Run): void {
  if (layer.format == F32)
    panels1x16(
      layer.input,
      run.x,
      layer.inputWidth << 2,
      layer.recurrent,
      run.state0,
      layer.outputQuads << 4,
      run.z,
      layer.inputPanels,
      0,
    );
  else if (!INTEGERS) unreachable();
  else {
    const bytes: i32 = layer.outputQuads << 4;
    const zStride: i32 = layer.inputPanels << 6;
    project(layer, run);
    product(
      layer,
      layer.recurrent,
      run.state0,
      bytes,
      run.z,
      zStride,
      1,
      bytes >> 2,
      layer.inputPanels,
      1,
    );
  }
}

/**
 * The projection of a chunk: z [rows, steps, 16 · panels] ← b + x [rows, steps, inputWidth] W. With `lengths` only the
 * steps that rows have are computed.
 */
export function project(layer: Layer, run: Run): void {
  const xStride: i32 = layer.inputWidth << 2;
  const zStride: i32 = layer.inputPanels << 6;
  const rows = run.rows;
  const steps = run.steps;
  const lengths = run.lengths;
  let x = run.x;
  let z = run.z;
  if (!lengths) {
    product(
      layer,
      layer.input,
      x,
      xStride,
      z,
      zStride,
      rows * steps,
      layer.inputWidth,
      layer.inputPanels,
      0,
    );
    return;
  }
  for (let row = 0; row < rows; row++) {
    const length = load<i32>(lengths + (row << 2));
    if (!length) return;
    product(
      layer,
      layer.input,
      x,
      xStride,
      z,
      zStride,
      length,
      layer.inputWidth,
      layer.inputPanels,
      0,
    );
    x += steps * xStride;
    z += steps * zStride;
  }
}

/** Clears the lanes after the last real one, so that a NaN or ∞ of a padding unit reaches nobody. */
@inline
export function clearPadding(row: usize, quads: i32, tail: i32): void {
  const last = row + ((quads - 1) << 4);
  v128.store(last, v128.and(v128.load(last), laneMask(tail)));
}
