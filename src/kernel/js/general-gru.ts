import type { ActivationCode } from "../activations.js";
import { gate } from "./general.js";
import { product } from "./product.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

const fround = Math.fround;

/** The number of floats that a step writes to the trace for each quad. */
const TRACED = 12;

function generalGruStepOf(layer: RecurrentRecord, run: Run): void {
  const { output, outputSize, recurrent, candidate, resetAfter } = layer;
  const { f32, state0: h, stepZ: z, zRow, active, scratch } = run;
  const { stepY: y, yRow } = run;
  const [inner, outer] = layer.functions as readonly [
    ActivationCode,
    ActivationCode,
    ActivationCode,
  ];
  const gatePanels = Math.ceil(output / 8);
  const panels = Math.ceil(output / 16);
  const candidateAt = gatePanels * 16;
  const scratchRow = panels * 16;
  product(
    f32,
    layer,
    recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    gatePanels,
    true,
  );
  for (let row = 0; row < active; row++) {
    const r = z + row * zRow;
    const reset = scratch + row * scratchRow;
    gate(layer, inner, f32, r, output);
    for (let i = 0; i < output; i++) {
      const value =
        (f32[r + i] as number) * (f32[h + row * output + i] as number);
      f32[reset + i] = i < outputSize ? value : 0;
    }
  }
  product(
    f32,
    layer,
    candidate,
    resetAfter ? h : scratch,
    resetAfter ? output : scratchRow,
    resetAfter ? scratch : z + candidateAt,
    resetAfter ? scratchRow : zRow,
    active,
    output,
    panels,
    !resetAfter,
  );
  for (let row = 0; row < active; row++) {
    const r = z + row * zRow;
    const u = r + output;
    const n = r + candidateAt;
    gate(layer, inner, f32, u, output);
    if (resetAfter) {
      for (let i = 0; i < output; i++) {
        const own = scratch + row * scratchRow + i;
        const kept = fround((f32[r + i] as number) * (f32[own] as number));
        f32[n + i] = kept + (f32[n + i] as number);
      }
    }
    gate(layer, outer, f32, n, output);
    for (let i = 0; i < output; i++) {
      if (layer.replace) f32[u + i] = 1 - (f32[u + i] as number);
      const keep = f32[u + i] as number;
      const old = f32[h + row * output + i] as number;
      const fresh = fround(fround(1 - keep) * (f32[n + i] as number));
      f32[y + row * yRow + i] = fround(keep * old) + fresh;
    }
    if (run.stepTrace) traceRow(f32, output, r, u, n, run.stepTrace);
  }
}
/** The step of assembly/general-gru.ts. */
export const generalGruStep: Step = {
  run: generalGruStepOf,
  ownProduct: true,
  traced: TRACED,
};

/** The gates of a row, quad by quad. */
function traceRow(
  f32: Float32Array,
  output: number,
  r: number,
  u: number,
  n: number,
  trace: number,
): void {
  for (let quad = 0; quad < output; quad += 4, trace += 12) {
    f32.copyWithin(trace, r + quad, r + quad + 4);
    f32.copyWithin(trace + 4, u + quad, u + quad + 4);
    f32.copyWithin(trace + 8, n + quad, n + quad + 4);
  }
}
