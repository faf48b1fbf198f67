import { productF32 as product } from "../product-f32";
import { madd } from "../simd";
import { Cell, panelRow } from "./cell";
import {
  activate,
  beforeStep,
  clearGates,
  derive,
  LOGISTIC,
  TANH,
  undrop,
} from "./gates";

/*
 *      r, z = f(W x + b + U h)             h' = z ∘ h + (1 - z) ∘ n, or, replacing, (1 - z) ∘ h + z ∘ n
 *      reset after:   n = g(W_n x + b_n + r ∘ u)         u = U_n h + c_n, then its gradient du = da_n ∘ r
 *      reset before:  n = g(W_n x + b_n + U_n u)         u = r ∘ h, and du = da_n U_n
 *
 *      after:         da_r = da_n ∘ u ∘ f'               dh ← dh ∘ z + [da_r, da_z] U_rz + du U_n
 *      before:        da_r = du ∘ h ∘ f'                 dh ← dh ∘ z + [da_r, da_z] U_rz + du ∘ r
 */

export function gruForward(cell: Cell): void {
  const quads = cell.outputQuads;
  const tail = cell.outputTail;
  const bytes: i32 = quads << 4;
  const gates: i32 = ((quads + 1) >> 1) << 6;
  const uRow = panelRow(quads);
  const panels = uRow >> 6;
  const zRow = gates + uRow;
  const k = quads << 2;
  const after = cell.resetAfter;
  const one = f32x4.splat(1);
  const w = cell.recurrent;
  const second = cell.second;
  let h = cell.y;
  let y = h + cell.rows(0) * bytes;
  let z = cell.z;
  let u = cell.u;
  let sums = cell.sums;
  for (let step = 0, at = 0; step < cell.steps; step++) {
    const rows = cell.rows(step);
    const x = beforeStep(cell, h, at, rows);
    product(w, x, bytes, z, zRow, rows, k, gates >> 6, 1);
    for (let row = 0; row < rows; row++) {
      const zr = z + row * zRow;
      if (cell.general) memory.copy(sums + row * zRow, zr, gates);
      activate(cell, 0, LOGISTIC, zr, zr, bytes << 1);
      if (after) continue;
      const q = u + row * uRow;
      const hidden = x + row * bytes;
      for (let i = 0; i < bytes; i += 16)
        v128.store(q + i, f32x4.mul(v128.load(zr + i), v128.load(hidden + i)));
      clearGates(cell, q, 1, quads, tail);
    }
    if (after) product(second, x, bytes, u, uRow, rows, k, panels, 0);
    else product(second, u, uRow, z + gates, zRow, rows, k, panels, 1);
    const now = y;
    at += rows;
    for (let row = 0; row < rows; row++) {
      const n = z + gates;
      if (after)
        for (let i = 0; i < bytes; i += 16) {
          const sum = v128.load(n + i);
          v128.store(n + i, madd(v128.load(z + i), v128.load(u + i), sum));
        }
      if (cell.general) memory.copy(sums + gates, n, bytes);
      activate(cell, 1, TANH, n, n, bytes);
      for (let i = 0; i < bytes; i += 16) {
        const keep = v128.load(z + bytes + i);
        const weight = cell.replace ? f32x4.sub(one, keep) : keep;
        const rest = f32x4.mul(f32x4.sub(one, weight), v128.load(n + i));
        v128.store(y + i, madd(weight, v128.load(h + i), rest));
      }
      clearGates(cell, y, 1, quads, tail);
      z += zRow;
      u += uRow;
      sums += zRow;
      h += bytes;
      y += bytes;
    }
    h = now;
  }
}

