/*
 * Products with a matrix that is known at load, on the kernel.
 */
import { Linear, Sequential, type Stream } from "../../index.js";
import type { Node } from "../node.js";
import type { Numbers } from "../value.js";

/** y = W x + b for many x, without an allocation: (n, K) → (n, N). */
export class Product {
  readonly layer: Linear;
  #stream: Stream | null = null;

  /** W is [N, K] */
  constructor(
    node: Node,
    inputSize: number,
    outputSize: number,
    weight: Float32Array,
    bias: Float32Array | null,
  ) {
    this.layer = new Linear({
      inputSize,
      outputSize,
      bias: bias !== null,
      backend: node.setting.backend,
      precision: node.setting.precision,
    });
    this.layer.loadStateDict({
      weight: { shape: [outputSize, inputSize], data: weight },
      ...(bias && { bias: { shape: [outputSize], data: bias } }),
    });
  }

  run(rows: Numbers, result: Numbers): void {
    this.#stream ??= new Sequential([this.layer]).stream();
    this.#stream.run(rows, result as Float32Array);
  }
}
