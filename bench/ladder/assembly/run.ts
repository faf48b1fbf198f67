/*
 * What every rung is called with, and the loops around its sums. The layer is an LSTM of I inputs and H units,
 * multiples of 4, over `rows` sequences of `steps` steps:
 *
 *      x  [rows, steps, I]        z  [rows, steps, 4 H]        y  [rows, steps, H]        h, c  [rows, H]
 */

/** Written by bench/ladder.mjs: addresses, then sizes. */
@unmanaged
export class Run {
  /** W: row-major [4 H, I], or in panels with the bias in front. */
  w: usize;
  /** R: row-major [4 H, H], or in panels with a slot in front that nobody reads. */
  r: usize;
  /** The bias [4 H] of row-major weights. */
  b: usize;
  x: usize;
  z: usize;
  y: usize;
  h: usize;
  c: usize;
  rows: i32;
  steps: i32;
  inputs: i32;
  units: i32;
}

/** z ← b + W x + R h of one step. */
export type Sums = (run: Run, x: usize, z: usize, h: usize) => void;

/** z [steps, 4 H] ← b + W x, or z ← z + R h. */
export type Product = (run: Run, x: usize, z: usize) => void;

/** c ← σ(f) ∘ c + σ(i) ∘ tanh(g), y ← σ(o) ∘ tanh(c) from the sums in z. */
export type Gates = (run: Run, z: usize, c: usize, y: usize) => void;

/** A row after the other, a step after the other. */
export function stepByStep(run: Run, sums: Sums, gates: Gates): void {
  const width: i32 = run.units << 2; // bytes
  let x = run.x;
  let y = run.y;
  for (let row = 0; row < run.rows; row++) {
    const h = run.h + row * width;
    const c = run.c + row * width;
    for (let t = 0; t < run.steps; t++) {
      sums(run, x, run.z, h);
      gates(run, run.z, c, y);
      memory.copy(h, y, width);
      x += run.inputs << 2;
      y += width;
    }
  }
}

/** A row after the other: W x of all its steps at once, then R h step by step. */
export function projectedFirst(
  run: Run,
  project: Product,
  recur: Product,
  gates: Gates,
): void {
  const width: i32 = run.units << 2;
  let x = run.x;
  let y = run.y;
  for (let row = 0; row < run.rows; row++) {
    const h = run.h + row * width;
    const c = run.c + row * width;
    let z = run.z;
    project(run, x, z);
    for (let t = 0; t < run.steps; t++) {
      recur(run, h, z);
      gates(run, z, c, y);
      memory.copy(h, y, width);
      y += width;
      z += width << 2;
    }
    x += (run.steps * run.inputs) << 2;
  }
}
