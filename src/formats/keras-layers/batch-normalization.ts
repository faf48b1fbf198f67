/*
 * Batch normalisation of a trained model, which is the same line for each feature at every step:
 * γ (x - μ) / √(σ² + ε) + β. It becomes a Linear with a diagonal matrix.
 */
import {
  flag,
  type LayerConfig,
  number,
  requireFeatureAxis,
} from "./config.js";
import { type Reading, refuse } from "./context.js";
import { checkShape, ITSELF, type LayerWeights, type Role } from "./weights.js";

export function readBatchNormalization(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  if (!reading.pieces.length)
    refuse(layer, "expected a layer with weights in front");
  requireFeatureAxis(config, rankOf(reading));
  const { slope, offset, epsilon } = readAffine(layer, weights, reading.size);
  const size = slope.length;
  reading.size ??= size;
  reading.budget.take(
    4 * size * size,
    `layer ${JSON.stringify(name.slice(0, 100))}`,
  );
  const diagonal = new Float32Array(size * size);
  for (let i = 0; i < size; i++) diagonal[i * size + i] = slope[i] as number;
  reading.converted.push(
    `${name}: its mean, variance, scale and offset are now a Linear with a diagonal weight`,
  );
  reading.pieces.push({
    type: "Linear",
    options: {
      inputSize: size,
      outputSize: size,
      bias: true,
      activation: "linear",
    },
    dict: {
      weight: { shape: [size, size], data: diagonal },
      bias: { shape: [size], data: offset },
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

/** Axes of what comes, the batch counted. A model of Dense layers alone that does not say is one of single steps. */
function rankOf({ lastOnly, inputRank, pieces }: Reading): number {
  if (lastOnly) return 2;
  const flat = pieces.every(({ type }) => type === "Linear");
  return flat ? (inputRank ?? 2) : 3;
}

/**
 * Factor and offset of each feature.
 *
 * @param size how many features there are; null where the weights tell
 */
export function readAffine(
  { config }: LayerConfig,
  weights: LayerWeights,
  size: number | null,
): { slope: Float32Array; offset: Float32Array; epsilon: number } {
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
