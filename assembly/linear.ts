import { exp, relu, sigmoid, tanh } from "./activations";
import { Layer } from "./layer";
import { columns, firstOf, laneMask, pair, secondOf } from "./simd";

/*
 * Rows × panels. A panel holds 16 rows of the weight matrix (16 outputs), column after column:
 *
 *      w →  [ bias of 16 outputs ][ k = 0: 16 weights ][ k = 1: 16 weights ] …      64 bytes each, k even
 *
 *      x  [rows, k]  ×  panels  →  z [rows, 16 · panels]
 *
 * One row takes a panel in four sums of four outputs; two rows take it in two halves, four sums each time:
 *
 *      1 × 16   o o o o | o o o o | o o o o | o o o o        8 loads of weights, 2 of x, 8 products: bound by loads
 *      2 × 8    o o o o | o o o o                             4 loads of weights, 4 of x, 8 products: at the peak
 *               o o o o | o o o o
 *
 * Both keep every weight, input and sum of two columns in registers (14 and 12 of 16); wider tiles do not: V8 in
 * Node 20 loads all operands of a loop body before the first product, so 2 × 16 spills and falls from 59 to 37 GFLOP/s.
 */

/** The activations of an RNN or Linear, as src/kernel/contract.ts numbers them. */
export const TANH = 1;
export const SIGMOID = 2;
export const RELU = 3;
export const SOFTMAX = 4;

/** One row, one panel. */
function tile1x16(
  w: usize,
  x: usize,
  z: usize,
  kBytes: i32,
  accumulate: i32,
): void {
  const start = accumulate ? z : w;
  let s0 = v128.load(start);
  let s1 = v128.load(start, 16);
  let s2 = v128.load(start, 32);
  let s3 = v128.load(start, 48);
  const end = x + kBytes;
  w += 64;
  do {
    const both = columns(x);
    const x0 = firstOf(both);
    const x1 = secondOf(both, x);
    s0 = pair(s0, v128.load(w), x0, v128.load(w, 64), x1);
    s1 = pair(s1, v128.load(w, 16), x0, v128.load(w, 80), x1);
    s2 = pair(s2, v128.load(w, 32), x0, v128.load(w, 96), x1);
    s3 = pair(s3, v128.load(w, 48), x0, v128.load(w, 112), x1);
    w += 128;
    x += 8;
  } while (x < end);
  v128.store(z, s0);
  v128.store(z, s1, 16);
  v128.store(z, s2, 32);
  v128.store(z, s3, 48);
}

/** Two rows, half a panel: `w` and the rows of z point at the half. */
export function tile2x8(
  w: usize,
  x: usize,
  xStride: i32,
  z: usize,
  zStride: i32,
  kBytes: i32,
  accumulate: i32,
): void {
  let y = x + xStride;
  const u = z + zStride;
  const startZ = accumulate ? z : w;
  const startU = accumulate ? u : w;
  let z0 = v128.load(startZ);
  let z1 = v128.load(startZ, 16);
  let u0 = v128.load(startU);
  let u1 = v128.load(startU, 16);
  const end = x + kBytes;
  w += 64;
  do {
    const a0 = v128.load(w);
    const a1 = v128.load(w, 16);
    const b0 = v128.load(w, 64);
    const b1 = v128.load(w, 80);
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    z0 = pair(z0, a0, x0, b0, x1);
    z1 = pair(z1, a1, x0, b1, x1);
    const y0 = v128.load32_splat(y);
    const y1 = v128.load32_splat(y, 4);
    u0 = pair(u0, a0, y0, b0, y1);
    u1 = pair(u1, a1, y0, b1, y1);
    w += 128;
    x += 8;
    y += 8;
  } while (x < end);
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(u, u0);
  v128.store(u, u1, 16);
}

