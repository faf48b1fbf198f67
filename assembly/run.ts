/**
 * One call: a layer and direction over a chunk of rows × steps. src/kernel/run.ts writes these records, and its RUN lists
 * the same fields in the same order. A chunk holds `rows` sequences of `steps` steps each, longest first:
 *
 *      x, z, y   [rows, steps, width]         states   [rows, width]: before the chunk, then after it
 */
@unmanaged
export class Run {
  /** The layer's record. */
  layer: usize;
  x: usize;
  /** Scratch: the sums of every step; behind them what a cell asks for for each row. */
  z: usize;
  /** Where this direction's lanes begin. */
  y: usize;
  /** Steps of each row in this chunk, i32, longest first; 0: every row has all. */
  lengths: usize;
  rows: i32;
  steps: i32;
  /** Where one row's gates are written, 0: nowhere; rows must be 1 otherwise. */
  trace: usize;
  /** The cell's states, in the order in which it names them. */
  state0: usize;
  state1: usize;
  /** Where rows of x, h and what else is multiplied by int8 weights lie as integers. */
  integers: usize;

  /* A step of it, which the time loop moves on. */

  /** The step's sums and outputs in the first row, and the bytes from row to row. */
  stepZ: usize;
  zRow: i32;
  stepY: usize;
  yRow: i32;
  /** How many rows have this step: the first ones. */
  active: i32;
  /** Behind z. */
  scratch: usize;
  /** The step's gates, or 0. */
  stepTrace: usize;
}
