import type { Curve } from "../curves.js";
import { curve, held } from "./curves.js";
import { generalGruStep } from "./general-gru.js";
import { generalLstmStep } from "./general-lstm.js";
import type { Layer } from "./layer.js";
import { product, project } from "./linear.js";
import type { Chunk, Step, StepPlace } from "./recurrence.js";

/** f of `count` sums in place, behind the clip. */
export function gate(
  { clip }: Layer,
  slot: Curve,
  values: Float32Array,
  at: number,
  count: number,
): void {
  for (let i = at; i < at + count; i++) held(values, i, clip);
  curve(slot, values, at, count);
}

/** y ← f(z) for a row of a step. */
function bend(f32: Float32Array, layer: Layer, z: number, y: number): void {
  f32.copyWithin(y, z, z + layer.output);
  gate(layer, layer.curves[0] as Curve, f32, y, layer.output);
}

function rnnStep(
  f32: Float32Array,
  layer: Layer,
  { z, zRow, y, yRow, h, active }: StepPlace,
): void {
  const { recurrent, output, panels } = layer;
  product(f32, recurrent, h, output, z, zRow, active, output, panels, true);
  for (let row = 0; row < active; row++)
    bend(f32, layer, z + row * zRow, y + row * yRow);
}
rnnStep.traced = 0;

export const generalStep = ({ kind }: Layer): Step => {
  if (kind === "lstm") return generalLstmStep;
  return kind === "gru" ? generalGruStep : rnnStep;
};

/** y [rows, steps, yStride] ← f(W x + b). */
export function generalLinear(
  f32: Float32Array,
  layer: Layer,
  x: number,
  z: number,
  y: number,
  chunk: Chunk,
): void {
  project(f32, layer, x, z, chunk);
  for (let row = 0; row < chunk.rows; row++) {
    for (let t = 0; t < chunk.length(row); t++) {
      const at = row * chunk.steps + t;
      const to = y + at * layer.yStride;
      bend(f32, layer, z + at * layer.zStride, to);
      f32.fill(0, to + layer.outputSize, to + layer.output);
    }
  }
}
