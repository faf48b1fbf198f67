import { madd } from "../simd";

/*
 * Sums over windows of planes that lie channel by channel, as graphs have them:
 *
 *      y[m, row, i]  ←  bias[m] + Σ over k of  w[m, k] · x[start(row) + offset(k) + i]       i < count, four at a time
 *
 * A lane is a place along the last axis, so neither x nor y is transposed: a tap is a row of x at an offset of its own,
 * and padding, strides and dilations are a matter of offsets. The sums of two outputs over four quads are in flight at
 * once, as in product-f32.ts; whatever the tile, a sum starts from the bias and takes one tap after another.
 */

@unmanaged
class Planes {
  /** Where x and y begin. */
  x: usize;
  y: usize;
  /** [groups, outputs, taps], and [groups, outputs]. */
  weights: usize;
  biases: usize;
  /** Of each tap, in bytes. */
  offsets: usize;
  taps: i32;
  groups: i32;
  /** Of a group. */
  outputs: i32;
  /** Bytes of x from group to group, and of y from output to output. */
  groupBytes: i32;
  outputBytes: i32;
  /** Of each row, in bytes: where it begins in x, and in an output's part of y. */
  starts: usize;
  rows: i32;
  /** Quads of a row. */
  quads: i32;
}

/** `quads` (1, 2 or 4) quads of one output or, with `both`, of two, whose weights are taps apart. */
@inline
function tile(
  both: bool,
  quads: i32,
  w: usize,
  bias: usize,
  x: usize,
  offsets: usize,
  taps: i32,
  y: usize,
  outputBytes: i32,
): void {
  let s0 = v128.load32_splat(bias);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = both ? v128.load32_splat(bias, 4) : s0;
  let t1 = t0;
  let t2 = t0;
  let t3 = t0;
  let v: usize = w + (taps << 2);
  const end = v;
  while (w < end) {
    const from = x + load<i32>(offsets);
    const a = v128.load32_splat(w);
    const b = both ? v128.load32_splat(v) : a;
    let p = v128.load(from);
    s0 = madd(a, p, s0);
    if (both) t0 = madd(b, p, t0);
    if (quads > 1) {
      p = v128.load(from, 16);
      s1 = madd(a, p, s1);
      if (both) t1 = madd(b, p, t1);
    }
    if (quads > 2) {
      p = v128.load(from, 32);
      s2 = madd(a, p, s2);
      if (both) t2 = madd(b, p, t2);
      p = v128.load(from, 48);
      s3 = madd(a, p, s3);
      if (both) t3 = madd(b, p, t3);
    }
    offsets += 4;
    w += 4;
    v += 4;
  }
  const u = y + outputBytes;
  v128.store(y, s0);
  if (both) v128.store(u, t0);
  if (quads > 1) {
    v128.store(y, s1, 16);
    if (both) v128.store(u, t1, 16);
  }
  if (quads > 2) {
    v128.store(y, s2, 32);
    v128.store(y, s3, 48);
    if (both) v128.store(u, t2, 32);
    if (both) v128.store(u, t3, 48);
  }
}

/** A row of one output. */
function single(
  layer: Planes,
  w: usize,
  bias: usize,
  x: usize,
  y: usize,
): void {
  const taps = layer.taps;
  const offsets = layer.offsets;
  let quads = layer.quads;
  for (; quads >= 4; quads -= 4, x += 64, y += 64)
    tile(false, 4, w, bias, x, offsets, taps, y, 0);
  if (quads & 2) {
    tile(false, 2, w, bias, x, offsets, taps, y, 0);
    x += 32;
    y += 32;
  }
  if (quads & 1) tile(false, 1, w, bias, x, offsets, taps, y, 0);
}

/** A row of two outputs. */
function double(
  layer: Planes,
  w: usize,
  bias: usize,
  x: usize,
  y: usize,
): void {
  const taps = layer.taps;
  const offsets = layer.offsets;
  const next = layer.outputBytes;
  let quads = layer.quads;
  for (; quads >= 4; quads -= 4, x += 64, y += 64)
    tile(true, 4, w, bias, x, offsets, taps, y, next);
  if (quads & 2) {
    tile(true, 2, w, bias, x, offsets, taps, y, next);
    x += 32;
    y += 32;
  }
  if (quads & 1) tile(true, 1, w, bias, x, offsets, taps, y, next);
}

/** y [groups, outputs, rows, 4 · quads] ← the sums. */
export function planes(address: usize): void {
  const layer = changetype<Planes>(address);
  const rows = layer.starts + (layer.rows << 3);
  let x = layer.x;
  let y = layer.y;
  let w = layer.weights;
  let bias = layer.biases;
  for (let group = 0; group < layer.groups; group++) {
    let left = layer.outputs;
    for (; left >= 2; left -= 2) {
      for (let row = layer.starts; row < rows; row += 8)
        double(layer, w, bias, x + load<i32>(row), y + load<i32>(row, 4));
      w += layer.taps << 3;
      bias += 8;
      y += layer.outputBytes << 1;
    }
    if (left) {
      for (let row = layer.starts; row < rows; row += 8)
        single(layer, w, bias, x + load<i32>(row), y + load<i32>(row, 4));
      w += layer.taps << 2;
      bias += 4;
      y += layer.outputBytes;
    }
    x += layer.groupBytes;
  }
}
