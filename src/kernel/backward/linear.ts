import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { product, weightGradient } from "./panels.js";
import {
  biasPlace,
  type Layout,
  matrix,
  panelPlace,
  vector,
} from "./parameters.js";
import type { Machine, Trained } from "./run.js";

/** y = W x + b, of a Linear or of the windows of a convolution. */
export class Affine {
  readonly names: readonly string[];
  readonly #inputSize: number;
  readonly #outputSize: number;
  readonly #k: number;
  readonly #lanes: number;
  readonly #input: number;
  readonly #inputBack: number;
  readonly #trained: Trained;

  /**
   * @param shape of the weight: O, then axes of I numbers
   * @param columnOf the column of W that a number of the weight's row is
   */
  constructor(
    prefix: string,
    [outputSize, ...axes]: readonly [number, ...number[]],
    bias: boolean,
    layout: Layout,
    trained: Trained,
    columnOf: (index: number) => number = (index) => index,
  ) {
    const inputSize = axes.reduce((a, b) => a * b, 1);
    this.#inputSize = inputSize;
    this.#outputSize = outputSize;
    this.#trained = trained;
    const k = lanesOf(inputSize);
    const lanes = panelsOf(outputSize);
    this.#k = k;
    this.#lanes = lanes;
    const input = layout.panels(lanes, k);
    const inputBack = layout.transposedPanels(panelsOf(k), lanes);
    this.#input = input;
    this.#inputBack = inputBack;
    const weight = `${prefix}weight`;
    this.names = bias ? [weight, `${prefix}bias`] : [weight];
    layout.places.push({
      name: weight,
      shape: [outputSize, ...axes],
      at: matrix(outputSize, inputSize, (row, index) =>
        panelPlace(input, k, row, columnOf(index)),
      ),
      back: matrix(outputSize, inputSize, (row, index) =>
        panelPlace(inputBack, lanes, columnOf(index), row),
      ),
      shared: false,
    });
    if (bias)
      layout.places.push({
        name: `${prefix}bias`,
        shape: [outputSize],
        at: vector(outputSize, (row) => biasPlace(input, k, row)),
        back: null,
        shared: false,
      });
  }

  /** Floats that a row leaves, both ways. */
  get rowFloats(): number {
    return 2 * this.#lanes + panelsOf(this.#k);
  }

  /** Lanes of a row of x. */
  get widest(): number {
    return this.#k;
  }

  forward(machine: Machine, x: Rows, count: number): Rows {
    const lanes = this.#lanes;
    const at = machine.arena.floats(count * lanes);
    const z = { at, stride: lanes * 4, size: lanes };
    const w = machine.regions.weights + this.#input * 4;
    product(machine, w, x, z, count, this.#k);
    return { ...z, size: this.#outputSize };
  }

  /** @returns the gradient of x, if it is wanted */
  backward(
    machine: Machine,
    x: Rows,
    dz: Rows,
    count: number,
    needs: boolean,
  ): Rows | null {
    const own = { ...dz, size: this.#lanes };
    if (this.#trained(this.names))
      weightGradient(machine, x, this.#k, own, this.#input, count);
    if (!needs) return null;
    const lanes = panelsOf(this.#k);
    const at = machine.arena.floats(count * lanes);
    const dx = { at, stride: lanes * 4, size: lanes };
    const w = machine.regions.transposed + this.#inputBack * 4;
    product(machine, w, own, dx, count, this.#lanes);
    return { ...dx, size: this.#inputSize };
  }
}
