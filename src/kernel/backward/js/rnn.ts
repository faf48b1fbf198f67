import { tanh } from "../../js/activations.js";
import { productF32 as product } from "../../js/product-f32.js";
import { type Cell, panelRow } from "./cell.js";
import { beforeStep, clearGates, gate, tanhSlope, undrop } from "./gates.js";

/* assembly/train/rnn.ts. */

const fround = Math.fround;

export function rnnForward(cell: Cell): void {
  const { f32, output, outputSize, active } = cell;
  const zRow = panelRow(output);
  const recurrent = cell.of("recurrent");
  let h = cell.of("y");
  let y = h + (active[0] ?? 0) * output;
  let z = cell.of("z");
  let at = 0;
  for (const rows of active) {
    const x = beforeStep(cell, h, at, rows);
    product(f32, recurrent, x, output, z, zRow, rows, output, zRow / 16, true);
    h = y;
    at += rows;
    for (let row = 0; row < rows; row++, y += output, z += zRow) {
      f32.copyWithin(y, z, z + output);
      gate(cell, 0, tanh, y, output);
      clearGates(cell, y, 1, output, outputSize);
    }
  }
}

export function rnnBackward(cell: Cell): void {
  const { f32, output, outputSize, active } = cell;
  const zRow = panelRow(output);
  const dyRow = cell.of("dyStride");
  const dh = cell.of("dh");
  let at = cell.rows;
  for (let step = active.length - 1; step >= 0; step--) {
    const rows = active[step] as number;
    at -= rows;
    const z = cell.of("z") + at * zRow;
    for (let row = 0; row < rows; row++) {
      const y = cell.of("y") + ((active[0] as number) + at + row) * output;
      const sum = z + row * zRow;
      const dy = cell.of("dy") + (at + row) * dyRow;
      const back = dh + row * zRow;
      for (let i = 0; i < output; i++) {
        const out = f32[y + i] as number;
        const dout = fround(
          (f32[dy + i] as number) + (f32[back + i] as number),
        );
        f32[sum + i] = dout * tanhSlope(cell, 0, f32[sum + i] as number, out);
      }
      clearGates(cell, sum, 1, output, outputSize);
    }
    const w = cell.of("recurrentBack");
    product(f32, w, z, zRow, dh, zRow, rows, zRow, zRow / 16, false);
    undrop(cell, dh, dh, rows, zRow, false);
  }
}
