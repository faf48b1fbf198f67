import type { Matrix } from "../formats/tesseract/read.js";
import { Linear } from "../index.js";
import type { Precision } from "../layers/options.js";
import { type Grid, grid } from "./grid.js";
import type { ImageLayer, Size } from "./layer.js";
import { MAX_CELL } from "./lstm.js";
import { linearDict, recurrent } from "./weights.js";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * An LSTM whose gates see the place to the left and the one above (Graves et al. 2007). Each unit keeps the cell of one
 * of the two, the one whose forget gate is more open. No model in use has this layer, so the loop is plain JavaScript;
 * only the products with the inputs run on the kernel.
 */
export class Lstm2d implements ImageLayer {
  readonly #inputs: Linear;
  /** (2·H, 5·H): for the outputs to the left, then for those above; gates g i f o, and the f for the place above. */
  readonly #weights: Float32Array;
  readonly #units: number;
  readonly #summary: boolean;

  constructor(
    matrices: readonly Matrix[],
    inputs: number,
    summary: boolean,
    precision: Precision,
  ) {
    const [{ rows: H }] = matrices as [Matrix];
    this.#units = H;
    this.#summary = summary;
    this.#inputs = Linear.fromStateDict(linearDict(matrices, inputs), {
      precision,
    });
    const { data } = recurrent(matrices, inputs, 2 * H);
    this.#weights = new Float32Array(data.length);
    for (let row = 0; row < 5 * H; row++)
      for (let k = 0; k < 2 * H; k++)
        this.#weights[k * 5 * H + row] = data[row * 2 * H + k] as number;
  }

  size({ height, width }: Size): Size {
    return { height, width: this.#summary ? Math.min(1, width) : width };
  }

  run(input: Grid): Grid {
    const { height, width, channels, data } = input;
    const H = this.#units;
    const shape = [height * width, channels];
    const { output } = this.#inputs.forward({ shape, data });
    const { width: outWidth } = this.size(input);
    const result = grid(height, outWidth, H);
    // (W, H): the row above, overwritten one place at a time
    const above = new Float64Array(width * H);
    const cellsAbove = new Float64Array(width * H);
    const z = new Float64Array(5 * H);
    for (let y = 0; y < height; y++) {
      const h = new Float64Array(H);
      const c = new Float64Array(H);
      for (let x = 0; x < width; x++) {
        const at = (y * width + x) * 5 * H;
        for (let row = 0; row < 5 * H; row++)
          z[row] = output.data[at + row] as number;
        this.#add(h, 0, z);
        this.#add(above.subarray(x * H, x * H + H), H, z);
        for (let unit = 0; unit < H; unit++) {
          const gate = (index: number) => z[index * H + unit] as number;
          const left = sigmoid(gate(2));
          const up = sigmoid(gate(4));
          const kept =
            y && left < up
              ? up * (cellsAbove[x * H + unit] as number)
              : left * (c[unit] as number);
          const cell = kept + sigmoid(gate(1)) * Math.tanh(gate(0));
          c[unit] = Math.min(MAX_CELL, Math.max(-MAX_CELL, cell));
          h[unit] = sigmoid(gate(3)) * Math.tanh(c[unit] as number);
        }
        above.set(h, x * H);
        cellsAbove.set(c, x * H);
        const to = this.#summary ? y : y * width + x;
        result.data.set(h, to * H);
      }
    }
    return result;
  }

  /** z += W h, with the weights from row `from` on. */
  #add(h: Float64Array, from: number, z: Float64Array): void {
    const rows = z.length;
    for (let k = 0; k < h.length; k++) {
      const value = h[k] as number;
      if (value === 0) continue;
      const start = (from + k) * rows;
      for (let row = 0; row < rows; row++)
        z[row] =
          (z[row] as number) + value * (this.#weights[start + row] as number);
    }
  }

  dispose(): void {
    this.#inputs.dispose();
  }
}
