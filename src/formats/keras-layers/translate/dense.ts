/*
 * Layers that treat each step by itself, and layers at the beginning of a model.
 */
import { integer } from "../../json.js";
import { hasOwnActivation } from "../activations.js";
import { flag, type LayerConfig, number } from "../config.js";
import { makeLayer } from "../make.js";
import { readDense } from "../non-recurrent.js";
import { checkShape, ITSELF } from "../weights.js";
import { namedActivation } from "./activations.js";
import { type Emitter, Flow, sizesText } from "./flow.js";
import { only, placed } from "./only.js";
import { checkFeatures, piecesOf } from "./pieces.js";
import type { Prepare } from "./translation.js";

/** A Linear, for [B, I] and [B, T, I]; further axes are merged for it. */
export const dense: Prepare = (layer, weights, translation) => {
  const { producer, backend } = translation;
  const own = hasOwnActivation(layer.config);
  const after = own
    ? null
    : namedActivation(layer.config, "activation", producer);
  const [piece] = piecesOf(
    own ? layer : withActivation(layer, "linear"),
    weights,
    translation,
    readDense,
  );
  if (!piece) throw placed(layer, "expected its weights, got none");
  const linear = makeLayer(piece, backend);
  const { inputSize, outputSize } = piece.options as {
    inputSize: number;
    outputSize: number;
  };
  return (given, { emit }) => {
    const x = only(layer, given);
    checkFeatures(x, inputSize, layer);
    const sizes = [...x.sizes.slice(0, -1), outputSize];
    const flat = x.rank > 3 ? flattened(x, inputSize, emit, layer) : x;
    const run = emit.builder.layer(linear, flat.value, { name: emit.name });
    const output =
      x.rank > 3
        ? emit.reshape(
            new Flow(run.output, [null, outputSize]),
            [-1, ...(sizes.slice(1) as number[])],
            sizes,
          )
        : new Flow(run.output, sizes);
    return [(after ? after(output, emit) : output).with(x.mask)];
  };
};

/** Merges all axes but the last. The sizes between must be known, to restore them afterwards. */
function flattened(
  x: Flow,
  size: number,
  emit: Emitter,
  layer: LayerConfig,
): Flow {
  if (x.sizes.slice(1, -1).includes(null))
    throw placed(
      layer,
      `expected known sizes between batch and features, got ${sizesText(x.sizes)}`,
    );
  return emit.reshape(x, [-1, size], [null, size]);
}

function withActivation(layer: LayerConfig, activation: string): LayerConfig {
  const { at, fields } = layer.config;
  return { ...layer, config: { at, fields: { ...fields, activation } } };
}

/** Rows of a table; token 0 is masked with mask_zero. */
export const embedding: Prepare = (layer, weights, { layers }) => {
  const { config, name, className } = layer;
  const rows = integer(config, "input_dim");
  const size = integer(config, "output_dim");
  const table = weights.take(ITSELF, "embeddings", 0);
  checkShape(table, [rows, size], "[input_dim, output_dim]");
  const maskZero = flag(config, "mask_zero", false);
  layers.push({
    name,
    type: className,
    sizes: { input_dim: rows, output_dim: size },
    convention: `a row a token${maskZero ? ", token 0 is masked" : ""}`,
  });
  return (given, { emit }) => {
    const ids = emit.cast(only(layer, given), "int64");
    const vectors = emit.constant(table, table.shape);
    const sizes = [...ids.sizes, size];
    const found = emit.node("Gather", [vectors, ids], { axis: 0 }, sizes);
    if (!maskZero) return [found];
    const zero = new Flow(emit.builder.integers([0], []), [], "int64");
    return [found.with(emit.not(emit.equal(ids, zero)))];
  };
};

/** Masks the steps whose features all equal a value, and replaces them by zeros. */
export const masking: Prepare = (layer, _, { layers }) => {
  const value = number(layer.config, "mask_value", 0);
  layers.push({
    name: layer.name,
    type: layer.className,
    sizes: {},
    convention: `a step all of whose features are ${value} is masked`,
  });
  return (given, { emit }) => {
    const x = only(layer, given);
    const other = emit.not(emit.equal(x, emit.scalar(value)));
    const last = x.rank - 1;
    const count = emit.reduce("ReduceSum", emit.cast(other, "float32"), [last]);
    const mask = emit.not(emit.equal(count, emit.scalar(0)));
    return [emit.masked(x, mask).with(mask)];
  };
};

/** Layers that only have an effect in training. */
export const identity: Prepare = (layer, _, { ignored }) => {
  ignored.push(
    `${layer.name}: ${layer.className}, which does nothing after training`,
  );
  return (given) => [only(layer, given)];
};
