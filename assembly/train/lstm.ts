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
 *      i, f, o = f(… + p ∘ c)    g = g(…)    c' = f ∘ c + i ∘ g    t = h(c')    m = o ∘ t    h' = m or W_hr m
 *
 *      dm = dh, or W_hrᵀ dh        da_o = dm ∘ t ∘ f'        dc' = dc + dm ∘ o ∘ h'(c') + da_o ∘ p_o
 *      da_i = dc' ∘ g ∘ f'         da_f = dc' ∘ c ∘ f'       da_g = dc' ∘ i ∘ g'
 *      dc ← dc' ∘ f + da_i ∘ p_i + da_f ∘ p_f                dh ← da U
 *      coupled, f = 1 - i:         da_i = dc' ∘ (g - c) ∘ f',  da_f = 0
 *
 * z: sums, then [ i | f | g | o ], then their sums' gradients.
 */

export function lstmForward(cell: Cell): void {
  const quads = cell.hiddenQuads;
  const outQuads = cell.outputQuads;
  const cRow: i32 = quads << 4;
  const yRow: i32 = outQuads << 4;
  const zRow: i32 = quads << 6;
  const projected = cell.second;
  const mRow = projected ? panelRow(quads) : yRow;
  const w = cell.recurrent;
  let h = cell.y;
  let y = h + cell.rows(0) * yRow;
  let c = cell.c;
  let now = c + cell.rows(0) * cRow;
  let z = cell.z;
  let t = cell.t;
  let sums = cell.sums;
  let m = projected ? cell.u : y;
  for (let step = 0, at = 0; step < cell.steps; step++) {
    const rows = cell.rows(step);
    const x = beforeStep(cell, h, at, rows);
    product(w, x, yRow, z, zRow, rows, outQuads << 2, quads, 1);
    const mStart = m;
    const cStart = now;
    for (let row = 0; row < rows; row++) {
      updateRow(cell, z, sums, c, now, t, m);
      z += zRow;
      sums += zRow;
      c += cRow;
      now += cRow;
      t += cRow;
      m += mRow;
    }
    c = cStart;
    h = y;
    at += rows;
    y += rows * yRow;
    if (!projected) continue;
    const row = panelRow(outQuads);
    let out = cell.scratch;
    product(projected, mStart, mRow, out, row, rows, quads << 2, row >> 6, 0);
    for (let to = h; to < y; to += yRow) {
      memory.copy(to, out, yRow);
      out += row;
    }
  }
}

/** sum += p ∘ c, with a copy beside it. */
function peep(z: usize, sums: usize, p: usize, c: usize, bytes: i32): void {
  for (let at = 0; at < bytes; at += 16) {
    const weight = v128.load(p + at);
    const sum = madd(weight, v128.load(c + at), v128.load(z + at));
    v128.store(z + at, sum);
    v128.store(sums + at, sum);
  }
}

/** Gates and cell of one row. */
function updateRow(
  cell: Cell,
  z: usize,
  sums: usize,
  c: usize,
  now: usize,
  t: usize,
  m: usize,
): void {
  const quads = cell.hiddenQuads;
  const bytes: i32 = quads << 4;
  const zf = z + bytes;
  const zg = zf + bytes;
  const zo = zg + bytes;
  const p = cell.peepholes;
  const one = f32x4.splat(1);
  if (cell.general) memory.copy(sums, z, bytes << 2);
  if (p) {
    peep(z, sums, p, c, bytes);
    peep(zf, sums + bytes, p + bytes, c, bytes);
  }
  // i and f lie side by side
  activate(cell, 0, LOGISTIC, z, z, bytes << 1);
  activate(cell, 1, TANH, zg, zg, bytes);
  for (let at = 0; at < bytes; at += 16) {
    const i = v128.load(z + at);
    if (cell.coupled) v128.store(zf + at, f32x4.sub(one, i));
    const added = f32x4.mul(i, v128.load(zg + at));
    v128.store(now + at, madd(v128.load(zf + at), v128.load(c + at), added));
  }
  clearGates(cell, now, 1, quads, cell.hiddenTail);
  if (p) peep(zo, sums + 3 * bytes, p + 2 * bytes, now, bytes);
  activate(cell, 0, LOGISTIC, zo, zo, bytes);
  activate(cell, 2, TANH, now, t, bytes);
  for (let at = 0; at < bytes; at += 16)
    v128.store(m + at, f32x4.mul(v128.load(zo + at), v128.load(t + at)));
  clearGates(cell, m, 1, quads, cell.hiddenTail);
}

