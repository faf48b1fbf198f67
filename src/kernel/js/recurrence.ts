import type { Pass } from "../contract.js";
import { NUMBERS, type RecurrentType } from "../fields.js";
import type { Memory } from "../memory.js";
import { layersOf } from "./layer.js";
import { product, project } from "./product.js";
import { RecurrentRecord } from "./recurrent.js";
import { Run } from "./run.js";

/** A step of a cell. */
export interface Step {
  /** Computes y from the sums and states; the time loop copies y to h. */
  run(layer: RecurrentRecord, run: Run): void;
  /** Whether `run` computes the product with h itself; if not, the sums include it. */
  readonly ownProduct: boolean;
  /** The number of floats that a step writes to the trace for each quad. */
  readonly traced: number;
}

/** z ← z + h R for the rows of a step. */
function addRecurrent(
  layer: RecurrentRecord,
  { f32, state0: h, stepZ: z, zRow, active }: Run,
): void {
  const { recurrent, output, panels } = layer;
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
    panels,
    true,
  );
}

/** Projects the chunk, then runs its steps; the first state is h. */
function recurrent(layer: RecurrentRecord, step: Step, run: Run): void {
  const { f32, z, y, trace, steps } = run;
  project(layer, run);
  run.zRow = steps * layer.zStride;
  run.yRow = steps * layer.yStride;
  run.scratch = z + run.rows * run.zRow;
  for (let s = 0; s < steps; s++) {
    const t = layer.reverse ? steps - 1 - s : s;
    run.active = run.running(t);
    run.stepZ = z + t * layer.zStride;
    run.stepY = y + t * layer.yStride;
    run.stepTrace = trace && trace + t * (layer.hidden / 4) * step.traced;
    if (!step.ownProduct) addRecurrent(layer, run);
    step.run(layer, run);
    for (let row = 0; row < run.active; row++) {
      const from = run.stepY + row * run.yRow;
      const h = run.state0 + row * layer.output;
      f32.fill(0, from + layer.outputSize, from + layer.output);
      f32.copyWithin(h, from, from + layer.output);
    }
  }
}

/** The time loop of one kind of cell; `stepOf` chooses the step for a layer. */
export function recurrence(
  memory: Memory,
  type: RecurrentType,
  stepOf: (layer: RecurrentRecord) => Step,
): Pass {
  const layerAt = layersOf(memory, RecurrentRecord);
  const run = new Run(memory);
  return (address) => {
    run.read(address);
    const layer = layerAt(run.layer);
    // as `unreachable` in assembly/recurrence.ts
    if (layer.kind !== NUMBERS[type])
      throw new Error(`kernel: expected a kind of cell, got ${layer.kind}`);
    recurrent(layer, stepOf(layer), run);
  };
}
