import { activate } from "./linear.js";
import type { RecurrentRecord } from "./recurrent.js";
import type { Step } from "./recurrence.js";
import type { Run } from "./run.js";

function rnnStepOf(layer: RecurrentRecord, run: Run): void {
  const { f32, stepZ: z, zRow, stepY: y, yRow, active } = run;
  for (let row = 0; row < active; row++)
    activate(f32, layer, z + row * zRow, y + row * yRow);
}
/** The step of assembly/rnn.ts. */
export const rnnStep: Step = {
  run: rnnStepOf,
  ownProduct: false,
  traced: 0,
};
