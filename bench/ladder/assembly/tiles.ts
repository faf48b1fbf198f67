import { gates } from "./lanes";
import { vectorTimesPanels } from "./panels";
import { recur } from "./projected";
import { projectedFirst, Run } from "./run";

/** Rung 6 adds tiles: a weight that is loaded serves two steps. First half a panel at a time, in four sums, … */
export function tiles2x8(run: Run): void {
  projectedFirst(run, project2x8, recur, gates);
}

/** … then a whole panel, in eight: 6 loads for 8 products instead of 4 for 4. */
export function tiles2x16(run: Run): void {
  projectedFirst(run, project2x16, recur, gates);
}

function project2x8(run: Run, x: usize, z: usize): void {
  const xRow: i32 = run.inputs << 2;
  const zRow: i32 = run.units << 4;
  const panelBytes: i32 = (run.inputs + 1) << 6;
  const end = run.w + (run.units >> 2) * panelBytes;
  for (let w = run.w; w < end; w += panelBytes, z += 64) {
    let t = 0;
    for (; t + 2 <= run.steps; t += 2) {
      const xt = x + t * xRow;
      const zt = z + t * zRow;
      tile2x8(w, xt, xRow, zt, zRow);
      tile2x8(w + 32, xt, xRow, zt + 32, zRow);
    }
    if (t < run.steps)
      vectorTimesPanels(w, x + t * xRow, z + t * zRow, run.inputs, 1, false);
  }
}

function project2x16(run: Run, x: usize, z: usize): void {
  const count = run.units >> 2;
  const xRow: i32 = run.inputs << 2;
  const zRow: i32 = run.units << 4;
  rowsTimesPanels(run.w, x, xRow, z, zRow, run.steps, count, false);
}

/** z [rows, 16 · count] ← bias + x [rows, k] W, or, accumulating, z + x W; row strides in bytes, k = xRow / 4. */
function rowsTimesPanels(
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
    for (; row + 2 <= rows; row += 2)
      tile2x16(w, x + row * xRow, xRow, z + row * zRow, zRow, accumulate);
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

/** Two rows, 8 outputs: two columns for 4 loads of weights, 4 of x and 8 products. */
function tile2x8(w: usize, x: usize, xRow: i32, z: usize, zRow: i32): void {
  let y = x + xRow;
  const end = y;
  let z0 = v128.load(w);
  let z1 = v128.load(w, 16);
  let u0 = z0;
  let u1 = z1;
  for (w += 64; x < end; w += 128, x += 8, y += 8) {
    const x0 = v128.load32_splat(x);
    const x1 = v128.load32_splat(x, 4);
    const y0 = v128.load32_splat(y);
    const y1 = v128.load32_splat(y, 4);
    let a = v128.load(w);
    let b = v128.load(w, 64);
    z0 = f32x4.add(f32x4.add(z0, f32x4.mul(a, x0)), f32x4.mul(b, x1));
    u0 = f32x4.add(f32x4.add(u0, f32x4.mul(a, y0)), f32x4.mul(b, y1));
    a = v128.load(w, 16);
    b = v128.load(w, 80);
    z1 = f32x4.add(f32x4.add(z1, f32x4.mul(a, x0)), f32x4.mul(b, x1));
    u1 = f32x4.add(f32x4.add(u1, f32x4.mul(a, y0)), f32x4.mul(b, y1));
  }
  v128.store(z, z0);
  v128.store(z, z1, 16);
  v128.store(z + zRow, u0);
  v128.store(z + zRow, u1, 16);
}

/** Two rows, 16 outputs: a column for 4 loads of weights, 2 of x and 8 products. */
export function tile2x16(
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
  for (w += 64; x < end; w += 64, x += 4, y += 4) {
    const x0 = v128.load32_splat(x);
    const y0 = v128.load32_splat(y);
    let a = v128.load(w);
    z0 = f32x4.add(z0, f32x4.mul(a, x0));
    u0 = f32x4.add(u0, f32x4.mul(a, y0));
    a = v128.load(w, 16);
    z1 = f32x4.add(z1, f32x4.mul(a, x0));
    u1 = f32x4.add(u1, f32x4.mul(a, y0));
    a = v128.load(w, 32);
    z2 = f32x4.add(z2, f32x4.mul(a, x0));
    u2 = f32x4.add(u2, f32x4.mul(a, y0));
    a = v128.load(w, 48);
    z3 = f32x4.add(z3, f32x4.mul(a, x0));
    u3 = f32x4.add(u3, f32x4.mul(a, y0));
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
