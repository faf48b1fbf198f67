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
import { madd } from "./simd";

/*
 *      r = σ(W_r x + U_r h + b_r)     z likewise
 *      reset after:   n = tanh(W_n x + b_n + r ∘ (U_n h + c_n))
 *      reset before:  n = tanh(W_n x + b_n + U_n (r ∘ h))
 *      h' = z ∘ h + (1 - z) ∘ n       the other polarity of z is folded into its rows: σ(-a) = 1 - σ(a)
 *
 * Reset after: the three gates of four units lie side by side, 12 rows a quad without gaps, in z and in `u`, the
 * product of U, which stays apart because r multiplies its candidate alone:
 *
 *      z, u     [ r r r r | z z z z | n n n n ][ r r r r | …       z: b + W x      u: U h, and c_n
 *
 * Reset before needs all of r before the candidate's product, so its row of z is [ r of all units | z | n ], and
 * U comes in two sets of panels: r with z (`recurrent`), then n (`candidate`).
 *
 * trace, when asked for: [steps, quads, r z n, 4].
 */

/** r ∘ u of four units, from the sum of r: u / (1 + e_r), or (D + N) u/2 / D. */
@inline
function reset(sum: v128, u: v128, short: bool): v128 {
  if (!short) return f32x4.div(u, plusOne(expNegated(sum)));
  const r = within(sum, GATE);
  const r2 = f32x4.mul(r, r);
  const d = even(r2, GATE);
  return f32x4.div(f32x4.mul(f32x4.add(d, odd(r, r2, GATE)), half(u)), d);
}

/**
 * h' of four units from the sums of z and n. With z at 1, h' = h to the last bit, but where it becomes seven bits.
 *
 *      with e = e^-z:      h' = (h + e ∘ n) / (1 + e)
 *      short:              h' = ((D + N) h/2 Q + (D - N) P/2) / (D Q)
 */
@inline
function mix(keep: v128, candidate: v128, h: v128, short: bool): v128 {
  if (!short) {
    const e = expNegated(keep);
    const m = expm1Doubled(candidate);
    const n = f32x4.div(m, plusTwo(m));
    return f32x4.div(madd(e, n, h), plusOne(e));
  }
  const z = within(keep, GATE);
  const n = within(candidate, TANH);
  const z2 = f32x4.mul(z, z);
  const n2 = f32x4.mul(n, n);
  const d = even(z2, GATE);
  const part = odd(z, z2, GATE);
  const q = even(n2, TANH);
  const kept = f32x4.mul(f32x4.mul(f32x4.add(d, part), half(h)), q);
  const added = f32x4.mul(f32x4.sub(d, part), odd(n, n2, TANH));
  return f32x4.div(f32x4.add(kept, added), f32x4.mul(d, q));
}

/**
 * One row, reset after: its sums are complete in z and u. z ends as the sums of all three gates. Two passes, as in
 * lstm.ts: the candidate waits for r.
 */
@inline
function update(
  z: usize,
  u: usize,
  h: usize,
  y: usize,
  quads: i32,
  short: bool,
): void {
  const end = h + (quads << 4);
  const first = z;
  for (let at = h; at < end; at += 16, z += 48, u += 48) {
    const r = f32x4.add(v128.load(z), v128.load(u));
    const candidate = reset(r, v128.load(u, 32), short);
    v128.store(z, r);
    v128.store(z, f32x4.add(v128.load(z, 16), v128.load(u, 16)), 16);
    v128.store(z, f32x4.add(v128.load(z, 32), candidate), 32);
  }
  z = first;
  for (; h < end; h += 16, z += 48, y += 16)
    v128.store(y, mix(v128.load(z, 16), v128.load(z, 32), v128.load(h), short));
}

function updateExact(z: usize, u: usize, h: usize, y: usize, quads: i32): void {
  update(z, u, h, y, quads, false);
}

function updateShort(z: usize, u: usize, h: usize, y: usize, quads: i32): void {
  update(z, u, h, y, quads, true);
}

/** One row of a layer, reset after. */
@inline
export function updateRow(
  layer: Layer,
  z: usize,
  u: usize,
  h: usize,
  y: usize,
  quads: i32,
): void {
  if (isShort(layer)) updateShort(z, u, h, y, quads);
  else updateExact(z, u, h, y, quads);
}

