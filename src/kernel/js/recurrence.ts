import type { Pass } from "../contract.js";
import { NUMBERS } from "../fields.js";
import type { Memory } from "../memory.js";
import { Chunk } from "./chunk.js";
import { generalGruStep } from "./general-gru.js";
import { generalLstmStep } from "./general-lstm.js";
import { gruAfterStep, gruBeforeStep } from "./gru.js";
import { layersOf } from "./layer.js";
import { product, project } from "./product.js";
import { lstmStep } from "./lstm.js";
import { Recurrent, StepPlace } from "./recurrent.js";
import { rnnStep } from "./rnn.js";

/** One step of a cell: from z and the state to y; h is carried on here. */
interface Step {
  (f32: Float32Array, layer: Recurrent, at: StepPlace): void;
  /** Floats that a step leaves in the trace for each quad. */
  readonly traced: number;
}

/** z ← z + h R for the rows of a step. */
function addRecurrent(
  f32: Float32Array,
  layer: Recurrent,
  { h, z, zRow, active }: StepPlace,
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

/** Projects the chunk, then runs it through time. `place` holds the addresses of z, y, h, c, trace. */
function recurrent(
  f32: Float32Array,
  layer: Recurrent,
  x: number,
  chunk: Chunk,
  place: StepPlace,
): void {
  const { z, y, trace } = place;
  const step = stepOf(layer);
  project(f32, layer, x, z, chunk);
  place.zRow = chunk.steps * layer.zStride;
  place.yRow = chunk.steps * layer.yStride;
  place.scratch = z + chunk.rows * place.zRow;
  for (let s = 0; s < chunk.steps; s++) {
    const t = layer.reverse ? chunk.steps - 1 - s : s;
    place.active = chunk.running(t);
    place.z = z + t * layer.zStride;
    place.y = y + t * layer.yStride;
    place.trace = trace && trace + t * (layer.hidden / 4) * step.traced;
    // A GRU makes its products itself.
    if (layer.kind !== NUMBERS.GRU) addRecurrent(f32, layer, place);
    step(f32, layer, place);
    for (let row = 0; row < place.active; row++) {
      const from = place.y + row * place.yRow;
      f32.fill(0, from + layer.outputSize, from + layer.output);
      f32.copyWithin(place.h + row * layer.output, from, from + layer.output);
    }
  }
}

export function recurrentKernel(memory: Memory): Pass {
  const layerAt = layersOf(memory, Recurrent);
  const chunk = new Chunk();
  const place = new StepPlace();
  return (record, x, z, y, h, c, lengths, rows, steps, trace) => {
    place.z = z >> 2;
    place.y = y >> 2;
    place.h = h >> 2;
    place.c = c >> 2;
    place.trace = trace >> 2;
    recurrent(
      memory.f32,
      layerAt(record),
      x >> 2,
      chunk.set(memory, lengths, rows, steps),
      place,
    );
  };
}
