import { sizeOf } from "../../tensor.js";
import { lanesOf, panelsOf, type Rows } from "./arena.js";
import { product, weightGradient } from "./panels.js";
import {
  backLine,
  biasPlace,
  type Layout,
  panelLine,
  vector,
} from "./parameters.js";
import type { Machine, Trained } from "./run.js";
import type { Work } from "./work.js";

export interface AffineSpec {
  readonly prefix: string;
  readonly inputSize: number; // I
  readonly outputSize: number; // O
  readonly bias: boolean;
}

/** How the parameter of W lies: rows of O, and the column of W that each number of a row is, null: in order; others stay 0. */
export interface AffineWeight {
  readonly shape: readonly number[];
  readonly columnsOf: ((row: number) => Int32Array) | null;
}

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

  /** @param weight how the parameter lies: [O, I] in order unless it says otherwise */
  constructor(
    { prefix, inputSize, outputSize, bias }: AffineSpec,
    layout: Layout,
    trained: Trained,
    weight: AffineWeight = {
      shape: [outputSize, inputSize],
      columnsOf: null,
    },
  ) {
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
    const name = `${prefix}weight`;
    this.names = bias ? [name, `${prefix}bias`] : [name];
    const { shape, columnsOf } = weight;
    layout.places.push({
      name,
      shape,
      rows: outputSize,
      columns: sizeOf(shape) / outputSize,
      lineOf: (row) => panelLine(input, k, row),
      backOf: (row) => backLine(inputBack, lanes, row),
      columnsOf,
      shared: false,
    });
    if (bias)
      layout.places.push(
        vector(`${prefix}bias`, outputSize, (row) => biasPlace(input, k, row)),
      );
  }

  /** Floats that a row leaves, both ways. */
  get rowFloats(): number {
    return 2 * this.#lanes + panelsOf(this.#k);
  }

  /** Lanes of a row of x. */
  get widest(): number {
    return this.#k;
  }

  *forward(machine: Machine, x: Rows, count: number): Work<Rows> {
    const lanes = this.#lanes;
    const at = machine.arena.floats(count * lanes);
    const z = { at, stride: lanes * 4, size: lanes };
    const w = machine.regions.weights + this.#input * 4;
    yield* product(machine, w, x, z, count, this.#k);
    return { ...z, size: this.#outputSize };
  }

  /** @returns the gradient of x, if it is wanted */
  *backward(
    machine: Machine,
    x: Rows,
    dz: Rows,
    count: number,
    needs: boolean,
  ): Work<Rows | null> {
    const own = { ...dz, size: this.#lanes };
    if (this.#trained(this.names))
      yield* weightGradient(machine, x, this.#k, own, this.#input, count);
    if (!needs) return null;
    const lanes = panelsOf(this.#k);
    const at = machine.arena.floats(count * lanes);
    const dx = { at, stride: lanes * 4, size: lanes };
    const w = machine.regions.transposed + this.#inputBack * 4;
    yield* product(machine, w, own, dx, count, this.#lanes);
    return { ...dx, size: this.#inputSize };
  }
}
