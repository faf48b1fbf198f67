import { expm1Doubled, expNegated, sigmoid, tanh } from "./activations.js";
import { product } from "./product.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

const fround = Math.fround;

/** Floats that a step leaves in the trace for each quad. */
const TRACED = 12;

/** Of one quad: e^-z ×4, e^2n - 1 ×4. */
const parts = new Float32Array(8);

/** y ← h' of a quad, from the sums of z and n. */
function mix(
  f32: Float32Array,
  keep: number,
  candidate: number,
  h: number,
  y: number,
): void {
  expNegated(f32, keep, parts, 0, 4);
  expm1Doubled(f32, candidate, parts, 4, 4);
  for (let lane = 0; lane < 4; lane++) {
    const e = parts[lane] as number;
    const m = parts[lane + 4] as number;
    const n = fround(m / fround(m + 2));
    const sum = fround(fround(e * n) + (f32[h + lane] as number));
    f32[y + lane] = sum / fround(e + 1);
  }
}

/** The gates of a quad from their sums. */
function traceQuad(
  f32: Float32Array,
  r: number,
  keep: number,
  candidate: number,
  trace: number,
): void {
  sigmoid(f32, r, f32, trace, 4);
  sigmoid(f32, keep, f32, trace + 4, 4);
  tanh(f32, candidate, f32, trace + 8, 4);
}

/** Reset after the product; U h + c lies in `scratch`, in the order of z. */
function gruAfterStepOf(layer: RecurrentRecord, run: Run): void {
  const { output, panels } = layer;
  const { f32, state0: h, active, scratch } = run;
  const uRow = panels * 16;
  product(
    f32,
    layer,
    layer.recurrent,
    h,
    output,
    scratch,
    uRow,
    active,
    output,
    panels,
    false,
  );
  for (let row = 0; row < active; row++) {
    const y = run.stepY + row * run.yRow;
    let z = run.stepZ + row * run.zRow;
    let u = scratch + row * uRow;
    let trace = run.stepTrace;
    for (let quad = 0; quad < output; quad += 4, z += 12, u += 12) {
      for (let i = 0; i < 8; i++)
        f32[z + i] = (f32[z + i] as number) + (f32[u + i] as number);
      expNegated(f32, z, parts, 0, 4);
      for (let lane = 8; lane < 12; lane++) {
        const r = fround((parts[lane - 8] as number) + 1);
        const reset = fround((f32[u + lane] as number) / r);
        f32[z + lane] = (f32[z + lane] as number) + reset;
      }
      mix(f32, z + 4, z + 8, h + row * output + quad, y + quad);
      if (trace) {
        traceQuad(f32, z, z + 4, z + 8, trace);
        trace += TRACED;
      }
    }
  }
}
/** Of assembly/gru.ts. */
export const gruAfterStep: Step = {
  run: gruAfterStepOf,
  ownProduct: true,
  traced: TRACED,
};

/** Reset before the product; r ∘ h lies in `scratch`. */
function gruBeforeStepOf(layer: RecurrentRecord, run: Run): void {
  const { output, outputSize } = layer;
  const { f32, state0: h, stepZ: z, zRow, active, scratch } = run;
  const { stepY: y, yRow } = run;
  const gatePanels = Math.ceil(output / 8);
  const candidate = gatePanels * 16;
  product(
    f32,
    layer,
    layer.recurrent,
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
    const at = row * output;
    expNegated(f32, r, f32, scratch + at, output);
    for (let i = 0; i < output; i++) {
      const e = fround((f32[scratch + at + i] as number) + 1);
      const value = (f32[h + at + i] as number) / e;
      f32[scratch + at + i] = i < outputSize ? value : 0;
    }
  }
  const candidatePanels = Math.ceil(output / 16);
  product(
    f32,
    layer,
    layer.candidate,
    scratch,
    output,
    z + candidate,
    zRow,
    active,
    output,
    candidatePanels,
    true,
  );
  for (let row = 0; row < active; row++) {
    let trace = run.stepTrace;
    for (let quad = 0; quad < output; quad += 4) {
      const r = z + row * zRow + quad;
      const keep = r + output;
      const n = r + candidate;
      mix(f32, keep, n, h + row * output + quad, y + row * yRow + quad);
      if (trace) {
        traceQuad(f32, r, keep, n, trace);
        trace += TRACED;
      }
    }
  }
}
/** Of assembly/gru.ts. */
export const gruBeforeStep: Step = {
  run: gruBeforeStepOf,
  ownProduct: true,
  traced: TRACED,
};
