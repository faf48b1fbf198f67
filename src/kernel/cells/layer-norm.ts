import type { KernelFunction } from "../contract.js";
import { LAYER_NORM, layerNormKernel } from "../js/layer-norm.js";
import { F32 } from "../pack/f32.js";
import { lanesOf, panelsOf } from "../sizes.js";
import { type Cell, outputFields } from "./cell.js";

const RUN: KernelFunction = { name: "layerNorm", js: layerNormKernel };

/** Normalises the features of each step to mean 0 and variance 1; then y = x · weight + bias. */
export interface LayerNormSpec {
  readonly size: number; // I
  readonly epsilon: number;
  weight(): Float32Array; // (I)
  bias(): Float32Array | null; // (I)
}

export function layerNormCell(spec: LayerNormSpec): Cell {
  const { size, epsilon, weight, bias } = spec;
  const zPanels = panelsOf(size);
  const lanes = lanesOf(size);
  return {
    inputSize: size,
    outputSize: size,
    hiddenSize: size,
    reverse: false,
    window: null,
    run: RUN,
    fields: LAYER_NORM,
    ints: outputFields(size, zPanels),
    floats: { epsilon },
    format: F32,
    matrices: () => [],
    vectors: [
      {
        field: "input",
        length: 2 * lanes,
        write(target, start) {
          target.fill(0, start, start + 2 * lanes);
          target.set(weight(), start);
          target.set(bias() ?? [], start + lanes);
        },
      },
    ],
    states: [],
    zPanels,
    scratch: 0,
    traced: [],
  };
}
