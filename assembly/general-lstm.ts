import { activation, held } from "./all-activations";
import { gate } from "./general";
import { Recurrent } from "./layer";
import { projectHidden } from "./lstm";
import { Run } from "./run";
import { madd } from "./simd";

/*
 *      i = f(W_i x + R_i h + p_i ∘ c + b_i)      f likewise, or 1 - i      g = g(W_g x + R_g h + b_g)
 *      c' = f ∘ c + i ∘ g, within ±cellClip
 *      o = f(W_o x + R_o h + p_o ∘ c' + b_o)     m = o ∘ h(c')             h' = m, or W_hr m
 *
 * f, g and h are the record's functions; z, the panels and the trace are those of lstm.ts. Peepholes lie by quads:
 *
 *      [ p_i ×4 | p_f ×4 | p_o ×4 ] …
 */

/** Gates and cell update of four units, as `updateRow` of lstm.ts has them; `p`: their peepholes, or 0. */
export function update(
  layer: Recurrent,
  z: usize,
  c: usize,
  m: usize,
  p: usize,
  trace: usize,
): void {
  const inner = layer.functionAt(0);
  const old = v128.load(c);
  let i = v128.load(z);
  let f = v128.load(z, 16);
  let o = v128.load(z, 48);
  if (p) {
    i = madd(v128.load(p), old, i);
    f = madd(v128.load(p, 16), old, f);
  }
  i = gate(layer, inner, i);
  f = layer.coupled ? f32x4.sub(f32x4.splat(1), i) : gate(layer, inner, f);
  const g = gate(layer, layer.functionAt(1), v128.load(z, 32));
  const sum = madd(f, old, f32x4.mul(i, g));
  const cell = held(sum, f32x4.splat(layer.cellClip));
  if (p) o = madd(v128.load(p, 32), cell, o);
  o = gate(layer, inner, o);
  v128.store(c, cell);
  v128.store(m, f32x4.mul(o, activation(layer.functionAt(2), cell)));
  if (trace) {
    v128.store(trace, i);
    v128.store(trace, f, 16);
    v128.store(trace, g, 32);
    v128.store(trace, o, 48);
    v128.store(trace, cell, 64);
  }
}

/** One step of all rows, as `stepLstm` of lstm.ts. */
export function stepGeneralLstm(layer: Recurrent, run: Run): void {
  const quads = layer.hiddenQuads;
  const bytes: i32 = quads << 4;
  const projected = layer.projection != 0;
  const m = projected ? run.scratch : run.stepY;
  const mRow = projected ? bytes : run.yRow;
  const rows = run.active;
  let c = run.state1;
  let trace = run.stepTrace;
  for (let row = 0; row < rows; row++) {
    const zr = run.stepZ + row * run.zRow;
    const mr = m + row * mRow;
    let p = layer.peepholes;
    for (let i = 0; i < bytes; i += 16) {
      update(layer, zr + (i << 2), c + i, mr + i, p, trace);
      if (p) p += 48;
      if (trace) trace += 80;
    }
    c += bytes;
  }
  if (projected) projectHidden(layer, m, run);
}
