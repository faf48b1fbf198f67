import { stepsIn, type Window, zerosBefore } from "./cells/cell.js";
import { copyFloats, mergeFloats } from "./floats.js";
import type { Memory } from "./memory.js";
import { type Merge, MERGES } from "./merge.js";
import type { PlacedCell, PlacedState, Stage } from "./network.js";

/**
 * A chunk: `count` of the sequence's `steps` steps from `start`, of the first `rows` rows; `lengths` as in run.ts;
 * `ends`: the steps of each row in the whole sequence, null: all.
 */
export interface Chunk {
  readonly ends: readonly number[] | null;
  readonly start: number;
  readonly count: number;
  readonly steps: number;
  readonly rows: number;
  readonly lengths: number;
}

/** Sequences that a group of stages begins with: (B, T, I), and the steps of each row in the kernel's order, null: all. */
export interface Input {
  readonly data: Float32Array;
  readonly steps: number;
  readonly ends: readonly number[] | null;
}

/** What a stage's outputs become on their way out: numbers a step, how two directions merge, whether they come in the order in which they were computed. */
export interface OutputForm {
  readonly size: number;
  readonly merge: Merge | null;
  readonly inProcessingOrder: boolean;
}

/** `asComputed`: both directions side by side, in the order of time. */
export function formOf(stage: Stage, asComputed: boolean): OutputForm {
  const { outputSize, joinedSize, merge, inProcessingOrder } = stage;
  return asComputed
    ? { size: joinedSize, merge: null, inProcessingOrder: false }
    : { size: outputSize, merge: MERGES[merge], inProcessingOrder };
}

/** Copies chunks between the caller's arrays, which have no padding, and the kernel's buffers. */
export class Transfer {
  readonly #memory: Memory;
  readonly #batch: number;
  /** The caller's row that runs as row `row` in the kernel. */
  readonly #rowOf: (row: number) => number;

  constructor(memory: Memory, batch: number, rowOf: (row: number) => number) {
    this.#memory = memory;
    this.#batch = batch;
    this.#rowOf = rowOf;
  }

  /** What the chunk's steps are made of, out of data (B, T, I), into x. */
  copyIn(stage: Stage, input: Input, x: number, chunk: Chunk): void {
    if (stage.window) {
      this.#copyWindow(stage, stage.window, input, x, chunk);
      return;
    }
    const { start, count, rows } = chunk;
    const { data: source, steps } = input;
    const { f32 } = this.#memory;
    const { inputSize, inputWidth } = stage;
    for (let row = 0; row < rows; row++) {
      const from = (this.#rowOf(row) * steps + start) * inputSize;
      const to = (x >> 2) + row * count * inputWidth;
      if (inputSize === inputWidth) {
        f32.set(source.subarray(from, from + count * inputSize), to);
        continue;
      }
      for (let t = 0; t < count; t++) {
        const step = to + t * inputWidth;
        for (let i = 0; i < inputSize; i++) {
          f32[step + i] = source[from + t * inputSize + i] as number;
        }
        f32.fill(0, step + inputSize, step + inputWidth);
      }
    }
  }

  /** The same for a stage whose output steps are made of several input steps, or of others than their own. */
  #copyWindow(
    { inputSize, inputWidth }: Stage,
    window: Window,
    { data, steps, ends }: Input,
    x: number,
    { start, count, rows }: Chunk,
  ): void {
    const { f32 } = this.#memory;
    const all = stepsIn(window, count);
    for (let row = 0; row < rows; row++) {
      const end = ends?.[row] ?? steps;
      const first = start * window.stride - zerosBefore(window, end);
      const to = (x >> 2) + row * all * inputWidth;
      f32.fill(0, to, to + all * inputWidth);
      for (let t = Math.max(0, -first); t < all && first + t < end; t++) {
        const from = (this.#rowOf(row) * steps + first + t) * inputSize;
        copyFloats(data, from, f32, to + t * inputWidth, inputSize);
      }
    }
  }

  /** A direction's outputs of the chunk, which lie at y, into target (B, T, D·O). */
  copyOut(
    stage: Stage,
    direction: number,
    { size, merge, inProcessingOrder }: OutputForm,
    y: number,
    target: Float32Array,
    { start, count, steps, ends, rows, lengths }: Chunk,
  ): void {
    const { f32, i32 } = this.#memory;
    const { outputWidth } = stage;
    const { cell, lane, outputAt } = stage.cells[direction] as PlacedCell;
    const whole = cell.outputSize === outputWidth && !inProcessingOrder;
    for (let row = 0; row < rows; row++) {
      const valid = lengths ? (i32[(lengths >> 2) + row] as number) : count;
      const from = (y >> 2) + row * count * outputWidth + lane;
      const first = this.#rowOf(row) * steps * size;
      if (whole) {
        const outputs = f32.subarray(from, from + valid * size);
        target.set(outputs, first + start * size);
        continue;
      }
      const end = ends?.[row] ?? steps;
      for (let t = 0; t < valid; t++) {
        const step = inProcessingOrder ? end - 1 - (start + t) : start + t;
        const to = first + step * size + (merge ? 0 : outputAt);
        const floats = from + t * outputWidth;
        if (merge && direction)
          mergeFloats(f32, floats, target, to, cell.outputSize, merge);
        else copyFloats(f32, floats, target, to, cell.outputSize);
      }
    }
  }

  /** The last steps' outputs, which are the final states at h, into target (B, D·O). */
  copyLast(
    stage: Stage,
    direction: number,
    { size, merge }: OutputForm,
    h: number,
    target: Float32Array,
  ): void {
    const { f32 } = this.#memory;
    const place = stage.cells[direction] as PlacedCell;
    const { outputSize } = place.cell;
    const { width } = place.states[0] as PlacedState;
    for (let row = 0; row < this.#batch; row++) {
      const from = (h >> 2) + row * width;
      const to = this.#rowOf(row) * size + (merge ? 0 : place.outputAt);
      if (merge && direction)
        mergeFloats(f32, from, target, to, outputSize, merge);
      else copyFloats(f32, from, target, to, outputSize);
    }
  }
}
