import { columns, firstOf, pair, secondOf } from "../../../assembly/simd";
import { gates } from "./lanes";
import { projectedFirst, Run } from "./run";
import { tile2x16 } from "./tiles";

/**
 * Rung 7 adds pairs: one row takes two columns at a time. With relaxed SIMD two rows do so too, multiply and add are one
 * operation, of which only the addition waits for the sum, and one row takes both columns of x by one load.
 */
export function pairs(run: Run): void {
  projectedFirst(run, project, recur, gates);
}

function project(run: Run, x: usize, z: usize): void {
  const count = run.units >> 2;
  const xRow: i32 = run.inputs << 2;
  const zRow: i32 = run.units << 4;
  rowsTimesPanels(run.w, x, xRow, z, zRow, run.steps, count, false);
}

function recur(run: Run, h: usize, z: usize): void {
  vectorTimesPanels(run.r, h, z, run.units, run.units >> 2, true);
}

/** As in panels.ts, two columns at a time; k is even. */
export function vectorTimesPanels(
  w: usize,
  x: usize,
  z: usize,
  k: i32,
  count: i32,
  accumulate: bool,
): void {
  const end = x + (k << 2);
  for (; count > 0; count--) {
    const start = accumulate ? z : w;
    let s0 = v128.load(start);
    let s1 = v128.load(start, 16);
    let s2 = v128.load(start, 32);
    let s3 = v128.load(start, 48);
    w += 64;
    for (let p = x; p < end; p += 8) {
      const both = columns(p);
      const x0 = firstOf(both);
      const x1 = secondOf(both, p);
      s0 = pair(s0, v128.load(w), x0, v128.load(w, 64), x1);
      s1 = pair(s1, v128.load(w, 16), x0, v128.load(w, 80), x1);
      s2 = pair(s2, v128.load(w, 32), x0, v128.load(w, 96), x1);
      s3 = pair(s3, v128.load(w, 48), x0, v128.load(w, 112), x1);
      w += 128;
    }
    v128.store(z, s0);
    v128.store(z, s1, 16);
    v128.store(z, s2, 32);
    v128.store(z, s3, 48);
    z += 64;
  }
}

/** As in tiles.ts. */
export function rowsTimesPanels(
  w: usize,
  x: usize,
  xRow: i32,
  z: usize,
  zRow: i32,
  rows: i32,
  count: i32,
  accumulate: bool,
): void {
  for (; count > 0; count--) {
    let row = 0;
    for (; row + 2 <= rows; row += 2) {
      const xr = x + row * xRow;
      const zr = z + row * zRow;
      if (ASC_FEATURE_RELAXED_SIMD)
        fused2x16(w, xr, xRow, zr, zRow, accumulate);
      else tile2x16(w, xr, xRow, zr, zRow, accumulate);
    }
    if (row < rows)
      vectorTimesPanels(
        w,
        x + row * xRow,
        z + row * zRow,
        xRow >> 2,
        1,
        accumulate,
      );
    w += (xRow << 4) + 64;
    z += 64;
  }
}

/** Two rows, 16 outputs, two columns at a time: fused, on newer engines. */
function fused2x16(
  w: usize,
  x: usize,
  xRow: i32,
  z: usize,
  zRow: i32,
  accumulate: bool,
): void {
  let y = x + xRow;
  const end = y;
  const u = z + zRow;
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
  for (w += 64; x < end; w += 128, x += 8, y += 8) {
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
