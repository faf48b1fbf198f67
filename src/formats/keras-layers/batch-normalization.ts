/*
 * Batch normalisation of a trained model, the same linear function of each feature at every step:
 * γ (x - μ) / √(σ² + ε) + β.
 */
import {
  flag,
  type LayerConfig,
  number,
  requireFeatureAxis,
} from "./config.js";
import { type Reading, refuse } from "./context.js";
import { push } from "./non-recurrent.js";
import { checkShape, ITSELF, type LayerWeights, type Role } from "./weights.js";

export function readBatchNormalization(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  if (!reading.pieces.length)
    refuse(layer, "expected a layer with weights before it, got none");
  requireFeatureAxis(config, rankOf(reading));
  const { epsilon, ...numbers } = readNumbers(layer, weights, reading.size);
  const size = numbers.mean.length;
  reading.size ??= size;
  const shape = [size];
  push(reading, {
    type: "BatchNorm",
    options: { size, epsilon },
    dict: {
      weight: { shape, data: numbers.gamma ?? new Float32Array(size).fill(1) },
      bias: { shape, data: numbers.beta ?? new Float32Array(size) },
      running_mean: { shape, data: numbers.mean },
      running_var: { shape, data: numbers.variance },
    },
    outputSize: size,
    described: {
      name,
      type: className,
      sizes: { features: size },
      convention: `with the moving mean and variance, epsilon ${epsilon}`,
    },
  });
}

/** Layers that accept single steps as well as sequences. */
const FLAT: readonly string[] = [
  "Activation",
  "BatchNorm",
  "LayerNorm",
  "Linear",
];

/** The rank of the input, with the batch. Unless it says otherwise, a model of only Dense layers has single steps. */
function rankOf({ lastOnly, inputRank, pieces }: Reading): number {
  if (lastOnly) return 2;
  const flat = pieces.every(({ type }) => FLAT.includes(type));
  return flat ? (inputRank ?? 2) : 3;
}

/** The numbers for each feature; `size`: how many features there are, null if only the weights show it. */
function readNumbers(
  { config }: LayerConfig,
  weights: LayerWeights,
  size: number | null,
) {
  let ordinal = 0;
  let known = size;
  const take = (role: Role): Float32Array => {
    const weight = weights.take(ITSELF, role, ordinal++);
    const [count] = checkShape(weight, [known], "[features]");
    known ??= count as number;
    return weight.data;
  };
  const gamma = flag(config, "scale", true) ? take("gamma") : null;
  const beta = flag(config, "center", true) ? take("beta") : null;
  const mean = take("moving_mean");
  const variance = take("moving_variance");
  const epsilon = number(config, "epsilon", 0.001);
  return { gamma, beta, mean, variance, epsilon };
}

/**
 * The factor and offset of each feature.
 *
 * @param size how many features there are; null if only the weights show it
 */
export function readAffine(
  layer: LayerConfig,
  weights: LayerWeights,
  size: number | null,
): { slope: Float32Array; offset: Float32Array; epsilon: number } {
  const numbers = readNumbers(layer, weights, size);
  const { gamma, beta, mean, variance, epsilon } = numbers;
  const slope = new Float32Array(mean.length);
  const offset = new Float32Array(mean.length);
  mean.forEach((center, i) => {
    const deviation = Math.sqrt((variance[i] as number) + epsilon);
    const factor = (gamma ? (gamma[i] as number) : 1) / deviation;
    slope[i] = factor;
    offset[i] = (beta ? (beta[i] as number) : 0) - factor * center;
  });
  return { slope, offset, epsilon };
}
