/*
 * Normalisation in a trained model.
 *
 *     BatchNormalization   γ (x - μ) / √(σ² + ε) + β, with the moving mean and variance
 *     LayerNormalization   the same, with the input's mean and variance over its axes
 */
import { field, valueText } from "../../json.js";
import { flag, type LayerConfig, number } from "../config.js";
import { readAffine } from "../batch-normalization.js";
import {
  checkShape,
  ITSELF,
  type LayerWeights,
  type Role,
} from "../weights.js";
import { axisIn, type Emitter, type Flow } from "./flow.js";
import { only, placed } from "./only.js";
import type { Prepare } from "./translation.js";

export const batchNormalization: Prepare = (layer, weights, { layers }) => {
  const { name, className } = layer;
  const { slope, offset, epsilon } = readAffine(layer, weights, null);
  const size = slope.length;
  layers.push({
    name,
    type: className,
    sizes: { features: size },
    convention: `with the moving mean and variance, epsilon ${epsilon}`,
  });
  return (given, { emit }) => {
    const x = only(layer, given);
    const [axis] = axesIn(layer, x);
    checkSize(layer, x, axis as number, size);
    const shape = x.sizes.slice(axis).map((_, i) => (i ? 1 : size));
    const [factors, offsets] = [slope, offset].map((data) =>
      emit.constant({ shape, data }, shape),
    ) as [Flow, Flow];
    const scaled = emit.binary("Mul", x, factors);
    return [emit.binary("Add", scaled, offsets).with(x.mask)];
  };
};

export const layerNormalization: Prepare = (layer, weights, { layers }) => {
  const { config, name, className } = layer;
  if (flag(config, "rms_scaling", false))
    throw placed(layer, "expected rms_scaling false, got true");
  const take = taker(weights);
  const gamma = flag(config, "scale", true) ? take("gamma") : null;
  const beta = flag(config, "center", true) ? take("beta") : null;
  const epsilon = number(config, "epsilon", 0.001);
  layers.push({
    name,
    type: className,
    sizes: gamma ? { features: gamma.data.length } : {},
    convention: `over its axes, epsilon ${epsilon}`,
  });
  return (given, { emit }) => {
    const x = only(layer, given);
    const axes = axesIn(layer, x);
    const mean = emit.reduce("ReduceMean", x, axes, true);
    const centred = emit.binary("Sub", x, mean);
    const squares = emit.binary("Mul", centred, centred);
    const variance = emit.reduce("ReduceMean", squares, axes, true);
    const deviation = emit.unary(
      "Sqrt",
      emit.binary("Add", variance, emit.scalar(epsilon)),
    );
    let y = emit.binary("Div", centred, deviation);
    for (const [type, weight] of [
      ["Mul", gamma],
      ["Add", beta],
    ] as const)
      if (weight) {
        const expected = axes.map((axis) => x.sizes[axis] ?? null);
        checkShape(weight, expected, "the sizes of its axes");
        y = emit.binary(type, y, spread(weight, axes, x.rank, emit));
      }
    return [y.with(x.mask)];
  };
};

const taker = (weights: LayerWeights) => {
  let ordinal = 0;
  return (role: Role) => weights.take(ITSELF, role, ordinal++);
};

/** The axes of a layer, in order; -1 by default. */
function axesIn({ config, ...layer }: LayerConfig, x: Flow): number[] {
  const given = field(config, "axis") ?? -1;
  const listed: unknown[] = Array.isArray(given) ? given : [given];
  const axes = listed.map((axis) => axisIn(axis, x.rank));
  const ascending = axes.every((axis, i) => axis && axis > (axes[i - 1] ?? 0));
  if (axes.length && ascending) return axes as number[];
  throw placed(
    { config, ...layer },
    `expected some of the input's ${x.rank} axes in their order, not the batch, got ${valueText(given)}`,
  );
}

function checkSize(
  layer: LayerConfig,
  x: Flow,
  axis: number,
  size: number,
): void {
  const got = x.sizes[axis] ?? size;
  if (got !== size)
    throw placed(layer, `expected ${size} features, got ${got}`);
}

/** A weight over some axes, with size 1 for the others, so that it broadcasts. */
function spread(
  { shape, data }: { shape: readonly number[]; data: Float32Array },
  axes: readonly number[],
  rank: number,
  emit: Emitter,
): Flow {
  const first = Math.min(...axes);
  const full = Array.from({ length: rank - first }, (_, i) => {
    const at = axes.indexOf(first + i);
    return at < 0 ? 1 : (shape[at] as number);
  });
  return emit.constant({ shape: full, data }, full);
}