/** r ∘ h of some units of a row, reset before: `bytes` of sums, of h and of what comes out. */
export function resetUnits(
  layer: Layer,
  sums: usize,
  h: usize,
  to: usize,
  bytes: i32,
): void {
  const short = isShort(layer);
  const end = h + bytes;
  for (; h < end; h += 16, sums += 16, to += 16) {
    const r = v128.load(sums);
    const before = v128.load(h);
    v128.store(to, short ? reset(r, before, true) : reset(r, before, false));
  }
}

/** h' of some units of a row, reset before. */
export function mixUnits(
  layer: Layer,
  keep: usize,
  candidate: usize,
  h: usize,
  y: usize,
  bytes: i32,
): void {
  const short = isShort(layer);
  const end = h + bytes;
  for (; h < end; h += 16, keep += 16, candidate += 16, y += 16) {
    const z = v128.load(keep);
    const n = v128.load(candidate);
    const before = v128.load(h);
    v128.store(y, short ? mix(z, n, before, true) : mix(z, n, before, false));
  }
}

/** The gates of four units from their sums. */
@inline
function traceQuad(r: v128, keep: v128, candidate: v128, trace: usize): void {
  v128.store(trace, sigmoid(r));
  v128.store(trace, sigmoid(keep), 16);
  v128.store(trace, tanh(candidate), 32);
}

/** One step of all rows, reset after the product; u is `scratch` [rows, 16 · panels]. */
export function stepAfter(layer: Recurrent, run: Run): void {
  const h = run.state0;
  const zRow = run.zRow;
  const y = run.stepY;
  const yRow = run.yRow;
  const rows = run.active;
  const scratch = run.scratch;
  let z = run.stepZ;
  let trace = run.stepTrace;
  const quads = layer.outputQuads;
  const hRow: i32 = quads << 4;
  const panels = layer.inputPanels;
  const uRow: i32 = panels << 6;
  product(
    layer,
    layer.recurrent,
    h,
    hRow,
    scratch,
    uRow,
    rows,
    quads << 2,
    panels,
    0,
  );
  for (let row = 0; row < rows; row++)
    updateRow(
      layer,
      z + row * zRow,
      scratch + row * uRow,
      h + row * hRow,
      y + row * yRow,
      quads,
    );
  if (trace)
    for (let i = 0; i < quads; i++, z += 48, trace += 48)
      traceQuad(v128.load(z), v128.load(z, 16), v128.load(z, 32), trace);
}

/** One step of all rows, reset before the product; r ∘ h lies in `scratch` [rows, outputQuads · 4]. */
export function stepBefore(layer: Recurrent, run: Run): void {
  const h = run.state0;
  const zRow = run.zRow;
  const y = run.stepY;
  const yRow = run.yRow;
  const rows = run.active;
  const scratch = run.scratch;
  const z = run.stepZ;
  let trace = run.stepTrace;
  const quads = layer.outputQuads;
  const bytes: i32 = quads << 4;
  const gatePanels = (quads + 1) >> 1;
  const candidateAt: i32 = gatePanels << 6;
  product(
    layer,
    layer.recurrent,
    h,
    bytes,
    z,
    zRow,
    rows,
    quads << 2,
    gatePanels,
    1,
  );
  for (let row = 0; row < rows; row++) {
    const at = row * bytes;
    resetUnits(layer, z + row * zRow, h + at, scratch + at, bytes);
    clearPadding(scratch + at, quads, layer.outputTail);
  }
  product(
    layer,
    layer.candidate,
    scratch,
    bytes,
    z + candidateAt,
    zRow,
    rows,
    quads << 2,
    (quads + 3) >> 2,
    1,
  );
  for (let row = 0; row < rows; row++) {
    const keep = z + row * zRow + bytes;
    const candidate = z + row * zRow + candidateAt;
    mixUnits(layer, keep, candidate, h + row * bytes, y + row * yRow, bytes);
  }
  if (trace)
    for (let i = 0; i < bytes; i += 16, trace += 48)
      traceQuad(
        v128.load(z + i),
        v128.load(z + bytes + i),
        v128.load(z + candidateAt + i),
        trace,
      );
}
