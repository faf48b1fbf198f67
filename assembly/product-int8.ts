import { HEAD, roomAt, rowStride, toIntegers } from "./integers";

/*
 * Rows × panels of int8 (src/kernel/pack/int8.ts), rows of x as integers (integers.ts). A panel is 16 rows of the weight
 * matrix, four columns of a row side by side, the columns padded to a multiple of 8:
 *
 *      w →  [ 16 scales ][ 16 biases ][ Σ of each row's integers ][ k = 0 … 3: 4 of row 0, 4 of row 1, … ][ k = 4 … 7 ] …
 *
 * 64 bytes each. In front of a matrix, at w - 16, lies the calibrated range of x: low, high. First the sums of integers,
 * then what they count:
 *
 *      s ← Σ q w          z ← bias, or z, + (scale_x · scale_w) · (s - zero · Σ w)
 *
 * Sums of integers are exact in any order: the plain product, which multiplies eight pairs of int16 and adds neighbours,
 * that of bytes (assembly/dot), and plain JavaScript give the same bits. One row takes half a panel
 * in four registers, two rows in eight (one row of a whole panel in eight: a sequence of LSTM 128
 * takes 0.97 ms instead of 0.79 on Node 20, which spills them):
 *
 *      1 × 8    oo oo | oo oo | oo oo | oo oo      a lane: half of an output's sum
 *
 *      2 × 8    oo oo | oo oo | oo oo | oo oo
 *               oo oo | oo oo | oo oo | oo oo
 */

/* As src/kernel/pack/index.ts numbers the formats. */
const INT7 = 2;
export const INT7_DOT = 3;

/** Where in the table stands the product of bytes, assembly/dot, which src/kernel/load.ts puts there. */
const DOT = 1;

/** Before a panel's columns. */
const PANEL_HEAD = 192;


@inline
function dots(sum: v128, w: v128, x: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(w, x));
}

/** Four sums of halves that lie side by side. */
@inline
function joined(a: v128, b: v128): v128 {
  return i32x4.add(
    v128.shuffle<i32>(a, b, 0, 2, 4, 6),
    v128.shuffle<i32>(a, b, 1, 3, 5, 7),
  );
}

/** One row, half a panel, whose first weights lie at w. */
function row1x8(w: usize, q: usize, s: usize, k: i32): void {
  const zero = i32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  q += HEAD;
  const end = q + (k << 1);
  do {
    const x = v128.load64_splat(q);
    s0 = dots(s0, v128.load8x8_s(w), x);
    s1 = dots(s1, v128.load8x8_s(w, 8), x);
    s2 = dots(s2, v128.load8x8_s(w, 16), x);
    s3 = dots(s3, v128.load8x8_s(w, 24), x);
    w += 64;
    q += 8;
  } while (q < end);
  v128.store(s, joined(s0, s1));
  v128.store(s, joined(s2, s3), 16);
}

/** Two rows, half a panel, whose first weights lie at w. */
function tile2x8(
  w: usize,
  q: usize,
  qStride: i32,
  s: usize,
  sStride: i32,
  k: i32,
): void {
  const zero = i32x4.splat(0);
  let s0 = zero;
  let s1 = zero;
  let s2 = zero;
  let s3 = zero;
  let t0 = zero;
  let t1 = zero;
  let t2 = zero;
  let t3 = zero;
  q += HEAD;
  const end = q + (k << 1);
  do {
    const x = v128.load64_splat(q);
    const y = v128.load64_splat(q + qStride);
    let a = v128.load8x8_s(w);
    s0 = dots(s0, a, x);
    t0 = dots(t0, a, y);
    a = v128.load8x8_s(w, 8);
    s1 = dots(s1, a, x);
    t1 = dots(t1, a, y);
    a = v128.load8x8_s(w, 16);
    s2 = dots(s2, a, x);
    t2 = dots(t2, a, y);
    a = v128.load8x8_s(w, 24);
    s3 = dots(s3, a, x);
    t3 = dots(t3, a, y);
    w += 64;
    q += 8;
  } while (q < end);
  v128.store(s, joined(s0, s1));
  v128.store(s, joined(s2, s3), 16);
  v128.store(s + sStride, joined(t0, t1));
  v128.store(s + sStride, joined(t2, t3), 16);
}

/** s [rows, 16 · panels] ← q [rows, k] W. */
function sumUp(
  w: usize,
  panelBytes: i32,
  q: usize,
  qStride: i32,
  s: usize,
  sStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
): void {
  for (; panels > 0; panels--) {
    let qr = q;
    let sr = s;
    let row = rows;
    const columns = w + PANEL_HEAD;
    for (; row >= 2; row -= 2) {
      tile2x8(columns, qr, qStride, sr, sStride, k);
      tile2x8(columns + 32, qr, qStride, sr + 32, sStride, k);
      qr += qStride << 1;
      sr += sStride << 1;
    }
    if (row) {
      row1x8(columns, qr, sr, k);
      row1x8(columns + 32, qr, sr + 32, k);
    }
    w += panelBytes;
    s += 64;
  }
}

/** z ← bias, or z, + what the sums count; s may be z where it is not added to. */
function scaleUp(
  w: usize,
  panelBytes: i32,
  q: usize,
  s: usize,
  z: usize,
  panels: i32,
  accumulate: i32,
): void {
  const scale = f32x4.splat(load<f32>(q));
  const zero = i32x4.splat(load<i32>(q, 4));
  for (; panels > 0; panels--) {
    for (let i = 0; i < 64; i += 16) {
      const at = w + i;
      const sum = i32x4.sub(
        v128.load(s + i),
        i32x4.mul(zero, v128.load(at, 128)),
      );
      const both = f32x4.mul(scale, v128.load(at));
      const product = f32x4.mul(f32x4.convert_i32x4_s(sum), both);
      const start = accumulate ? v128.load(z + i) : v128.load(at, 64);
      v128.store(z + i, f32x4.add(start, product));
    }
    w += panelBytes;
    s += 64;
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
export function panelBytesInt8(k: i32): i32 {
  return PANEL_HEAD + (((k + 7) >> 3) << 7);
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

/**
 * z [rows, 16 · panels] ← bias + x W, or z + x W, x as integers at q; w: any of the matrix's panels. Sums that are added to
 * z lie at s until then.
 */
export function productOfIntegers(
  format: i32,
  w: usize,
  q: usize,
  s: usize,
  z: usize,
  zStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
  accumulate: i32,
): void {
  const qStride = rowStride(k);
  let sStride: i32 = panels << 6;
  if (!accumulate) {
    s = z;
    sStride = zStride;
  }
  const panelBytes = panelBytesInt8(k);
  if (format == INT7_DOT)
    call_indirect<void>(DOT, w, q, qStride, s, sStride, rows, k, panels);
  else sumUp(w, panelBytes, q, qStride, s, sStride, rows, k, panels);
  for (; rows > 0; rows--) {
    scaleUp(w, panelBytes, q, s, z, panels, accumulate);
    q += qStride;
    s += sStride;
    z += zStride;
  }
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
    matrix + first * panelBytesInt8(k),
    q,
    q + rows * rowStride(k),
    z,
    zStride,
    rows,
    k,
    panels,
    accumulate,
  );
}
