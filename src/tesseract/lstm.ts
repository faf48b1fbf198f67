import type { Matrix } from "../formats/tesseract/read.js";
import { LSTM, type State, type Tensor } from "../index.js";
import type { Precision } from "../layers/options.js";
import { type Grid, grid } from "./grid.js";
import type { ImageLayer, Size } from "./layer.js";
import { lstmDict } from "./weights.js";

/** Tesseract limits cells to ±100. */
export const MAX_CELL = 100;

/** An LSTM along each row, from left to right; all rows are one batch. */
export class RowLstm implements ImageLayer {
  readonly #lstm: LSTM;
  readonly #summary: boolean;

  /** @param summary whether to return only the last place of a row */
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
   * A step changes a cell by at most 1, so that as many steps can run at once as the largest cell is away from its limit:
   * a whole line of up to 100 steps, but single steps once a cell is at its limit. Without the limit, a unit of the
   * English "best" model reached 258 at the end of a line.
   */
  run(input: Grid): Grid {
    const { height, width } = input;
    if (width <= MAX_CELL) return this.#forward(input).output;
    const result = grid(height, this.size(input).width, this.#lstm.outputSize);
    let state: State | undefined;
    for (let from = 0; from < width;) {
      const safe = Math.floor(MAX_CELL - largest(state?.cell));
      const to = Math.min(width, from + Math.max(1, safe));
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

/** The columns `from` up to `to`. */
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

/** Copies a part into the columns of the whole, starting at `from`. */
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

/** Limits the cells in place: the state is a copy. */
function limited(state: State): State {
  const data = state.cell?.data ?? new Float32Array();
  for (let i = 0; i < data.length; i++)
    data[i] = Math.min(MAX_CELL, Math.max(-MAX_CELL, data[i] as number));
  return state;
}