export function lstmBackward(cell: Cell): void {
  const quads = cell.hiddenQuads;
  const outQuads = cell.outputQuads;
  const cRow: i32 = quads << 4;
  const zRow: i32 = quads << 6;
  const dhRow = panelRow(outQuads);
  const dmRow = panelRow(quads);
  const w = cell.recurrentBack;
  const first = cell.rows(0);
  let at = cell.packed;
  for (let step = cell.steps - 1; step >= 0; step--) {
    const rows = cell.rows(step);
    at -= rows;
    const before = cell.previous(step, at);
    const start = cell.z + at * zRow;
    let dy = cell.dy + at * cell.dyStride;
    let dm = cell.dh;
    if (cell.second) {
      // dp ← dh of this step, and dm ← W_hrᵀ of it
      const dp = cell.dp + at * dhRow;
      for (let row = 0, to = dp; row < rows; row++, to += dhRow) {
        memory.copy(to, dm, dhRow);
        for (let i = 0; i < outQuads << 4; i += 16)
          v128.store(to + i, f32x4.add(v128.load(dy + i), v128.load(to + i)));
        dy += cell.dyStride;
        dm += dhRow;
      }
      dm = cell.scratch;
      const k = dhRow >> 2;
      product(cell.secondBack, dp, dhRow, dm, dmRow, rows, k, dmRow >> 6, 0);
    }
    let z = start;
    let sums = cell.sums + at * zRow;
    let c = cell.c + before * cRow;
    let now = cell.c + (first + at) * cRow;
    let t = cell.t + at * cRow;
    let dc = cell.dc;
    for (let row = 0; row < rows; row++) {
      backRow(cell, z, sums, c, now, t, cell.second ? 0 : dy, dm, dc);
      z += zRow;
      sums += zRow;
      c += cRow;
      now += cRow;
      t += cRow;
      dc += cRow;
      dy += cell.dyStride;
      dm += cell.second ? dmRow : dhRow;
    }
    const dh = cell.dh;
    product(w, start, zRow, dh, dhRow, rows, zRow >> 2, dhRow >> 6, 0);
    undrop(cell, dh, dh, rows, 0);
  }
}

/** One row's gates to the gradients of their sums; dc to that of the cell before. dy: 0 where dm has it already. */
function backRow(
  cell: Cell,
  z: usize,
  sums: usize,
  c: usize,
  now: usize,
  t: usize,
  dy: usize,
  dm: usize,
  dc: usize,
): void {
  const quads = cell.hiddenQuads;
  const bytes: i32 = quads << 4;
  const p = cell.peepholes;
  const dp = cell.peepholeGradient;
  const coupled = cell.coupled;
  const si = cell.slopes;
  const sf = si + bytes;
  const sg = sf + bytes;
  const so = sg + bytes;
  const sh = so + bytes;
  const zf = z + bytes;
  const zg = zf + bytes;
  const zo = zg + bytes;
  const gates: i32 = bytes << 1;
  derive(cell, 0, LOGISTIC, sums, z, si, gates);
  derive(cell, 1, TANH, sums + gates, zg, sg, bytes);
  derive(cell, 0, LOGISTIC, sums + gates + bytes, zo, so, bytes);
  derive(cell, 2, TANH, now, t, sh, bytes);
  for (let at = 0; at < bytes; at += 16) {
    const i = v128.load(z + at);
    const g = v128.load(zg + at);
    const old = v128.load(c + at);
    let dh = v128.load(dm + at);
    if (dy) dh = f32x4.add(v128.load(dy + at), dh);
    const dout = f32x4.mul(
      f32x4.mul(dh, v128.load(t + at)),
      v128.load(so + at),
    );
    const through = f32x4.mul(dh, v128.load(zo + at));
    let state = madd(through, v128.load(sh + at), v128.load(dc + at));
    if (p) state = madd(dout, v128.load(p + gates + at), state);
    const gain = coupled ? f32x4.sub(g, old) : g;
    const din = f32x4.mul(f32x4.mul(state, gain), v128.load(si + at));
    const dforget = coupled
      ? f32x4.splat(0)
      : f32x4.mul(f32x4.mul(state, old), v128.load(sf + at));
    let kept = f32x4.mul(state, v128.load(zf + at));
    v128.store(z + at, din);
    v128.store(zf + at, dforget);
    v128.store(zg + at, f32x4.mul(f32x4.mul(state, i), v128.load(sg + at)));
    v128.store(zo + at, dout);
    if (p) {
      kept = madd(din, v128.load(p + at), kept);
      kept = madd(dforget, v128.load(p + bytes + at), kept);
      const d = dp + at;
      const latest = v128.load(now + at);
      v128.store(d, madd(din, old, v128.load(d)));
      v128.store(d + bytes, madd(dforget, old, v128.load(d + bytes)));
      v128.store(d + gates, madd(dout, latest, v128.load(d + gates)));
    }
    v128.store(dc + at, kept);
  }
  clearGates(cell, z, 4, quads, cell.hiddenTail);
  clearGates(cell, dc, 1, quads, cell.hiddenTail);
}
