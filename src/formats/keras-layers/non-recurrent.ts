/*
 * The layers that are not recurrent.
 */
import { integer, object } from "../json.js";
import {
  type Activation,
  activationText,
  layerActivation,
  readActivation,
} from "./activations.js";
import { flag, type LayerConfig, number, readLayer } from "./config.js";
import { type Reading, refuse } from "./context.js";
import type { Piece } from "./make.js";
import { transposed } from "./matrices.js";
import { requireSequence } from "./runs.js";
import { checkShape, ITSELF, type LayerWeights, type Part } from "./weights.js";

/** Layers that do nothing after training. */
export const IDENTITIES: readonly string[] = [
  "InputLayer",
  "Identity",
  "Dropout",
  "SpatialDropout1D",
  "GaussianNoise",
  "GaussianDropout",
  "AlphaDropout",
  "ActivityRegularization",
];

export function readDense(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
  part: Part = ITSELF,
): void {
  const { config } = layer;
  const units = integer(config, "units");
  const kernel = weights.take(part, "kernel", 0);
  const sizes = [reading.size, units];
  const [inputSize] = checkShape(kernel, sizes, "[inputs, units]");
  reading.budget.take(kernel.data.byteLength, kernel.place);
  const bias = flag(config, "use_bias", true)
    ? weights.take(part, "bias", 1)
    : null;
  if (bias) checkShape(bias, [units], "[units]");
  const activation = readActivation(config, "activation", reading.producer);
  const { name, className } = layer;
  push(reading, {
    type: "Linear",
    options: {
      inputSize: inputSize as number,
      outputSize: units,
      bias: bias !== null,
      activation,
    },
    dict: {
      weight: transposed(kernel, [0]),
      ...(bias && { bias: { shape: [units], data: bias.data } }),
    },
    outputSize: units,
    described: {
      name,
      type: className,
      sizes: { inputSize: inputSize as number, units },
      convention: `kernel [in, units], ${bias ? "bias" : "no bias"}, ${activationText(activation)}`,
    },
  });
}

/** A layer applied at each step, as our layers are anyway. */
export function readTimeDistributed(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const inner = readLayer(object(layer.config, "layer"));
  const named = { ...inner, name: layer.name };
  requireSequence(layer, reading);
  if (inner.className === "Dense") {
    readDense(named, weights, reading, { path: ["layer"], index: 0 });
    reading.converted.push(
      `${layer.name}: a TimeDistributed Dense is a Linear, which runs at every step anyway`,
    );
    return;
  }
  if (IDENTITIES.includes(inner.className)) {
    reading.ignored.push(`${layer.name}: TimeDistributed ${inner.className}`);
    return;
  }
  const activation = layerActivation(
    inner.className,
    inner.config,
    reading.producer,
    3,
  );
  if (activation === null)
    refuse(
      layer,
      `expected a TimeDistributed Dense, activation or Dropout, got ${inner.className}`,
    );
  readActivationLayer(named, activation, reading);
}

export function readEmbedding(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  const before = reading.pieces.at(-1);
  if (before)
    refuse(
      layer,
      `expected an Embedding to be the first layer, got ${before.described.type} before it`,
    );
  const vocabSize = integer(config, "input_dim");
  const size = integer(config, "output_dim");
  const table = weights.take(ITSELF, "embeddings", 0);
  checkShape(table, [vocabSize, size], "[input_dim, output_dim]");
  const maskZero = flag(config, "mask_zero", false);
  push(reading, {
    type: "Embedding",
    options: { vocabSize, size, ...(maskZero && { maskZero }) },
    dict: { weight: { shape: [vocabSize, size], data: table.data } },
    outputSize: size,
    described: {
      name,
      type: className,
      sizes: { input_dim: vocabSize, output_dim: size },
      convention: `a row a token${maskZero ? ", token 0 is masked" : ""}`,
    },
  });
}

export function readMasking(layer: LayerConfig, reading: Reading): void {
  const { config, name, className } = layer;
  const maskValue = number(config, "mask_value", 0);
  push(reading, {
    type: "Masking",
    options: { maskValue },
    dict: {},
    outputSize: null,
    described: {
      name,
      type: className,
      sizes: {},
      convention: `steps are masked if all features are ${maskValue}`,
    },
  });
}

/** Adds the activation to the Dense or convolution before it if that has none; otherwise it becomes its own layer. */
export function readActivationLayer(
  { className, name }: LayerConfig,
  activation: Activation,
  reading: Reading,
): void {
  if (activation === "linear") {
    reading.ignored.push(`${name}: ${className}, linear`);
    return;
  }
  const layer = { className, name, config: { at: "", fields: {} } };
  const what = activationText(activation);
  const before = reading.pieces.at(-1);
  // of a Linear or a Conv1d
  if (before?.options["activation"] === "linear") {
    before.options["activation"] = activation;
    reading.converted.push(
      `${name}: ${what} is now the activation of ${before.described.name}`,
    );
    return;
  }
  const { size } = reading;
  if (size === null || !reading.pieces.some(({ type }) => type !== "Masking"))
    return refuse(
      layer,
      "expected a layer with weights before an activation, got none",
    );
  push(reading, {
    type: "Activation",
    options: { size, activation },
    dict: {},
    outputSize: size,
    described: { name, type: className, sizes: {}, convention: what },
  });
}

/** A Flatten of a single step does nothing. */
export function readFlatten(layer: LayerConfig, reading: Reading): void {
  if (!reading.lastOnly)
    refuse(
      layer,
      "expected it after a layer with return_sequences false, got sequences",
    );
  reading.ignored.push(`${layer.name}: Flatten of one step`);
}

export function push(reading: Reading, piece: Piece): void {
  reading.pieces.push(piece);
  reading.size = piece.outputSize ?? reading.size;
}
