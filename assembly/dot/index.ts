import { HEAD } from "../integers";

/*
 * Sums of rows of 7-bit integers × panels of int8, by the relaxed dot product of bytes: one instruction for 16 products
 * where the processor has it. Rows and panels are those of product-int8.ts. The second operand stays within 0 … 127, so
 * every machine gives the same.
 *
 * A binary of its own: it may not be valid where the rest of the kernel is, and nothing else in it is relaxed.
 */

const PANEL_HEAD = 192;


@inline
function add(w: v128, x: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(w, x, sum);
}

/**
 * One row, one panel. Eight columns at a time in eight sums: with a multiply-add of 4 cycles four of them would wait for
 * each other (192 GOP/s against 142 at 128 columns with VNNI).
 */
function row1x16(w: usize, q: usize, end: usize, s: usize): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  do {
    const x = v128.load32_splat(q);
    const y = v128.load32_splat(q, 4);
    s0 = add(v128.load(w), x, s0);
    s1 = add(v128.load(w, 16), x, s1);
    s2 = add(v128.load(w, 32), x, s2);
    s3 = add(v128.load(w, 48), x, s3);
    t0 = add(v128.load(w, 64), y, t0);
    t1 = add(v128.load(w, 80), y, t1);
    t2 = add(v128.load(w, 96), y, t2);
    t3 = add(v128.load(w, 112), y, t3);
    w += 128;
    q += 8;
  } while (q < end);
  v128.store(s, i32x4.add(s0, t0));
  v128.store(s, i32x4.add(s1, t1), 16);
  v128.store(s, i32x4.add(s2, t2), 32);
  v128.store(s, i32x4.add(s3, t3), 48);
}

/** Two rows, one panel: every weight that is loaded serves both. */
function tile2x16(
  w: usize,
  q: usize,
  qStride: i32,
  end: usize,
  s: usize,
  sStride: i32,
): void {
  let s0 = i32x4.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let t0 = s0;
  let t1 = s0;
  let t2 = s0;
  let t3 = s0;
  do {
    const x = v128.load32_splat(q);
    const y = v128.load32_splat(q + qStride);
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
    q += 4;
  } while (q < end);
  const t = s + sStride;
  v128.store(s, s0);
  v128.store(s, s1, 16);
  v128.store(s, s2, 32);
  v128.store(s, s3, 48);
  v128.store(t, t0);
  v128.store(t, t1, 16);
  v128.store(t, t2, 32);
  v128.store(t, t3, 48);
}

/** s [rows, 16 · panels] ← q [rows, k] W. */
export function dot(
  w: usize,
  q: usize,
  qStride: i32,
  s: usize,
  sStride: i32,
  rows: i32,
  k: i32,
  panels: i32,
): void {
  const columns = (k + 7) & ~7;
  q += HEAD;
  for (; panels > 0; panels--) {
    w += PANEL_HEAD;
    let qr = q;
    let sr = s;
    let row = rows;
    for (; row >= 2; row -= 2) {
      tile2x16(w, qr, qStride, qr + columns, sr, sStride);
      qr += qStride << 1;
      sr += sStride << 1;
    }
    if (row) row1x16(w, qr, qr + columns, sr);
    w += columns << 4;
    s += 64;
  }
}
