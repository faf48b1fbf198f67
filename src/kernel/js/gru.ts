import { expm1Doubled, expNegated, sigmoid, tanh } from "./activations.js";
import { product } from "./product.js";
import { gateParts, isShort, tanhParts } from "./quotients.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

const fround = Math.fround;

/** The number of floats that a step writes to the trace for each quad. */
const TRACED = 12;

/** Of one quad: e^-z ×4, e^2n - 1 ×4; or N, D, P/2, Q, each ×4. */
const parts = new Float32Array(16);

/** to ← r ∘ u of a quad, from the sum of r. */
function reset(
  f32: Float32Array,
  sum: number,
  u: number,
  to: Float32Array,
  toAt: number,
  short: boolean,
): void {
  if (short) gateParts(f32, sum, parts, 0);
  else expNegated(f32, sum, parts, 0, 4);
  for (let lane = 0; lane < 4; lane++) {
    const part = parts[lane] as number;
    const value = f32[u + lane] as number;
    if (short) {
      const d = parts[lane + 4] as number;
      to[toAt + lane] = fround(fround(d + part) * fround(value * 0.5)) / d;
    } else to[toAt + lane] = value / fround(part + 1);
  }
}

/** y ← h' of a quad, from the sums of z and n. */
function mix(
  f32: Float32Array,
  keep: number,
  candidate: number,
  h: number,
  y: number,
  short: boolean,
): void {
  if (short) {
    mixShort(f32, keep, candidate, h, y);
    return;
  }
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

/** The same, accurate to seven bits. */
function mixShort(
  f32: Float32Array,
  keep: number,
  candidate: number,
  h: number,
  y: number,
): void {
  gateParts(f32, keep, parts, 0);
  tanhParts(f32, candidate, parts, 8);
  for (let lane = 0; lane < 4; lane++) {
    const odd = parts[lane] as number;
    const d = parts[lane + 4] as number;
    const q = parts[lane + 12] as number;
    const half = fround((f32[h + lane] as number) * 0.5);
    const kept = fround(fround(fround(d + odd) * half) * q);
    const added = fround(fround(d - odd) * (parts[lane + 8] as number));
    f32[y + lane] = fround(kept + added) / fround(d * q);
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

/** What `reset` leaves for a quad. */
const resets = new Float32Array(4);

/** Reset after the product; U h + c is in `scratch`, in the order of z. */
function gruAfterStepOf(layer: RecurrentRecord, run: Run): void {
  const { output, panels } = layer;
  const short = isShort(layer);
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
      reset(f32, z, u + 8, resets, 0, short);
      for (let lane = 0; lane < 4; lane++)
        f32[z + 8 + lane] =
          (f32[z + 8 + lane] as number) + (resets[lane] as number);
      mix(f32, z + 4, z + 8, h + row * output + quad, y + quad, short);
      if (trace) {
        traceQuad(f32, z, z + 4, z + 8, trace);
        trace += TRACED;
      }
    }
  }
}
/** The step of assembly/gru.ts. */
export const gruAfterStep: Step = {
  run: gruAfterStepOf,
  ownProduct: true,
  traced: TRACED,
};

/** Reset before the product; r ∘ h is in `scratch`. */
function gruBeforeStepOf(layer: RecurrentRecord, run: Run): void {
  const { output, outputSize } = layer;
  const short = isShort(layer);
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
    for (let quad = at; quad < at + output; quad += 4)
      reset(f32, r + quad - at, h + quad, f32, scratch + quad, short);
    f32.fill(0, scratch + at + outputSize, scratch + at + output);
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
      mix(f32, keep, n, h + row * output + quad, y + row * yRow + quad, short);
      if (trace) {
        traceQuad(f32, r, keep, n, trace);
        trace += TRACED;
      }
    }
  }
}
/** The step of assembly/gru.ts. */
export const gruBeforeStep: Step = {
  run: gruBeforeStepOf,
  ownProduct: true,
  traced: TRACED,
};
