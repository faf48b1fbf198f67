/*
 * Products with a matrix that is known at load, on the kernel.
 */
import { Linear, Sequential, type Stream } from "../../index.js";
import type { Node, SharedParts } from "../node.js";
import { matrixFor } from "../scaled.js";
import type { Numbers, Value } from "../value.js";

/** y = W x + b for many x, without an allocation: (n, K) → (n, N). */
export class Product {
  readonly layer: Linear;
  #model: Sequential | null = null;
  #stream: Stream | null = null;
  readonly #shared: SharedParts;

  /** W is [N, K], in whatever shape. */
  constructor(
    node: Node,
    inputSize: number,
    outputSize: number,
    weight: Value,
    bias: Float32Array | null,
  ) {
    this.layer = new Linear({
      inputSize,
      outputSize,
      bias: bias !== null,
      backend: node.setting.backend,
      precision: node.precision,
    });
    this.#shared = node.setting.shared;
    node.owned.push(this);
    node.layers.push(this.layer);
    this.layer.loadStateDict({
      weight: matrixFor(node, { ...weight, shape: [outputSize, inputSize] }),
      ...(bias && { bias: { shape: [outputSize], data: bias } }),
    });
  }

  /** Whether its weights are integers. */
  get isRounded(): boolean {
    return this.layer.options.precision !== "float32";
  }

  run(rows: Numbers, result: Numbers): void {
    const { watch } = this.#shared;
    if (watch) {
      const size = this.layer.inputSize;
      const data = rows as Float32Array;
      watch(this.layer, { shape: [data.length / size, size], data }, {});
    }
    this.#model ??= new Sequential([this.layer]);
    this.#stream ??= this.#model.stream();
    this.#stream.run(rows, result as Float32Array);
  }

  dispose(): void {
    this.#model?.dispose();
  }
}