export function gruBackward(cell: Cell): void {
  const quads = cell.outputQuads;
  const tail = cell.outputTail;
  const bytes: i32 = quads << 4;
  const gates: i32 = ((quads + 1) >> 1) << 6;
  const uRow = panelRow(quads);
  const panels = uRow >> 6;
  const zRow = gates + uRow;
  const after = cell.resetAfter;
  const dropped = cell.dropped;
  const w = cell.recurrentBack;
  const second = cell.secondBack;
  const du = cell.scratch;
  // with h multiplied, what U hands back is summed apart
  const to = dropped ? cell.scratch : cell.dh;
  let at = cell.packed;
  for (let step = cell.steps - 1; step >= 0; step--) {
    const rows = cell.rows(step);
    at -= rows;
    const before = cell.previous(step, at);
    const z = cell.z + at * zRow;
    const u = cell.u + at * uRow;
    const sums = cell.sums + at * zRow;
    const h = cell.y + before * bytes;
    const dy = cell.dy + at * cell.dyStride;
    for (let row = 0; row < rows; row++)
      backRow(
        cell,
        z + row * zRow,
        sums + row * zRow,
        u + row * uRow,
        h + row * bytes,
        dy + row * cell.dyStride,
        cell.dh + row * uRow,
      );
    if (after) {
      const onTop = dropped ? 0 : 1;
      product(w, z, zRow, to, uRow, rows, gates >> 2, panels, onTop);
      product(second, u, uRow, to, uRow, rows, uRow >> 2, panels, 1);
    } else {
      product(second, z + gates, zRow, du, uRow, rows, uRow >> 2, panels, 0);
      const x = cell.before ? cell.before + at * bytes : h;
      for (let row = 0; row < rows; row++)
        resetRow(
          cell,
          z + row * zRow,
          sums + row * zRow,
          x + row * bytes,
          du + row * uRow,
          to + row * uRow,
        );
      product(w, z, zRow, to, uRow, rows, gates >> 2, panels, 1);
    }
    if (dropped) undrop(cell, to, cell.dh, rows, 1);
  }
}

/** One row: z and n to the gradients of their sums, and, with reset after, r and u; dh to what h' passes on directly. */
function backRow(
  cell: Cell,
  z: usize,
  sums: usize,
  u: usize,
  h: usize,
  dy: usize,
  dh: usize,
): void {
  const quads = cell.outputQuads;
  const tail = cell.outputTail;
  const bytes: i32 = quads << 4;
  const gates: i32 = ((quads + 1) >> 1) << 6;
  const after = cell.resetAfter;
  const one = f32x4.splat(1);
  const sr = cell.slopes;
  const sz = sr + bytes;
  const sn = sz + bytes;
  const n = z + gates;
  derive(cell, 0, LOGISTIC, sums, z, sr, bytes << 1);
  derive(cell, 1, TANH, sums + gates, n, sn, bytes);
  for (let i = 0; i < bytes; i += 16) {
    const keep = v128.load(z + bytes + i);
    const candidate = v128.load(n + i);
    const hidden = v128.load(h + i);
    const dout = f32x4.add(v128.load(dy + i), v128.load(dh + i));
    const weight = cell.replace ? f32x4.sub(one, keep) : keep;
    const gain = cell.replace
      ? f32x4.sub(candidate, hidden)
      : f32x4.sub(hidden, candidate);
    const dn = f32x4.mul(dout, f32x4.sub(one, weight));
    const dan = f32x4.mul(dn, v128.load(sn + i));
    const dz = f32x4.mul(dout, gain);
    v128.store(dh + i, f32x4.mul(dout, weight));
    v128.store(z + bytes + i, f32x4.mul(dz, v128.load(sz + i)));
    v128.store(n + i, dan);
    if (after) {
      const r = v128.load(z + i);
      const by = f32x4.mul(dan, v128.load(u + i));
      v128.store(z + i, f32x4.mul(by, v128.load(sr + i)));
      v128.store(u + i, f32x4.mul(dan, r));
    }
  }
  if (after) {
    clearGates(cell, z, 1, quads, tail);
    clearGates(cell, u, 1, quads, tail);
  }
  clearGates(cell, z + bytes, 1, quads, tail);
  clearGates(cell, n, 1, quads, tail);
  clearGates(cell, dh, 1, quads, tail);
}

/** One row, reset before: r to the gradient of its sum; du ∘ r on top of `to`, or, h being multiplied, there alone. */
function resetRow(
  cell: Cell,
  z: usize,
  sums: usize,
  x: usize,
  du: usize,
  to: usize,
): void {
  const quads = cell.outputQuads;
  const bytes: i32 = quads << 4;
  const sr = cell.slopes;
  derive(cell, 0, LOGISTIC, sums, z, sr, bytes);
  for (let i = 0; i < bytes; i += 16) {
    const r = v128.load(z + i);
    const d = v128.load(du + i);
    const by = f32x4.mul(d, v128.load(x + i));
    const back = f32x4.mul(d, r);
    v128.store(z + i, f32x4.mul(by, v128.load(sr + i)));
    v128.store(
      to + i,
      cell.dropped ? back : f32x4.add(v128.load(to + i), back),
    );
  }
  clearGates(cell, z, 1, quads, cell.outputTail);
  clearGates(cell, to, 1, quads, cell.outputTail);
}
