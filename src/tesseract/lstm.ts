import type { Matrix } from "../formats/tesseract/read.js";
import { LSTM, type State, type Tensor } from "../index.js";
import type { Precision } from "../layers/options.js";
import { type Grid, grid } from "./grid.js";
import type { ImageLayer, Size } from "./layer.js";
import { lstmDict } from "./weights.js";

/** Tesseract keeps cells within ±100. */
export const MOST_CELL = 100;

/** An LSTM along each row, from left to right; all rows are one batch. */
export class RowLstm implements ImageLayer {
  readonly #lstm: LSTM;
  readonly #summary: boolean;

  /** @param summary whether only the last place of a row comes out */
  constructor(
    matrices: readonly Matrix[],
    inputs: number,
    summary: boolean,
    precision: Precision,
  ) {
    const dict = lstmDict(matrices, inputs);
    const options = { returnSequences: !summary, precision };
    this.#lstm = LSTM.fromStateDict(dict, options);
    this.#summary = summary;
  }

  size({ height, width }: Size): Size {
    return { height, width: this.#summary ? Math.min(1, width) : width };
  }

  /**
   * A step changes a cell by 1 at most, so as many steps run in one go as the cells are away from their limit: all of a
   * line of up to 100, and single ones where a cell is at it. One of the units of English, "best", has counted to 258
   * at the end of a line, unlimited.
   */
  run(input: Grid): Grid {
    const { height, width } = input;
    if (width <= MOST_CELL) return this.#forward(input).output;
    const result = grid(height, this.size(input).width, this.#lstm.outputSize);
    let state: State | undefined;
    for (let from = 0; from < width;) {
      const room = Math.floor(MOST_CELL - largest(state?.cell));
      const to = Math.min(width, from + Math.max(1, room));
      const part = columns(input, from, to);
      const { output, state: next } = this.#forward(part, state);
      state = limited(next);
      put(output, result, this.#summary ? 0 : from);
      from = to;
    }
    return result;
  }

  #forward(input: Grid, state?: State): { output: Grid; state: State } {
    const { height, width, channels, data } = input;
    const sequences = { shape: [height, width, channels], data };
    const result = this.#lstm.forward(sequences, state ? { state } : {});
    const output = {
      ...this.size(input),
      channels: this.#lstm.outputSize,
      data: result.output.data,
    };
    return { output, state: result.state };
  }

  dispose(): void {
    this.#lstm.dispose();
  }
}

/** The columns from one up to another. */
function columns(source: Grid, from: number, to: number): Grid {
  const { height, width, channels, data } = source;
  const part = grid(height, to - from, channels);
  for (let y = 0; y < height; y++) {
    const row = data.subarray(
      (y * width + from) * channels,
      (y * width + to) * channels,
    );
    part.data.set(row, y * row.length);
  }
  return part;
}

/** A part of the columns, from one on. */
function put(part: Grid, whole: Grid, from: number): void {
  const { height, channels } = whole;
  const row = part.width * channels;
  for (let y = 0; y < height; y++)
    whole.data.set(
      part.data.subarray(y * row, (y + 1) * row),
      (y * whole.width + from) * channels,
    );
}

const largest = (cell: Tensor | undefined): number =>
  cell ? cell.data.reduce((most, c) => Math.max(most, Math.abs(c)), 0) : 0;

/** The state is a copy of its own, and limited in place. */
function limited(state: State): State {
  const data = state.cell?.data ?? new Float32Array();
  for (let i = 0; i < data.length; i++)
    data[i] = Math.min(MOST_CELL, Math.max(-MOST_CELL, data[i] as number));
  return state;
}
