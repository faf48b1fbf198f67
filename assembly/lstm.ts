import {
  expm1Doubled,
  expNegated,
  plusOne,
  plusTwo,
  sigmoid,
  tanh,
} from "./activations";
import { Layer, Recurrent } from "./layer";
import { clearPadding, INTEGERS, product } from "./product";
import { INT7 } from "./product-int8";
import { Run } from "./run";

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

/**
 * Gates and cell update of one row, whose sums in z are complete: c is updated in place, o ∘ tanh(c') goes to m.
 *
 *      with e_k = e^-z_k, m_g = e^2z_g - 1:      i ∘ g = m_g / ((1 + e_i) (m_g + 2))      f ∘ c = c / (1 + e_f)
 *
 * Two passes: a quad's operations are one chain of 55 cycles up to c' and another behind it, and the processor looks
 * about 450 instructions ahead. Halves of the chain let twice as many quads overlap: 8.9 ns a quad instead of
 * 11.1 (relaxed), 12.5 instead of 14.4 (simd).
 */
@inline
function update(z: usize, c: usize, m: usize, quads: i32, short: bool): void {
  const end = c + (quads << 4);
  for (let at = c, sums = z; at < end; at += 16, sums += 64) {
    const i = expNegated(v128.load(sums), short);
    const f = expNegated(v128.load(sums, 16), short);
    const g = expm1Doubled(v128.load(sums, 32), short);
    const added = f32x4.div(g, f32x4.mul(plusOne(i), plusTwo(g)));
    const kept = f32x4.div(v128.load(at), plusOne(f));
    v128.store(at, f32x4.add(kept, added));
  }
  for (; c < end; c += 16, z += 64, m += 16) {
    const o = expNegated(v128.load(z, 48), short);
    const cell = expm1Doubled(v128.load(c), short);
    v128.store(m, f32x4.div(cell, f32x4.mul(plusOne(o), plusTwo(cell))));
  }
}

function updateExact(z: usize, c: usize, m: usize, quads: i32): void {
  update(z, c, m, quads, false);
}

/** Where h becomes seven bits: 0.94 to 0.96 of the time of all that such an LSTM does. */
function updateShort(z: usize, c: usize, m: usize, quads: i32): void {
  update(z, c, m, quads, true);
}

/** Gates and cell update of one row of a layer. */
@inline
export function updateRow(
  layer: Layer,
  z: usize,
  c: usize,
  m: usize,
  quads: i32,
): void {
  if (INTEGERS && layer.format >= INT7) updateShort(z, c, m, quads);
  else updateExact(z, c, m, quads);
}

/** The gates of one row, and the cell's new state. */
function traceRow(z: usize, c: usize, quads: i32, trace: usize): void {
  for (; quads > 0; quads--) {
    v128.store(trace, sigmoid(v128.load(z)));
    v128.store(trace, sigmoid(v128.load(z, 16)), 16);
    v128.store(trace, tanh(v128.load(z, 32)), 32);
    v128.store(trace, sigmoid(v128.load(z, 48)), 48);
    v128.store(trace, v128.load(c), 64);
    z += 64;
    c += 16;
    trace += 80;
  }
}

/** y ← W_hr m for all rows of a step, by way of sums behind m. */
export function projectHidden(layer: Recurrent, m: usize, run: Run): void {
  const rows = run.active;
  const mRow: i32 = layer.hiddenQuads << 4;
  const panels = (layer.outputQuads + 3) >> 2;
  const sumRow: i32 = panels << 6;
  const sums = m + rows * mRow;
  for (let row = 0; row < rows; row++)
    clearPadding(m + row * mRow, layer.hiddenQuads, layer.hiddenTail);
  product(
    layer,
    layer.projection,
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
  const y = run.stepY;
  for (let row = 0; row < rows; row++)
    memory.copy(y + row * run.yRow, sums + row * sumRow, bytes);
}

/** One step of all rows, whose sums are complete; with projection m lies in scratch, its sums behind it. */
export function stepLstm(layer: Recurrent, run: Run): void {
  const quads = layer.hiddenQuads;
  const cRow: i32 = quads << 4;
  const projected = layer.projection != 0;
  const z = run.stepZ;
  const zRow = run.zRow;
  const c = run.state1;
  const m = projected ? run.scratch : run.stepY;
  const mRow = projected ? cRow : run.yRow;
  const rows = run.active;
  for (let row = 0; row < rows; row++)
    updateRow(layer, z + row * zRow, c + row * cRow, m + row * mRow, quads);
  if (run.stepTrace) traceRow(z, c, quads, run.stepTrace);
  if (projected) projectHidden(layer, m, run);
}
