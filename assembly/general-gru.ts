import { gate } from "./general";
import { Recurrent } from "./layer";
import { clearPadding, product } from "./product";
import { Run } from "./run";
import { madd } from "./simd";

/*
 *      r = f(W_r x + U_r h + b_r)     u likewise
 *      reset after:   n = g(W_n x + b_n + r ∘ (U_n h + c_n))
 *      reset before:  n = g(W_n x + b_n + U_n (r ∘ h))
 *      h' = u ∘ h + (1 - u) ∘ n       `replace`: u and 1 - u change places, because f(-a) need not be 1 - f(a)
 *
 * Both have the layout that gru.ts has for reset before: a row of z is [ r of all units | u | n ], U lies in two
 * sets of panels of 16 rows, r with u (`recurrent`), then n (`candidate`, with c_n as its bias if reset after).
 */

/** One step of all rows; `scratch` [rows, panels of `candidate`] holds r ∘ h, or U_n h + c_n. */
export function stepGeneralGru(layer: Recurrent, run: Run): void {
  const h = run.state0;
  const zRow = run.zRow;
  const y = run.stepY;
  const yRow = run.yRow;
  const rows = run.active;
  const scratch = run.scratch;
  const z = run.stepZ;
  let trace = run.stepTrace;
  const quads = layer.outputQuads;
  const k = quads << 2;
  const bytes: i32 = quads << 4;
  const gatePanels = (quads + 1) >> 1;
  const panels = (quads + 3) >> 2;
  const candidateAt: i32 = gatePanels << 6;
  const scratchRow: i32 = panels << 6;
  const after = layer.resetAfter;
  const one = f32x4.splat(1);
  product(layer, layer.recurrent, h, bytes, z, zRow, rows, k, gatePanels, 1);
  for (let row = 0; row < rows; row++) {
    const zr = z + row * zRow;
    const reset = scratch + row * scratchRow;
    for (let i = 0; i < bytes; i += 16) {
      const r = gate(layer, layer.functionAt(0), v128.load(zr + i));
      v128.store(zr + i, r);
      v128.store(reset + i, f32x4.mul(r, v128.load(h + row * bytes + i)));
    }
    clearPadding(reset, quads, layer.outputTail);
  }
  if (after)
    product(
      layer,
      layer.candidate,
      h,
      bytes,
      scratch,
      scratchRow,
      rows,
      k,
      panels,
      0,
    );
  else
    product(
      layer,
      layer.candidate,
      scratch,
      scratchRow,
      z + candidateAt,
      zRow,
      rows,
      k,
      panels,
      1,
    );
  for (let row = 0; row < rows; row++) {
    const zr = z + row * zRow;
    const inner = scratch + row * scratchRow;
    for (let i = 0; i < bytes; i += 16) {
      const r = v128.load(zr + i);
      let u = gate(layer, layer.functionAt(0), v128.load(zr + bytes + i));
      if (layer.replace) u = f32x4.sub(one, u);
      let n = v128.load(zr + candidateAt + i);
      if (after) n = madd(r, v128.load(inner + i), n);
      n = gate(layer, layer.functionAt(1), n);
      const old = v128.load(h + row * bytes + i);
      v128.store(
        y + row * yRow + i,
        madd(u, old, f32x4.mul(f32x4.sub(one, u), n)),
      );
      if (trace) {
        v128.store(trace, r);
        v128.store(trace, u, 16);
        v128.store(trace, n, 32);
        trace += 48;
      }
    }
  }
}
