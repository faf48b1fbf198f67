import type { ActivationCode } from "../activations.js";
import { activation, held } from "./all-activations.js";
import { gate } from "./general.js";
import { projectHidden } from "./lstm.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

const fround = Math.fround;

/** The number of floats that a step writes to the trace for each quad. */
const TRACED = 20;

/** Adds the peepholes of four units, at `p`, times `cell`, to the units' sums. */
function look(f32: Float32Array, sums: number, p: number, cell: number): void {
  for (let lane = 0; lane < 4; lane++) {
    const seen = fround(
      (f32[p + lane] as number) * (f32[cell + lane] as number),
    );
    f32[sums + lane] = seen + (f32[sums + lane] as number);
  }
}

/** The gates and the cell update of four units; their sums i f g o are at z. */
function update(
  f32: Float32Array,
  layer: RecurrentRecord,
  z: number,
  c: number,
  m: number,
  p: number,
): void {
  const [inner, candidate, outer] = layer.functions as readonly [
    ActivationCode,
    ActivationCode,
    ActivationCode,
  ];
  if (p) {
    look(f32, z, p, c);
    look(f32, z + 4, p + 4, c);
  }
  gate(layer, inner, f32, z, 4);
  if (layer.coupled)
    for (let i = z; i < z + 4; i++) f32[i + 4] = 1 - (f32[i] as number);
  else gate(layer, inner, f32, z + 4, 4);
  gate(layer, candidate, f32, z + 8, 4);
  for (let lane = 0; lane < 4; lane++) {
    const kept = fround(
      (f32[z + 4 + lane] as number) * (f32[c + lane] as number),
    );
    const added = fround(
      (f32[z + lane] as number) * (f32[z + 8 + lane] as number),
    );
    f32[c + lane] = kept + added;
    held(f32, c + lane, layer.cellClip);
  }
  if (p) look(f32, z + 12, p + 8, c);
  gate(layer, inner, f32, z + 12, 4);
  f32.copyWithin(m, c, c + 4);
  activation(outer, f32, m, 4);
  for (let lane = 0; lane < 4; lane++)
    f32[m + lane] = (f32[z + 12 + lane] as number) * (f32[m + lane] as number);
}

function generalLstmStepOf(layer: RecurrentRecord, run: Run): void {
  const { hidden } = layer;
  const { f32, stepZ: z, zRow, state1, active } = run;
  const m = layer.projection ? run.scratch : run.stepY;
  const mRow = layer.projection ? hidden : run.yRow;
  for (let row = 0; row < active; row++) {
    const zr = z + row * zRow;
    const c = state1 + row * hidden;
    const mr = m + row * mRow;
    let p = layer.peepholes;
    let trace = run.stepTrace;
    for (let quad = 0; quad < hidden; quad += 4) {
      const sums = zr + quad * 4;
      update(f32, layer, sums, c + quad, mr + quad, p);
      if (p) p += 12;
      if (!trace) continue;
      f32.copyWithin(trace, sums, sums + 16);
      f32.copyWithin(trace + 16, c + quad, c + quad + 4);
      trace += TRACED;
    }
  }
  if (layer.projection) projectHidden(layer, m, run);
}
/** The step of assembly/general-lstm.ts. */
export const generalLstmStep: Step = {
  run: generalLstmStepOf,
  ownProduct: false,
  traced: TRACED,
};
