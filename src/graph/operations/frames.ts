import { LSTM } from "../../layers/lstm.js";
import type { Row } from "../../layers/row.js";
import type { Node } from "../node.js";
import type { Value } from "../value.js";
import type { AnyLayer } from "./layer.js";
import type { Layout } from "./sequences.js";

/**
 * A forward recurrent node on one row, as audio comes frame by frame: its outputs are kept from run to run, so that
 * nothing is allocated. What is not of that kind, or wrong, is for sequences.ts.
 */
export class Frames {
  readonly #node: Node;
  readonly #layer: AnyLayer;
  readonly #timeFirst: boolean;
  readonly #states: (Float32Array | null)[] = [null, null];
  readonly #ends: readonly Value[]; // h; c of an LSTM: [1, 1, H]
  readonly #endData: readonly Float32Array[];
  #row: Row | null = null;
  #results: Value[] = [];
  #steps = 0;

  constructor(node: Node, layer: AnyLayer, layout: Layout) {
    const { hiddenSize } = layer.options;
    this.#node = node;
    this.#layer = layer;
    this.#timeFirst = layout === "time-first";
    const parts = layer instanceof LSTM ? 2 : 1;
    this.#ends = Array.from({ length: parts }, () =>
      node.value("float32", [1, 1, hiddenSize]),
    );
    this.#endData = this.#ends.map(({ data }) => data as Float32Array);
  }

  /** Y, Y_h and, of an LSTM, Y_c; null when the inputs are of another kind. */
  run(
    x: Value,
    lengths: Value | null,
    hidden: Value | null,
    cell: Value | null,
  ): readonly Value[] | null {
    const { shape, dtype, data } = x;
    const { inputSize } = this.#layer.options;
    const [batchAxis, timeAxis] = this.#timeFirst ? [1, 0] : [0, 1];
    const steps = shape[timeAxis];
    if (
      lengths ||
      dtype !== "float32" ||
      shape.length !== 3 ||
      shape[2] !== inputSize ||
      shape[batchAxis] !== 1 ||
      !steps ||
      !this.#isState(hidden) ||
      !this.#isState(cell)
    )
      return null;
    if (steps !== this.#steps) this.#make(steps);
    this.#states[0] = hidden ? (hidden.data as Float32Array) : null;
    this.#states[1] = cell ? (cell.data as Float32Array) : null;
    this.#row ??= this.#layer.row();
    this.#row.run(
      data as Float32Array,
      steps,
      this.#states,
      this.#results[0]?.data as Float32Array,
      this.#endData,
    );
    return this.#results;
  }

  #make(steps: number): void {
    const { hiddenSize } = this.#layer.options;
    const axes = this.#timeFirst ? [steps, 1, 1] : [1, steps, 1];
    const y = this.#node.value("float32", [...axes, hiddenSize]);
    this.#results = [y, ...this.#ends];
    this.#steps = steps;
  }

  /** Not there, or one row's: [1, 1, H] in either layout. */
  #isState(value: Value | null): boolean {
    if (!value) return true;
    const { shape, dtype } = value;
    return (
      dtype === "float32" &&
      shape.length === 3 &&
      shape[0] === 1 &&
      shape[1] === 1 &&
      shape[2] === this.#layer.options.hiddenSize
    );
  }
}
