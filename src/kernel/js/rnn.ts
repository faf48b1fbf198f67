import { activate } from "./activations.js";
import type { Layer } from "./layer.js";
import { product } from "./linear.js";
import type { StepPlace } from "./recurrence.js";

export function rnnStep(
  f32: Float32Array,
  layer: Layer,
  { z, zRow, y, yRow, h, active }: StepPlace,
): void {
  const { output } = layer;
  product(
    f32,
    layer.recurrent,
    h,
    output,
    z,
    zRow,
    active,
    output,
    layer.panels,
    true,
  );
  for (let row = 0; row < active; row++)
    activate(f32, z + row * zRow, y + row * yRow, output, layer.activation);
}
rnnStep.traced = 0;
