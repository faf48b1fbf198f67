/*
 * Layers that treat each feature by itself.
 *
 *     batchnorm   γ (x - μ) / √(σ² + ε) + β. weights [γ, β, μ, σ²] or [μ, σ²]
 *     prelu       relu(x) - α relu(-x), as two Linears: [1; -1] with relu, then [1, -α]. weights [[α…]], one α or one a feature
 */
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import type { Budget } from "../budget.js";
import {
  asList,
  field,
  inside,
  nested,
  type Place,
  unexpected,
  vector,
} from "../json.js";

/** The state dict and the activation of a Linear. */
export interface LinearStage {
  readonly dict: StateDict;
  readonly activation: "linear" | "relu";
}

/** A BatchNorm's state dict, by PyTorch's names; scale 1 and offset 0 if the file only has the statistics. */
export function batchNormWeights(
  layer: Place,
  size: number,
): { dict: StateDict; epsilon: number } {
  const at = inside(layer, "weights");
  const weights = asList(field(layer, "weights"), at);
  if (weights.length !== 2 && weights.length !== 4)
    throw unexpected(
      "[gamma, beta, mean, variance] or [mean, variance]",
      weights,
      at,
    );
  const vectors = weights.map((each, i) => vector(each, `${at}[${i}]`, size));
  const [mean, variance] = vectors.slice(-2) as [Tensor, Tensor];
  const [gamma, beta] = vectors.length === 4 ? vectors : [];
  const filled = (value: number): Tensor => ({
    shape: [size],
    data: new Float32Array(size).fill(value),
  });
  const epsilon = field(layer, "epsilon");
  if (typeof epsilon !== "number" || !(epsilon >= 0))
    throw unexpected(
      "a number of at least 0",
      epsilon,
      inside(layer, "epsilon"),
    );
  return {
    dict: {
      weight: gamma ?? filled(1),
      bias: beta ?? filled(0),
      running_mean: mean,
      running_var: variance,
    },
    epsilon,
  };
}

export function preluStages(
  layer: Place,
  size: number,
  budget: Budget,
): LinearStage[] {
  const at = inside(layer, "weights");
  const [given] = asList(field(layer, "weights"), at, 1);
  const { data } = nested(given, `${at}[0]`);
  if (data.length !== 1 && data.length !== size)
    throw unexpected(`one slope or ${size}`, given, `${at}[0]`);
  budget.take(16 * size * size, layer.at);
  const split = new Float32Array(2 * size * size);
  const joined = new Float32Array(2 * size * size);
  for (let i = 0; i < size; i++) {
    split[i * size + i] = 1;
    split[(size + i) * size + i] = -1;
    joined[i * 2 * size + i] = 1;
    joined[i * 2 * size + size + i] = -(data[
      data.length === 1 ? 0 : i
    ] as number);
  }
  return [
    {
      dict: { weight: { shape: [2 * size, size], data: split } },
      activation: "relu",
    },
    {
      dict: { weight: { shape: [size, 2 * size], data: joined } },
      activation: "linear",
    },
  ];
}
