import { activate } from "./linear.js";
import type { Recurrent, StepPlace } from "./recurrent.js";

export function rnnStep(
  f32: Float32Array,
  layer: Recurrent,
  { z, zRow, y, yRow, active }: StepPlace,
): void {
  for (let row = 0; row < active; row++)
    activate(f32, layer, z + row * zRow, y + row * yRow);
}
rnnStep.traced = 0;
