import {
  expm1Doubled,
  expNegated,
  plusOne,
  plusTwo,
  sigmoid,
  tanh,
} from "./activations";
import { Layer, Recurrent } from "./layer";
import { clearPadding, isShort, product } from "./product";
import { even, GATE, half, odd, TANH, within } from "./quotients";
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
function update(z: usize, c: usize, m: usize, quads: i32): void {
  const end = c + (quads << 4);
  for (let at = c, sums = z; at < end; at += 16, sums += 64) {
    const i = expNegated(v128.load(sums));
    const f = expNegated(v128.load(sums, 16));
    const g = expm1Doubled(v128.load(sums, 32));
    const added = f32x4.div(g, f32x4.mul(plusOne(i), plusTwo(g)));
    const kept = f32x4.div(v128.load(at), plusOne(f));
    v128.store(at, f32x4.add(kept, added));
  }
  for (; c < end; c += 16, z += 64, m += 16) {
    const o = expNegated(v128.load(z, 48));
    const cell = expm1Doubled(v128.load(c));
    v128.store(m, f32x4.div(cell, f32x4.mul(plusOne(o), plusTwo(cell))));
  }
}

/**
 * The same to seven bits, by the parts of quotients.ts: of i and f N and D, of g and c' P/2 and Q.
 *
 *      c' = ((D_i + N_i) P_g/2 D_f + (D_f + N_f) c/2 D_i Q_g) / (D_i Q_g D_f)      m = (D_o + N_o) P_c/2 / (D_o Q_c)
 *
 * 0.93 to 0.97 of the time of all that an LSTM does, beside e^x with a polynomial of degree 2.
 */
function updateShort(z: usize, c: usize, m: usize, quads: i32): void {
  const end = c + (quads << 4);
  for (let at = c, sums = z; at < end; at += 16, sums += 64) {
    const i = within(v128.load(sums), GATE);
    const f = within(v128.load(sums, 16), GATE);
    const g = within(v128.load(sums, 32), TANH);
    const i2 = f32x4.mul(i, i);
    const f2 = f32x4.mul(f, f);
    const g2 = f32x4.mul(g, g);
    const di = even(i2, GATE);
    const df = even(f2, GATE);
    const open = f32x4.mul(f32x4.add(di, odd(i, i2, GATE)), odd(g, g2, TANH));
    const both = f32x4.mul(di, even(g2, TANH));
    const kept = f32x4.mul(
      f32x4.add(df, odd(f, f2, GATE)),
      half(v128.load(at)),
    );
    const sum = f32x4.add(f32x4.mul(open, df), f32x4.mul(kept, both));
    v128.store(at, f32x4.div(sum, f32x4.mul(both, df)));
  }
  for (; c < end; c += 16, z += 64, m += 16) {
    const o = within(v128.load(z, 48), GATE);
    const cell = within(v128.load(c), TANH);
    const o2 = f32x4.mul(o, o);
    const c2 = f32x4.mul(cell, cell);
    const d = even(o2, GATE);
    const open = f32x4.mul(f32x4.add(d, odd(o, o2, GATE)), odd(cell, c2, TANH));
    v128.store(m, f32x4.div(open, f32x4.mul(d, even(c2, TANH))));
  }
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
  if (isShort(layer)) updateShort(z, c, m, quads);
  else update(z, c, m, quads);
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
