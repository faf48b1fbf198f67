import { HEAD, roomAt, rowStride, toIntegers } from "./integers";
import { PANEL_HEAD, scaleUp } from "./scale";

/*
 * Rows × panels of int8 (src/kernel/pack/int8.ts), rows of x as integers (integers.ts). A panel is 16 rows of the weight
 * matrix, as int16, the columns padded to a multiple of 8, two of a row side by side:
 *
 *      w →  [ 16 scales ][ 16 biases ][ Σ of each row's integers ][ k = 0, 1: 2 of row 0, 2 of row 1, … ][ k = 2, 3 ] …
 *
 * 64 bytes each. In front of a matrix, at w - 16, lies the calibrated range of x: low, high. Sums of integers are exact
 * in any order: this product, which multiplies eight pairs of int16 and adds neighbours, that of bytes (assembly/dot),
 * whose panels are bytes with four columns side by side, and plain JavaScript give the same bits. What the sums count is
 * added up where they are complete (scale.ts). As of float32, one row takes a panel in four sums of four outputs, two
 * rows in eight:
 *
 *      1 × 16   o o o o | o o o o | o o o o | o o o o
 *
 *      2 × 16   o o o o | o o o o | o o o o | o o o o
 *               o o o o | o o o o | o o o o | o o o o
 *
 * Weights are widened when they are packed: to widen them at each load costs more than to load twice the bytes, even from
 * the third cache. Sequences and batches take 0.80 to 0.93 of the time, on Node 20 and 24, from 32 to 1024 units.
 */

/* As src/kernel/pack/int8.ts numbers the formats. */
export const INT7 = 2;
export const INT7_DOT = 3;

/** Where in the table stands the product of bytes, assembly/dot, which src/kernel/load.ts puts there. */
const DOT = 1;

/** Two columns of four outputs. */
@inline
function dots(sum: v128, w: usize, x: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(w), x));
}

/** One row, one panel. */
@inline
function row1x16(
  head: usize,
  q: usize,
  z: usize,
  k: i32,
  accumulate: i32,
): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let w = head + PANEL_HEAD;
  let p = q + HEAD;
  const end = p + (k << 1);
  do {
    const x = v128.load32_splat(p);
    const y = v128.load32_splat(p, 4);
    s0 = dots(dots(s0, w, x), w + 64, y);
    s1 = dots(dots(s1, w + 16, x), w + 80, y);
    s2 = dots(dots(s2, w + 32, x), w + 96, y);
    s3 = dots(dots(s3, w + 48, x), w + 112, y);
    w += 128;
    p += 8;
  } while (p < end);
  scaleUp(s0, s1, s2, s3, head, q, z, accumulate);
}

/** Two rows, one panel. */
@inline
function tile2x16(
  head: usize,
  q: usize,
  qStride: i32,
  z: usize,
  zStride: i32,
  k: i32,
  accumulate: i32,
): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  let w = head + PANEL_HEAD;
  let p = q + HEAD;
  let r = p + qStride;
  const end = p + (k << 1);
  do {
    const x = v128.load32_splat(p);
    const y = v128.load32_splat(r);
    let a = v128.load(w);
    s0 = i32x4.add(s0, i32x4.dot_i16x8_s(a, x));
    t0 = i32x4.add(t0, i32x4.dot_i16x8_s(a, y));
    a = v128.load(w, 16);
    s1 = i32x4.add(s1, i32x4.dot_i16x8_s(a, x));
    t1 = i32x4.add(t1, i32x4.dot_i16x8_s(a, y));
    a = v128.load(w, 32);
    s2 = i32x4.add(s2, i32x4.dot_i16x8_s(a, x));
    t2 = i32x4.add(t2, i32x4.dot_i16x8_s(a, y));
    a = v128.load(w, 48);
    s3 = i32x4.add(s3, i32x4.dot_i16x8_s(a, x));
    t3 = i32x4.add(t3, i32x4.dot_i16x8_s(a, y));
    w += 64;
    p += 4;
    r += 4;
  } while (p < end);
  scaleUp(s0, s1, s2, s3, head, q, z, accumulate);
  scaleUp(t0, t1, t2, t3, head, q + qStride, z + zStride, accumulate);
}

/** z [rows, 16 · panels] ← bias + q [rows, k] W, or z + q W. */
function panels(
  w: usize,
  q: usize,
  qStride: i32,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
  accumulate: i32,
): void {
  const columns = (k + 7) & ~7;
  const bytes: i32 = panelBytesInt8(INT7, k);
  for (; panels > 0; panels--) {
    let qr = q;
    let zr = z;
    let row = rows;
    for (; row >= 2; row -= 2) {
      tile2x16(w, qr, qStride, zr, zStride, columns, accumulate);
      qr += qStride << 1;
      zr += zStride << 1;
    }
    if (row) row1x16(w, qr, zr, columns, accumulate);
    w += bytes;
    z += 64;
  }
}

/** The largest integer of which k products with int8 can be added up in 32 bits. */
@inline
export function limitOf(k: i32): i32 {
  return min(32767, i32.MAX_VALUE / (127 * k));
}

/** Bytes of a panel of k columns. */
@inline
export function panelBytesInt8(format: i32, k: i32): i32 {
  return PANEL_HEAD + (((k + 7) >> 3) << (format == INT7_DOT ? 7 : 8));
}

/** rows × k numbers as the integers that a matrix in this format multiplies, at q; `matrix`: its first panel. */
export function integersFor(
  format: i32,
  matrix: usize,
  x: usize,
  xStride: i32,
  q: usize,
  rows: i32,
  k: i32,
): void {
  const bytes = format == INT7_DOT;
  const limit = bytes || format == INT7 ? 0 : limitOf(k);
  const low = load<f32>(matrix - 16);
  const high = load<f32>(matrix - 12);
  toIntegers(x, xStride, q, rows, k, limit, low, high, bytes);
}

/** z [rows, 16 · panels] ← bias + x W, or z + x W, x as integers at q; w: any of the matrix's panels. */
export function productOfIntegers(
  format: i32,
  w: usize,
  q: usize,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  count: i32,
  accumulate: i32,
): void {
  const stride = rowStride(k);
  if (format != INT7_DOT)
    panels(w, q, stride, z, zStride, rows, k, count, accumulate);
  else
    call_indirect<void>(
      DOT,
      w,
      q,
      stride,
      z,
      zStride,
      rows,
      k,
      count,
      accumulate,
    );
}

/** `product` of product.ts, of the panels from `first` on. */
export function productInt8(
  format: i32,
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
  const q = roomAt();
  integersFor(format, matrix, x, xStride, q, rows, k);
  productOfIntegers(
    format,
    matrix + first * panelBytesInt8(format, k),
    q,
    z,
    zStride,
    rows,
    k,
    panels,
    accumulate,
  );
}