/** z [rows, 16 · panels] ← bias + x [rows, k] W, or, accumulating, z + x W. Strides in bytes; k even. */
export function product(
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
  const kBytes: i32 = k << 2;
  for (; panels > 0; panels--) {
    let xr = x;
    let zr = z;
    let row = rows;
    for (; row >= 2; row -= 2) {
      tile2x8(w, xr, xStride, zr, zStride, kBytes, accumulate);
      tile2x8(w + 32, xr, xStride, zr + 32, zStride, kBytes, accumulate);
      xr += xStride << 1;
      zr += zStride << 1;
    }
    if (row) tile1x16(w, xr, zr, kBytes, accumulate);
    w += 64 + (kBytes << 4);
    z += 64;
  }
}

/**
 * The projection of a chunk: z [rows, steps, 16 · panels] ← b + x [rows, steps, inputWidth] W. With `lengths`
 * (steps of each row in this chunk, longest row first) only those steps are computed.
 */
export function project(
  layer: Layer,
  x: usize,
  z: usize,
  lengths: usize,
  rows: i32,
  steps: i32,
): void {
  const xStride: i32 = layer.inputWidth << 2;
  const zStride: i32 = layer.inputPanels << 6;
  if (!lengths) {
    product(
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

/** y ← f(z), quad by quad. */
export function activate(
  z: usize,
  y: usize,
  quads: i32,
  activation: i32,
): void {
  const end = z + (quads << 4);
  if (activation == TANH)
    for (; z < end; z += 16, y += 16) v128.store(y, tanh(v128.load(z)));
  else if (activation == SIGMOID)
    for (; z < end; z += 16, y += 16) v128.store(y, sigmoid(v128.load(z)));
  else if (activation == RELU)
    for (; z < end; z += 16, y += 16) v128.store(y, relu(v128.load(z)));
  else if (activation == SOFTMAX) softmax(z, y, quads);
  else for (; z < end; z += 16, y += 16) v128.store(y, v128.load(z));
}

/** One row's softmax, the maximum taken off first. Lanes of no output hold -∞ (their bias) and become 0. */
function softmax(z: usize, y: usize, quads: i32): void {
  const zEnd = z + (quads << 4);
  const yEnd = y + (quads << 4);
  let most = v128.load(z);
  for (let p = z + 16; p < zEnd; p += 16) most = f32x4.max(most, v128.load(p));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 2, 3, 0, 1));
  most = f32x4.max(most, v128.shuffle<f32>(most, most, 1, 0, 3, 2));
  let sum = f32x4.splat(0);
  for (let p = y; z < zEnd; z += 16, p += 16) {
    const e = exp(f32x4.sub(v128.load(z), most));
    v128.store(p, e);
    sum = f32x4.add(sum, e);
  }
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 1, 0, 3, 2));
  for (; y < yEnd; y += 16) v128.store(y, f32x4.div(v128.load(y), sum));
}

/** Clears the lanes after the last real one, so that a NaN or ∞ of a padding unit reaches nobody. */
@inline
export function clearPadding(row: usize, quads: i32, tail: i32): void {
  const last = row + ((quads - 1) << 4);
  v128.store(last, v128.and(v128.load(last), laneMask(tail)));
}

/** y [rows, steps, outputStride] ← f(W x + b). */
export function linear(
  layer: Layer,
  x: usize,
  z: usize,
  y: usize,
  h: usize,
  c: usize,
  lengths: usize,
  rows: i32,
  steps: i32,
  trace: usize,
): void {
  project(layer, x, z, lengths, rows, steps);
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  const quads = layer.outputQuads;
  for (let row = 0; row < rows; row++) {
    const length = lengths ? load<i32>(lengths + (row << 2)) : steps;
    for (let t = 0; t < length; t++) {
      const yt = y + t * yStride;
      activate(z + t * zStride, yt, quads, layer.activation);
      clearPadding(yt, quads, layer.outputTail);
    }
    z += steps * zStride;
    y += steps * yStride;
  }
}
