import type { Memory } from "../memory.js";
import { generalGruStep } from "./general-gru.js";
import { generalLstmStep } from "./general-lstm.js";
import { gruAfterStep, gruBeforeStep } from "./gru.js";
import type { Layer } from "./layer.js";
import { product, project } from "./product.js";
import { lstmStep } from "./lstm.js";
import { rnnStep } from "./rnn.js";

/** A chunk's rows and steps; `lengths` as in `Pass`. One object a kernel, so that a step allocates nothing. */
export class Chunk {
  rows = 0;
  steps = 0;
  #lengths = 0;
  #i32: Int32Array | null = null;

  set({ i32 }: Memory, lengths: number, rows: number, steps: number): this {
    this.#i32 = i32;
    this.#lengths = lengths;
    this.rows = rows;
    this.steps = steps;
    return this;
  }

  length(row: number): number {
    return this.#lengths
      ? (this.#i32?.[(this.#lengths >> 2) + row] as number)
      : this.steps;
  }

  /** How many rows have a step t: the first ones. */
  running(t: number): number {
    let active = this.rows;
    while (active > 0 && this.length(active - 1) <= t) active--;
    return active;
  }
}

/** Where one step of the first `active` rows lies, in floats: sums z, outputs y, state h and c. */
export class StepPlace {
  z = 0;
  zRow = 0;
  y = 0;
  yRow = 0;
  h = 0;
  c = 0;
  active = 0;
  scratch = 0;
  trace = 0;
}

/** One step of a cell: from z and the state to y; h is carried on here. */
interface Step {
  (f32: Float32Array, layer: Layer, at: StepPlace): void;
  /** Floats that a step leaves in the trace for each quad. */
  readonly traced: number;
}

/** z ← z + h R for the rows of a step. */
function addRecurrent(
  f32: Float32Array,
  { recurrent, output, panels }: Layer,
  { h, z, zRow, active }: StepPlace,
): void {
  product(f32, recurrent, h, output, z, zRow, active, output, panels, true);
}

/** Which step a cell has. */
function stepOf({ kind, general, second }: Layer): Step {
  if (kind === "lstm") return general ? generalLstmStep : lstmStep;
  if (kind !== "gru") return rnnStep;
  if (general) return generalGruStep;
  return second ? gruBeforeStep : gruAfterStep;
}

/** Projects the chunk, then runs it through time. `place` holds the addresses of z, y, h, c, trace. */
export function recurrent(
  f32: Float32Array,
  layer: Layer,
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
    if (layer.kind !== "gru") addRecurrent(f32, layer, place);
    step(f32, layer, place);
    for (let row = 0; row < place.active; row++) {
      const from = place.y + row * place.yRow;
      f32.fill(0, from + layer.outputSize, from + layer.output);
      f32.copyWithin(place.h + row * layer.output, from, from + layer.output);
    }
  }
}
