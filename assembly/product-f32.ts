import { columns, firstOf, madd, pair, secondOf } from "./simd";

/*
 * Rows × panels of float32 (src/kernel/pack/f32.ts). A panel is 16 rows of the weight matrix (16 outputs), column after
 * column:
 *
 *      w →  [ bias of 16 outputs ][ k = 0: 16 weights ][ k = 1: 16 weights ] …      64 bytes each, k even
 *
 *      x  [rows, k]  ×  panels  →  z [rows, 16 · panels]
 *
 * One row takes a panel in four sums of four outputs, two rows in eight:
 *
 *      1 × 16   o o o o | o o o o | o o o o | o o o o        bound by the loads of the weights
 *
 *      2 × 16   o o o o | o o o o | o o o o | o o o o        each weight that is loaded serves two rows:
 *               o o o o | o o o o | o o o o | o o o o        bound by arithmetic
 *
 * Eight sums leave eight registers of x86's 16. A column takes four weights and two inputs, so simd goes column by
 * column: V8 in Node 20 and 22 loads all operands of a loop's body before the first product, and two columns at once
 * spill (53 GFLOP/s against 37; 2 × 8 in pairs had 43). Fused, on V8 of Node 24, pairs are the best there is: 58
 * against 54 column by column and 53 in tiles of 2 × 8.
 */

/**
 * One row, `panels` panels: z ← b + x W, or, accumulating, z + x W. With rBytes not 0, h R is added on the way, R in
 * panels of the same outputs:
 *
 *      s ← b or z      s ← s + w x  over the columns of w      s ← s + r h  over the columns of r      z ← s
 */
@inline
export function panels1x16(
  w: usize,
  x: usize,
  xBytes: i32,
  r: usize,
  h: usize,
  rBytes: i32,
  z: usize,
  panels: i32,
  accumulate: i32,
): void {
  const xEnd = x + xBytes;
  const hEnd = h + rBytes;
  for (; panels > 0; panels--) {
    const start = accumulate ? z : w;
    let s0 = v128.load(start);
    let s1 = v128.load(start, 16);
    let s2 = v128.load(start, 32);
    let s3 = v128.load(start, 48);
    w += 64;
    let p = x;
    do {
      const both = columns(p);
      const x0 = firstOf(both);
      const x1 = secondOf(both, p);
      s0 = pair(s0, v128.load(w), x0, v128.load(w, 64), x1);
      s1 = pair(s1, v128.load(w, 16), x0, v128.load(w, 80), x1);
      s2 = pair(s2, v128.load(w, 32), x0, v128.load(w, 96), x1);
      s3 = pair(s3, v128.load(w, 48), x0, v128.load(w, 112), x1);
      w += 128;
      p += 8;
    } while (p < xEnd);
    if (rBytes) {
      r += 64;
      p = h;
      do {
        const both = columns(p);
        const h0 = firstOf(both);
        const h1 = secondOf(both, p);
        s0 = pair(s0, v128.load(r), h0, v128.load(r, 64), h1);
        s1 = pair(s1, v128.load(r, 16), h0, v128.load(r, 80), h1);
        s2 = pair(s2, v128.load(r, 32), h0, v128.load(r, 96), h1);
        s3 = pair(s3, v128.load(r, 48), h0, v128.load(r, 112), h1);
        r += 128;
        p += 8;
      } while (p < hEnd);
    }
    v128.store(z, s0);
    v128.store(z, s1, 16);
    v128.store(z, s2, 32);
    v128.store(z, s3, 48);
    z += 64;
  }
}

/** One row without a second product. */
export function row1x16(
  w: usize,
  x: usize,
  z: usize,
  kBytes: i32,
  panels: i32,
  accumulate: i32,
): void {
  panels1x16(w, x, kBytes, 0, 0, 0, z, panels, accumulate);
}

/** Two rows, one panel. */
function tile2x16(
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
  let z2 = v128.load(startZ, 32);
  let z3 = v128.load(startZ, 48);
  let u0 = v128.load(startU);
  let u1 = v128.load(startU, 16);
  let u2 = v128.load(startU, 32);
  let u3 = v128.load(startU, 48);
  const end = x + kBytes;
  w += 64;
  if (ASC_FEATURE_RELAXED_SIMD) {
    do {
      const x0 = v128.load32_splat(x);
      const x1 = v128.load32_splat(x, 4);
      const y0 = v128.load32_splat(y);
      const y1 = v128.load32_splat(y, 4);
      let a = v128.load(w);
      let b = v128.load(w, 64);
      z0 = pair(z0, a, x0, b, x1);
      u0 = pair(u0, a, y0, b, y1);
      a = v128.load(w, 16);
      b = v128.load(w, 80);
      z1 = pair(z1, a, x0, b, x1);
      u1 = pair(u1, a, y0, b, y1);
      a = v128.load(w, 32);
      b = v128.load(w, 96);
      z2 = pair(z2, a, x0, b, x1);
      u2 = pair(u2, a, y0, b, y1);
      a = v128.load(w, 48);
      b = v128.load(w, 112);
      z3 = pair(z3, a, x0, b, x1);
      u3 = pair(u3, a, y0, b, y1);
      w += 128;
      x += 8;
      y += 8;
    } while (x < end);
  } else {
    do {
      const x0 = v128.load32_splat(x);
      const y0 = v128.load32_splat(y);
      let a = v128.load(w);
      z0 = madd(a, x0, z0);
      u0 = madd(a, y0, u0);
      a = v128.load(w, 16);
      z1 = madd(a, x0, z1);
      u1 = madd(a, y0, u1);
      a = v128.load(w, 32);
      z2 = madd(a, x0, z2);
      u2 = madd(a, y0, u2);
      a = v128.load(w, 48);
      z3 = madd(a, x0, z3);
      u3 = madd(a, y0, u3);
      w += 64;
      x += 4;
      y += 4;
    } while (x < end);
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(z, z2, 32);
  v128.store(z, z3, 48);
  v128.store(u, u0);
  v128.store(u, u1, 16);
  v128.store(u, u2, 32);
  v128.store(u, u3, 48);
}

/** `product` of product.ts. */
export function productF32(
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
  if (rows == 1) {
    row1x16(w, x, z, kBytes, panels, accumulate);
    return;
  }
  // a panel stays in the first cache while all rows pass it
  for (; panels > 0; panels--) {
    let xr = x;
    let zr = z;
    let row = rows;
    for (; row >= 2; row -= 2) {
      tile2x16(w, xr, xStride, zr, zStride, kBytes, accumulate);
      xr += xStride << 1;
      zr += zStride << 1;
    }
    if (row) row1x16(w, xr, zr, kBytes, 1, accumulate);
    w += 64 + (kBytes << 4);
    z += 64;
  }
}
