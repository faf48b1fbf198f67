import { expm1Doubled, expNegated, sigmoid, tanh } from "./activations.js";
import { product } from "./product.js";
import { gateParts, isShort, tanhParts } from "./quotients.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

const fround = Math.fround;

/** The number of floats that a step writes to the trace for each quad. */
const TRACED = 20;

/** Of one quad: e^-i ×4, e^-f ×4, e^2g - 1 ×4, e^-o ×4. */
const parts = new Float32Array(16);
/** Of one quad, c' in four lanes: e^2c' - 1. */
const cells = new Float32Array(4);

/** Gates and cells of a quad from its sums; `c` and `m`: the places of c and of o ∘ tanh(c'). */
function updateQuad(
  f32: Float32Array,
  sums: number,
  c: number,
  m: number,
): void {
  expNegated(f32, sums, parts, 0, 8);
  expm1Doubled(f32, sums + 8, parts, 8, 4);
  expNegated(f32, sums + 12, parts, 12, 4);
  for (let lane = 0; lane < 4; lane++) {
    const i = fround((parts[lane] as number) + 1);
    const f = fround((parts[lane + 4] as number) + 1);
    const g = parts[lane + 8] as number;
    const added = fround(g / fround(i * fround(g + 2)));
    f32[c + lane] = fround((f32[c + lane] as number) / f) + added;
  }
  expm1Doubled(f32, c, cells, 0, 4);
  for (let lane = 0; lane < 4; lane++) {
    const o = fround((parts[lane + 12] as number) + 1);
    const cell = cells[lane] as number;
    f32[m + lane] = cell / fround(o * fround(cell + 2));
  }
}

/** Of one quad N and D of i, of f and of o, P/2 and Q of g and of c', each ×4. */
const shortParts = new Float32Array(40);

/** The same, accurate to seven bits. */
function updateQuadShort(
  f32: Float32Array,
  sums: number,
  c: number,
  m: number,
): void {
  const at = shortParts;
  gateParts(f32, sums, at, 0);
  gateParts(f32, sums + 4, at, 8);
  gateParts(f32, sums + 12, at, 16);
  tanhParts(f32, sums + 8, at, 24);
  for (let lane = 0; lane < 4; lane++) {
    const di = at[lane + 4] as number;
    const df = at[lane + 12] as number;
    const i = fround(di + (at[lane] as number));
    const f = fround(df + (at[lane + 8] as number));
    const open = fround(i * (at[lane + 24] as number));
    const both = fround(di * (at[lane + 28] as number));
    const kept = fround(f * fround((f32[c + lane] as number) * 0.5));
    const sum = fround(fround(open * df) + fround(kept * both));
    f32[c + lane] = sum / fround(both * df);
  }
  tanhParts(f32, c, at, 32);
  for (let lane = 0; lane < 4; lane++) {
    const d = at[lane + 20] as number;
    const o = fround(d + (at[lane + 16] as number));
    const open = fround(o * (at[lane + 32] as number));
    f32[m + lane] = open / fround(d * (at[lane + 36] as number));
  }
}

function lstmStepOf(layer: RecurrentRecord, run: Run): void {
  const { hidden } = layer;
  const update = isShort(layer) ? updateQuadShort : updateQuad;
  const { f32, stepZ: z, zRow, state1, active } = run;
  const m = layer.projection ? run.scratch : run.stepY;
  const mRow = layer.projection ? hidden : run.yRow;
  for (let row = 0; row < active; row++) {
    let sums = z + row * zRow;
    const c = state1 + row * hidden;
    const to = m + row * mRow;
    for (let quad = 0; quad < hidden; quad += 4, sums += 16)
      update(f32, sums, c + quad, to + quad);
  }
  if (run.stepTrace) traceRow(f32, z, state1, hidden, run.stepTrace);
  if (layer.projection) projectHidden(layer, m, run);
}
/** The step of assembly/lstm.ts. */
export const lstmStep: Step = {
  run: lstmStepOf,
  ownProduct: false,
  traced: TRACED,
};

/** The gates of one row, and the cell's new state. */
function traceRow(
  f32: Float32Array,
  z: number,
  c: number,
  hidden: number,
  trace: number,
): void {
  for (let quad = 0; quad < hidden; quad += 4) {
    sigmoid(f32, z, f32, trace, 8);
    tanh(f32, z + 8, f32, trace + 8, 4);
    sigmoid(f32, z + 12, f32, trace + 12, 4);
    f32.copyWithin(trace + 16, c + quad, c + quad + 4);
    z += 16;
    trace += TRACED;
  }
}

/** y ← W_hr m for the rows of a step, with the sums stored after m. */
export function projectHidden(
  layer: RecurrentRecord,
  m: number,
  { f32, stepY: y, yRow, active }: Run,
): void {
  const { hidden, hiddenSize, output } = layer;
  const panels = Math.ceil(output / 16);
  const sumsAt = m + active * hidden;
  for (let row = 0; row < active; row++)
    f32.fill(0, m + row * hidden + hiddenSize, m + (row + 1) * hidden);
  product(
    f32,
    layer,
    layer.projection,
    m,
    hidden,
    sumsAt,
    panels * 16,
    active,
    hidden,
    panels,
    false,
  );
  for (let row = 0; row < active; row++) {
    const from = sumsAt + row * panels * 16;
    f32.copyWithin(y + row * yRow, from, from + output);
  }
}
