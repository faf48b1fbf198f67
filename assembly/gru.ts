import {
  expm1Doubled,
  expNegated,
  plusOne,
  plusTwo,
  sigmoid,
  tanh,
} from "./activations";
import { Recurrent } from "./layer";
import { clearPadding, product } from "./product";
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

/** h' of four units from the sums of z and n. With z at 1, h' = h to the last bit. */
@inline
export function mix(keep: v128, candidate: v128, h: v128): v128 {
  const e = expNegated(keep);
  const m = expm1Doubled(candidate);
  const n = f32x4.div(m, plusTwo(m));
  return f32x4.div(madd(e, n, h), plusOne(e));
}

/**
 * One row, reset after: its sums are complete in z and u. z ends as the sums of all three gates. Two passes, as in
 * lstm.ts: the candidate waits for r.
 *
 *      with e_k = e^-z_k:      r ∘ u = u / (1 + e_r)      z ∘ h + (1 - z) ∘ n = (h + e_z ∘ n) / (1 + e_z)
 */
export function updateRow(
  z: usize,
  u: usize,
  h: usize,
  y: usize,
  quads: i32,
): void {
  const end = h + (quads << 4);
  const first = z;
  for (let at = h; at < end; at += 16, z += 48, u += 48) {
    const r = f32x4.add(v128.load(z), v128.load(u));
    const reset = f32x4.div(v128.load(u, 32), plusOne(expNegated(r)));
    v128.store(z, r);
    v128.store(z, f32x4.add(v128.load(z, 16), v128.load(u, 16)), 16);
    v128.store(z, f32x4.add(v128.load(z, 32), reset), 32);
  }
  z = first;
  for (; h < end; h += 16, z += 48, y += 16)
    v128.store(y, mix(v128.load(z, 16), v128.load(z, 32), v128.load(h)));
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
    const zr = z + row * zRow;
    const reset = scratch + row * bytes;
    for (let i = 0; i < bytes; i += 16) {
      const hidden = v128.load(h + row * bytes + i);
      const r = expNegated(v128.load(zr + i));
      v128.store(reset + i, f32x4.div(hidden, plusOne(r)));
    }
    clearPadding(reset, quads, layer.outputTail);
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
    const zr = z + row * zRow;
    for (let i = 0; i < bytes; i += 16) {
      const keep = v128.load(zr + bytes + i);
      const candidate = v128.load(zr + candidateAt + i);
      const hidden = v128.load(h + row * bytes + i);
      v128.store(y + row * yRow + i, mix(keep, candidate, hidden));
      if (trace) {
        traceQuad(v128.load(zr + i), keep, candidate, trace);
        trace += 48;
      }
    }
  }
}
