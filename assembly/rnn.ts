import { Recurrent } from "./layer";
import { activate } from "./linear";
import { Run } from "./run";

/**
 * Elman's network, one step of all rows: h' = f(W x + b + R h). A unit has one row, so a panel is 16 units. Its sums are
 * complete in z.
 */
export function stepRnn(layer: Recurrent, run: Run): void {
  const zRow = run.zRow;
  const yRow = run.yRow;
  let z = run.stepZ;
  let y = run.stepY;
  for (let rows = run.active; rows > 0; rows--) {
    activate(layer, z, y);
    z += zRow;
    y += yRow;
  }
}
