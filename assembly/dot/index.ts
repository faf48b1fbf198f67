import { HEAD } from "../integers";
import { PANEL_HEAD, scaleUp } from "../scale";

/*
 * Rows of 7-bit integers × panels of int8, by the relaxed dot product of bytes: one instruction for 16 products where the
 * processor has it. Rows and panels are those of product-int8.ts, but that four columns of a row lie side by side. The
 * second operand stays within 0 … 127, so every machine gives the same.
 *
 * A binary of its own: it may not be valid where the rest of the kernel is, and nothing else in it is relaxed.
 */

@inline
function add(w: v128, x: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, sum);
}

/**
 * One row, one panel. Eight columns at a time in eight sums: with a multiply-add of 4 cycles four of them would wait for
 * each other (192 GOP/s against 142 at 128 columns with VNNI). It is bound by its loads, so both fours of x are one, spread
 * by shuffles: 221 GOP/s against 203 at 128 columns, 241 against 220 at 512.
 */
@inline
function row1x16(
  head: usize,
  q: usize,
  z: usize,
  columns: i32,
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
  const end = p + columns;
  do {
    const both = v128.load64_splat(p);
    const x = v128.shuffle<i32>(both, both, 0, 0, 0, 0);
    const y = v128.shuffle<i32>(both, both, 1, 1, 1, 1);
    s0 = add(v128.load(w), x, s0);
    s1 = add(v128.load(w, 16), x, s1);
    s2 = add(v128.load(w, 32), x, s2);
    s3 = add(v128.load(w, 48), x, s3);
    t0 = add(v128.load(w, 64), y, t0);
    t1 = add(v128.load(w, 80), y, t1);
    t2 = add(v128.load(w, 96), y, t2);
    t3 = add(v128.load(w, 112), y, t3);
    w += 128;
    p += 8;
  } while (p < end);
  scaleUp(
    i32x4.add(s0, t0),
    i32x4.add(s1, t1),
    i32x4.add(s2, t2),
    i32x4.add(s3, t3),
    head,
    q,
    z,
    accumulate,
  );
}

/** Two rows, one panel: every weight that is loaded serves both. */
@inline
function tile2x16(
  head: usize,
  q: usize,
  qStride: i32,
  z: usize,
  zStride: i32,
  columns: i32,
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
  const end = p + columns;
  do {
    const x = v128.load32_splat(p);
    const y = v128.load32_splat(p + qStride);
    let a = v128.load(w);
    s0 = add(a, x, s0);
    t0 = add(a, y, t0);
    a = v128.load(w, 16);
    s1 = add(a, x, s1);
    t1 = add(a, y, t1);
    a = v128.load(w, 32);
    s2 = add(a, x, s2);
    t2 = add(a, y, t2);
    a = v128.load(w, 48);
    s3 = add(a, x, s3);
    t3 = add(a, y, t3);
    w += 64;
    p += 4;
  } while (p < end);
  scaleUp(s0, s1, s2, s3, head, q, z, accumulate);
  scaleUp(t0, t1, t2, t3, head, q + qStride, z + zStride, accumulate);
}

/** z [rows, 16 · panels] ← bias + q [rows, k] W, or z + q W. */
export function dot(
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
    w += PANEL_HEAD + (columns << 4);
    z += 64;
  }
}
