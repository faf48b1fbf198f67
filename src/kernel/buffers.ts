import { stepsIn } from "./cells/cell.js";
import type { Stage } from "./network.js";
import { integerRowBytes } from "./pack/int8.js";
import { align, lanesOf } from "./sizes.js";

/**
 * z of one chunk of steps: enough rows for the projection to be a matrix product, little enough to stay in the
 * second cache beside the weights that the time loop reads, and the bound on a run's scratch whatever T is.
 */
const CHUNK_FLOATS = 32768;

/** Steps in a chunk: even, so that the rows of a batch pair up in the projection. */
export function chunkSteps(
  stages: readonly Stage[],
  rows: number,
  steps: number,
): number {
  const widest = widestOf(stages, (stage) =>
    Math.max(stage.zWidth, stage.inputWidth, stage.outputWidth),
  );
  const fitting = Math.floor(CHUNK_FLOATS / (widest * rows));
  return Math.min(steps, Math.max(2, fitting & ~1));
}

/** Where a chunk's buffers lie, in bytes. */
export interface Buffers {
  readonly x: number;
  readonly y: number;
  readonly y2: number;
  readonly z: number;
  readonly trace: number;
  readonly integers: number;
  readonly end: number;
}

/**
 * Lays out the buffers of `rows` × `steps` from `start`: the two of y serve the stages in turn; `traced` floats a
 * step for the gates.
 */
export function layBuffers(
  stages: readonly Stage[],
  rows: number,
  steps: number,
  start: number,
  traced = 0,
): Buffers {
  const chunk = rows * steps;
  const yBytes = chunk * widestOf(stages, (stage) => stage.outputWidth) * 4;
  const zBytes = chunk * widestOf(stages, (stage) => stage.zWidth) * 4;
  const scratch = rows * widestOf(stages, (stage) => stage.scratch) * 4;
  const x = start;
  const { inputWidth, window } = stages[0] as Stage;
  const y = align(x + rows * stepsIn(window, steps) * inputWidth * 4);
  const y2 = align(y + yBytes);
  const z = align(y2 + (stages.length > 1 ? yBytes : 0));
  const trace = align(z + zBytes + scratch);
  const integers = align(trace + steps * traced * 4);
  const room = widestOf(stages, (stage) => integerBytes(stage, rows, steps));
  return { x, y, y2, z, trace, integers, end: integers + room };
}

/**
 * What a stage needs for rows as integers: those of its chunk, or a step's states and the sums that are added to z. They
 * lie last: who reads eight numbers at once then reads no further than what is there.
 */
function integerBytes(
  { cells, inputWidth, zWidth }: Stage,
  rows: number,
  steps: number,
): number {
  const of = ({ cell }: Stage["cells"][number]): number => {
    if (!cell.format.integer) return 0;
    const units = Math.max(lanesOf(cell.outputSize), lanesOf(cell.hiddenSize));
    const columns = cell.columns?.(inputWidth) ?? inputWidth;
    const step = integerRowBytes(Math.max(units, columns)) + zWidth * 4;
    return rows * Math.max(steps * integerRowBytes(columns), step);
  };
  return Math.max(...cells.map(of));
}

function widestOf(
  stages: readonly Stage[],
  width: (stage: Stage) => number,
): number {
  return Math.max(...stages.map(width));
}
