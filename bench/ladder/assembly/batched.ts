import { gates } from "./lanes";
import { rowsTimesPanels, vectorTimesPanels } from "./pairs";
import { Gates, Run } from "./run";

/** Rung 8 adds batches: in the time loop too a weight that is loaded serves two rows. */
export function batched(run: Run): void {
  rowsOverTime(run, gates);
}

export function rowsOverTime(run: Run, gates: Gates): void {
  const rows = run.rows;
  const steps = run.steps;
  const width: i32 = run.units << 2;
  const zRow: i32 = steps * (width << 2);
  const inputRow: i32 = run.inputs << 2;
  product(run, run.w, run.x, inputRow, run.z, width << 2, rows * steps, false);
  for (let t = 0; t < steps; t++) {
    const z = run.z + t * (width << 2);
    const y = run.y + t * width;
    product(run, run.r, run.h, width, z, zRow, rows, true);
    for (let row = 0; row < rows; row++)
      gates(run, z + row * zRow, run.c + row * width, y + row * steps * width);
    for (let row = 0; row < rows; row++)
      memory.copy(run.h + row * width, y + row * steps * width, width);
  }
}

function product(
  run: Run,
  w: usize,
  x: usize,
  xRow: i32,
  z: usize,
  zRow: i32,
  rows: i32,
  accumulate: bool,
): void {
  const count = run.units >> 2;
  if (rows == 1) vectorTimesPanels(w, x, z, xRow >> 2, count, accumulate);
  else rowsTimesPanels(w, x, xRow, z, zRow, rows, count, accumulate);
}
