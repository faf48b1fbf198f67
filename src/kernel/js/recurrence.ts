import type { Pass } from "../contract.js";
import { NUMBERS } from "../fields.js";
import type { Memory } from "../memory.js";
import { generalGruStep } from "./general-gru.js";
import { generalLstmStep } from "./general-lstm.js";
import { gruAfterStep, gruBeforeStep } from "./gru.js";
import { layersOf } from "./layer.js";
import { product, project } from "./product.js";
import { lstmStep } from "./lstm.js";
import { Recurrent } from "./recurrent.js";
import { rnnStep } from "./rnn.js";
import { Run } from "./run.js";

/** One step of a cell: from sums and states to y; h is carried on here. */
interface Step {
  (layer: Recurrent, run: Run): void;
  /** Floats that a step leaves in the trace for each quad. */
  readonly traced: number;
}

/** z ← z + h R for the rows of a step. */
function addRecurrent(
  layer: Recurrent,
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

/** Which step a cell has. */
function stepOf({ kind, general, candidate }: Recurrent): Step {
  switch (kind) {
    case NUMBERS.RNN:
      return rnnStep;
    case NUMBERS.LSTM:
      return general ? generalLstmStep : lstmStep;
    case NUMBERS.GRU:
      if (general) return generalGruStep;
      return candidate ? gruBeforeStep : gruAfterStep;
    default:
      // as `unreachable` in assembly/recurrence.ts
      throw new Error(`kernel: expected a kind of cell, got ${kind}`);
  }
}

/** Projects the chunk, then runs it through time; the first state is h. */
function recurrent(layer: Recurrent, run: Run): void {
  const { f32, z, y, trace, steps } = run;
  const step = stepOf(layer);
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
    // A GRU makes its products itself.
    if (layer.kind !== NUMBERS.GRU) addRecurrent(layer, run);
    step(layer, run);
    for (let row = 0; row < run.active; row++) {
      const from = run.stepY + row * run.yRow;
      const h = run.state0 + row * layer.output;
      f32.fill(0, from + layer.outputSize, from + layer.output);
      f32.copyWithin(h, from, from + layer.output);
    }
  }
}

export function recurrentKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, Recurrent);
  const run = new Run(memory);
  return (address) => {
    run.read(address);
    recurrent(layerAt(run.layer), run);
  };
}
