import { stepsIn } from "./cells/cell.js";
import type { Stage } from "./network.js";
import { integerRowBytes } from "./pack/int8.js";
import { align, lanesOf } from "./sizes.js";

/**
 * z of one chunk of steps: enough rows for the projection to be a matrix product, little enough to stay in the
 * second cache beside the weights that the time loop reads, and the bound on a run's scratch whatever T is.
 */
const CHUNK_FLOATS = 32768;

/**
 * As many times as much for each of several threads: they meet at every chunk's end, which takes 1 µs, and have a second
 * cache each. An LSTM 64 → 128, 32 × 50, in two: 1.83 times as fast as on one thread, and 1.77 with chunks of one's.
 */
const THREAD_CHUNKS = 2;

/** Steps in a chunk: even, so that the rows of a batch pair up in the projection. */
export function chunkSteps(
  stages: readonly Stage[],
  rows: number,
  steps: number,
): number {
  const widest = widestOf(stages, (stage) =>
    Math.max(stage.zWidth, stage.inputWidth, stage.outputWidth),
  );
  const threads = stages[0]?.threads ?? 1;
  const most = CHUNK_FLOATS * (threads > 1 ? threads * THREAD_CHUNKS : 1);
  const fitting = Math.floor(most / (widest * rows));
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
 * What a stage needs for rows as integers: those of its chunk, and of each thread a step's states. Threads copy a step's
 * states where they are float32, too. They lie last: who reads eight numbers at once then reads no further than what is
 * there.
 */
function integerBytes(
  { cells, inputWidth, threads }: Stage,
  rows: number,
  steps: number,
): number {
  const of = ({ cell }: Stage["cells"][number]): number => {
    const { integer } = cell.format;
    if (!integer && threads === 1) return 0;
    const units = Math.max(lanesOf(cell.outputSize), lanesOf(cell.hiddenSize));
    const columns = cell.columns?.(inputWidth) ?? inputWidth;
    const chunk = integer ? rows * steps * integerRowBytes(columns) : 0;
    const step = Math.max(integerRowBytes(units), units * 4);
    return inLines(chunk) + threads * inLines(rows * step);
  };
  return Math.max(...cells.map(of));
}

/** Whole lines of the cache, so that no two threads write into one. */
const inLines = (bytes: number): number => Math.ceil(bytes / 64) * 64;

function widestOf(
  stages: readonly Stage[],
  width: (stage: Stage) => number,
): number {
  return Math.max(...stages.map(width));
}
