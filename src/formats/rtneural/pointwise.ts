/*
 * Layers that look at each feature by itself, as Linears.
 *
 *     batchnorm   γ (x - μ) / √(σ² + ε) + β: a diagonal matrix. weights [γ, β, μ, σ²] or [μ, σ²]
 *     prelu       relu(x) - α relu(-x): [1; -1] with relu, then [1, -α]. weights [[α…]], one α or one a feature
 */
import type { StateDict } from "../../safetensors.js";
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

/** A Linear's dict and what it does with its sums. */
export interface LinearStage {
  readonly dict: StateDict;
  readonly activation: "linear" | "relu";
}

export function batchNormStages(
  layer: Place,
  size: number,
  budget: Budget,
): LinearStage[] {
  const at = inside(layer, "weights");
  const weights = asList(field(layer, "weights"), at);
  if (weights.length !== 2 && weights.length !== 4)
    throw unexpected(
      "[gamma, beta, mean, variance] or [mean, variance]",
      weights,
      at,
    );
  const vectors = weights.map(
    (each, i) => vector(each, `${at}[${i}]`, size).data,
  );
  const [mean, variance] = vectors.slice(-2) as [Float32Array, Float32Array];
  const [gamma, beta] = vectors.length === 4 ? vectors : [];
  const epsilon = field(layer, "epsilon");
  if (typeof epsilon !== "number" || !(epsilon >= 0))
    throw unexpected(
      "a number of at least 0",
      epsilon,
      inside(layer, "epsilon"),
    );
  budget.take(4 * size * size, layer.at);
  const weight = new Float32Array(size * size);
  const bias = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    const deviation = Math.sqrt((variance[i] as number) + epsilon);
    const slope = (gamma?.[i] ?? 1) / deviation;
    weight[i * size + i] = slope;
    bias[i] = (beta?.[i] ?? 0) - slope * (mean[i] as number);
  }
  const dict = {
    weight: { shape: [size, size], data: weight },
    bias: { shape: [size], data: bias },
  };
  return [{ dict, activation: "linear" }];
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
  const both = new Float32Array(2 * size * size);
  const joined = new Float32Array(2 * size * size);
  for (let i = 0; i < size; i++) {
    both[i * size + i] = 1;
    both[(size + i) * size + i] = -1;
    joined[i * 2 * size + i] = 1;
    joined[i * 2 * size + size + i] = -(data[
      data.length === 1 ? 0 : i
    ] as number);
  }
  return [
    {
      dict: { weight: { shape: [2 * size, size], data: both } },
      activation: "relu",
    },
    {
      dict: { weight: { shape: [size, 2 * size], data: joined } },
      activation: "linear",
    },
  ];
}
