import { activate } from "./linear.js";
import type { Recurrent } from "./recurrent.js";
import type { Run } from "./run.js";

export function rnnStep(layer: Recurrent, run: Run): void {
  const { f32, stepZ: z, zRow, stepY: y, yRow, active } = run;
  for (let row = 0; row < active; row++)
    activate(f32, layer, z + row * zRow, y + row * yRow);
}
rnnStep.traced = 0;
