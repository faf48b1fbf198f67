import { Recurrent } from "./layer";
import { activate } from "./linear";

/**
 * Elman's network, one step of all rows: h' = f(W x + b + R h). A unit has one row, so a panel is 16 units. Its sums are
 * complete in z.
 */
export function stepRnn(
  layer: Recurrent,
  z: usize,
  zRow: i32,
  y: usize,
  yRow: i32,
  rows: i32,
): void {
  for (; rows > 0; rows--) {
    activate(layer, z, y);
    z += zRow;
    y += yRow;
  }
}
