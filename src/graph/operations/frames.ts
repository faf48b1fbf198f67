import { LayerRows, type RowsRun, type Strides } from "../../layers/rows.js";
import type { Node } from "../node.js";
import type { Value } from "../value.js";
import type { AnyLayer } from "./layer.js";
import type { Layout } from "./sequences.js";

/**
 * How a node's values lie: those of ONNX's two layouts (sequences.ts draws them), and those of our layers:
 *
 *     X [B, T, I]   Y [B, T, D·H], of the last step alone [B, D·H]   states [D, B, H]
 */
export type RowsLayout = Layout | "layer";

/** Values of more numbers than this are made anew in every run, as those of other nodes are (runs.ts). */
const KEPT = 2 ** 20;

/** What is kept for inputs of one size. */
interface Kept {
  readonly batch: number;
  readonly steps: number;
  /** Y, Y_h and, of an LSTM, Y_c. */
  readonly results: readonly Value[];
  readonly run: Writable<RowsRun>;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * A recurrent node on rows of the same length, as audio comes frame by frame: its outputs are kept from run to run, so
 * that nothing is allocated. What is not of that kind, or wrong, is for those who call it.
 */
export class Frames {
  readonly #node: Node;
  readonly #layer: AnyLayer;
  #rows: LayerRows;
  readonly #layout: RowsLayout;
  readonly #directions: number;
  readonly #states: (Float32Array | null)[] = [null, null];
  #kept: Kept | null = null;

  /** @param layer runs rows */
  constructor(node: Node, layer: AnyLayer, layout: RowsLayout) {
    this.#node = node;
    this.#layer = layer;
    this.#rows = new LayerRows(layer);
    this.#layout = layout;
    this.#directions = layer.cells.length;
    node.owned.push(this);
  }

  /** Lets go of the layer's memory. */
  dispose(): void {
    this.#rows = new LayerRows(this.#layer);
    this.#kept = null;
  }

  /** Y, Y_h and, of an LSTM, Y_c; null when the inputs are of another kind. */
  run(
    x: Value,
    hidden: Value | null,
    cell: Value | null,
  ): readonly Value[] | null {
    const { shape, dtype, data } = x;
    const timeFirst = this.#layout === "time-first";
    const batch = shape[timeFirst ? 1 : 0];
    const steps = shape[timeFirst ? 0 : 1];
    const { inputSize } = this.#layer;
    if (
      dtype !== "float32" ||
      shape.length !== 3 ||
      shape[2] !== inputSize ||
      !batch ||
      !steps
    )
      return null;
    if (!this.#isState(hidden, 0, batch) || !this.#isState(cell, 1, batch))
      return null;
    let kept = this.#kept;
    if (kept?.batch !== batch || kept.steps !== steps) {
      if (batch * steps * this.#layer.outputSize > KEPT) return null;
      kept = this.#kept = this.#make(batch, steps);
    }
    this.#states[0] = hidden ? (hidden.data as Float32Array) : null;
    this.#states[1] = cell ? (cell.data as Float32Array) : null;
    kept.run.input = data as Float32Array;
    this.#rows.run(kept.run);
    if (this.#layer.lastOnly) this.#takeLast(kept);
    return kept.results;
  }

  #make(batch: number, steps: number): Kept {
    const layer = this.#layer;
    const D = this.#directions;
    const parts = layer.cells[0]?.states ?? [];
    const size = layer.outputSize / D;
    const timeFirst = this.#layout === "time-first";
    const stateAxes = (n: number) =>
      this.#layout === "batch-first" ? [batch, D, n] : [D, batch, n];
    const axes = {
      "time-first": [steps, D, batch, size],
      "batch-first": [batch, steps, D, size],
      layer: layer.lastOnly ? [batch, D * size] : [batch, steps, D * size],
    }[this.#layout];
    const y = this.#node.value("float32", axes);
    const ends = parts.map((part) =>
      this.#node.value("float32", stateAxes(part.size)),
    );
    const along = (row: number, step: number, direction: number): Strides => ({
      row,
      step,
      direction,
    });
    const { inputSize } = layer;
    const run: RowsRun = {
      batch,
      steps,
      input: y.data as Float32Array,
      inputStrides: timeFirst
        ? along(inputSize, batch * inputSize, 0)
        : along(steps * inputSize, inputSize, 0),
      states: this.#states,
      ends: ends.map(({ data }) => data as Float32Array),
      stateStrides: parts.map(({ size: n }) =>
        this.#layout === "batch-first"
          ? along(D * n, 0, n)
          : along(n, 0, batch * n),
      ),
      output: layer.lastOnly ? null : (y.data as Float32Array),
      outputStrides: timeFirst
        ? along(size, D * batch * size, batch * size)
        : along(steps * D * size, D * size, size),
    };
    return { batch, steps, results: [y, ...ends], run };
  }

  /** [D, B, H] → [B, D·H] */
  #takeLast({ batch, results }: Kept): void {
    const [y, h] = results as [Value, Value];
    const D = this.#directions;
    const size = h.data.length / (D * batch);
    for (let row = 0, to = 0; row < batch; row++)
      for (let d = 0; d < D; d++)
        for (let i = 0; i < size; i++)
          y.data[to++] = h.data[(d * batch + row) * size + i] as number;
  }

  /** Not there, or of these rows. */
  #isState(value: Value | null, part: number, batch: number): boolean {
    if (!value) return true;
    const { shape, dtype } = value;
    const D = this.#directions;
    const batchFirst = this.#layout === "batch-first";
    return (
      dtype === "float32" &&
      shape.length === 3 &&
      shape[0] === (batchFirst ? batch : D) &&
      shape[1] === (batchFirst ? D : batch) &&
      shape[2] === this.#layer.cells[0]?.states[part]?.size
    );
  }
}
