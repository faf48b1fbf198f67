import { sigmoid, tanh } from "./activations";
import { Layer } from "./layer";
import { clearPadding, product, project, tile2x8 } from "./linear";
import { carry, running } from "./recurrence";
import { columns, firstOf, madd, pair, secondOf } from "./simd";

/*
 *      i = σ(W_i x + R_i h + b_i)     f, o likewise     g = tanh(W_g x + R_g h + b_g)
 *      c' = f ∘ c + i ∘ g             h' = o ∘ tanh(c')           with projection: h' = W_hr (o ∘ tanh(c'))
 *
 * A panel's 16 rows are the four gates of four units, so one product leaves a unit's gates in the same lane of
 * four registers:
 *
 *      z, panel p   [ i i i i | f f f f | g g g g | o o o o ]  of units 4p … 4p + 3
 *
 * trace, when asked for: [steps, quads, i f g o c', 4].
 */

/** Gates and cell update of four units: c is updated in place, o ∘ tanh(c') goes to m. */
@inline
function update(
  i: v128,
  f: v128,
  g: v128,
  o: v128,
  c: usize,
  m: usize,
  trace: usize,
): void {
  i = sigmoid(i);
  f = sigmoid(f);
  g = tanh(g);
  o = sigmoid(o);
  const cell = madd(f, v128.load(c), f32x4.mul(i, g));
  v128.store(c, cell);
  v128.store(m, f32x4.mul(o, tanh(cell)));
  if (trace) {
    v128.store(trace, i);
    v128.store(trace, f, 16);
    v128.store(trace, g, 32);
    v128.store(trace, o, 48);
    v128.store(trace, cell, 64);
  }
}

/** One step of one row: the sums start from z and stay in registers until the units are done. */
function stepRow(
  w: usize,
  h: usize,
  z: usize,
  c: usize,
  m: usize,
  quads: i32,
  kBytes: i32,
  trace: usize,
): void {
  const end = h + kBytes;
  for (; quads > 0; quads--) {
    let i = v128.load(z);
    let f = v128.load(z, 16);
    let g = v128.load(z, 32);
    let o = v128.load(z, 48);
    let x = h;
    w += 64;
    do {
      const both = columns(x);
      const x0 = firstOf(both);
      const x1 = secondOf(both, x);
      i = pair(i, v128.load(w), x0, v128.load(w, 64), x1);
      f = pair(f, v128.load(w, 16), x0, v128.load(w, 80), x1);
      g = pair(g, v128.load(w, 32), x0, v128.load(w, 96), x1);
      o = pair(o, v128.load(w, 48), x0, v128.load(w, 112), x1);
      w += 128;
      x += 8;
    } while (x < end);
    update(i, f, g, o, c, m, trace);
    z += 64;
    c += 16;
    m += 16;
    if (trace) trace += 80;
  }
}

/** Gates of one row and panel from sums that lie in z. */
function updateFromSums(z: usize, c: usize, m: usize): void {
  update(
    v128.load(z),
    v128.load(z, 16),
    v128.load(z, 32),
    v128.load(z, 48),
    c,
    m,
    0,
  );
}

/** One step of an even number of rows: a panel stays in the first cache while all rows pass it. */
function stepPairs(
  w: usize,
  h: usize,
  z: usize,
  zRow: i32,
  c: usize,
  m: usize,
  mRow: i32,
  rows: i32,
  quads: i32,
  kBytes: i32,
): void {
  const cRow: i32 = quads << 4;
  for (let p = 0; p < quads; p++) {
    let hr = h;
    let zr = z;
    let cr = c;
    let mr = m;
    for (let row = 0; row < rows; row += 2) {
      tile2x8(w, hr, kBytes, zr, zRow, kBytes, 1);
      tile2x8(w + 32, hr, kBytes, zr + 32, zRow, kBytes, 1);
      updateFromSums(zr, cr, mr);
      updateFromSums(zr + zRow, cr + cRow, mr + mRow);
      hr += kBytes << 1;
      zr += zRow << 1;
      cr += cRow << 1;
      mr += mRow << 1;
    }
    w += 64 + (kBytes << 4);
    z += 64;
    c += 16;
    m += 16;
  }
}

/** y ← W_hr m for all rows of a step, by way of sums behind m. */
export function projectHidden(
  layer: Layer,
  m: usize,
  y: usize,
  yRow: i32,
  rows: i32,
): void {
  const mRow: i32 = layer.hiddenQuads << 4;
  const panels = (layer.outputQuads + 3) >> 2;
  const sumRow: i32 = panels << 6;
  const sums = m + rows * mRow;
  for (let row = 0; row < rows; row++)
    clearPadding(m + row * mRow, layer.hiddenQuads, layer.hiddenTail);
  product(
    layer.second,
    m,
    mRow,
    sums,
    sumRow,
    rows,
    layer.hiddenQuads << 2,
    panels,
    0,
  );
  const bytes: i32 = layer.outputQuads << 4;
  for (let row = 0; row < rows; row++)
    memory.copy(y + row * yRow, sums + row * sumRow, bytes);
}

export function lstm(
  layer: Layer,
  x: usize,
  z: usize,
  y: usize,
  h: usize,
  c: usize,
  lengths: usize,
  rows: i32,
  steps: i32,
  trace: usize,
): void {
  project(layer, x, z, lengths, rows, steps);
  const zStride: i32 = layer.inputPanels << 6;
  const yStride: i32 = layer.outputStride;
  const zRow = steps * zStride;
  const yRow = steps * yStride;
  const quads = layer.hiddenQuads;
  const cRow: i32 = quads << 4;
  const kBytes: i32 = layer.outputQuads << 4;
  const projected = layer.second != 0;
  const scratch = z + rows * zRow;
  let active = layer.reverse ? 0 : rows;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    active = running(lengths, rows, active, t);
    const zt = z + t * zStride;
    const yt = y + t * yStride;
    const m = projected ? scratch : yt;
    const mRow = projected ? cRow : yRow;
    const even = active & ~1;
    if (even)
      stepPairs(layer.recurrent, h, zt, zRow, c, m, mRow, even, quads, kBytes);
    if (active != even) {
      const at = trace ? trace + t * quads * 80 : 0;
      stepRow(
        layer.recurrent,
        h + even * kBytes,
        zt + even * zRow,
        c + even * cRow,
        m + even * mRow,
        quads,
        kBytes,
        at,
      );
    }
    if (projected) projectHidden(layer, m, yt, yRow, active);
    carry(layer, yt, yRow, h, active);
  }
}
