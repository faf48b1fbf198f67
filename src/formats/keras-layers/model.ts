/*
 * A Keras model: its config and weights as a Sequential, and what there is to say about it.
 */
import { FormatError, reasonOf } from "../../errors.js";
import {
  Embedding,
  GRU,
  type Layer,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
} from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import type { Budget } from "../budget.js";
import { field, type Place } from "../json.js";
import type { ReportLayer } from "../report.js";
import { layerActivation } from "./activations.js";
import { readBatchNormalization } from "./batch-normalization.js";
import { readBidirectional } from "./bidirectional.js";
import { readChain } from "./chain.js";
import { type LayerConfig, placeOf } from "./config.js";
import { type Context, type Piece, type Reading, refuse } from "./context.js";
import {
  IDENTITIES,
  readActivationLayer,
  readDense,
  readEmbedding,
  readFlatten,
  readMasking,
  readTimeDistributed,
} from "./others.js";
import type { Producer } from "./producer.js";
import { readRecurrent, RECURRENT_LAYERS } from "./recurrent.js";
import type { LayerWeights, WeightSource } from "./weights.js";

export interface KerasModel extends Pick<
  Context,
  "converted" | "ignored" | "warnings"
> {
  readonly model: Sequential;
  readonly layers: readonly ReportLayer[];
}

type Read = (
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
) => void;

const READERS = new Map<string, Read>([
  ["Dense", (layer, weights, reading) => readDense(layer, weights, reading)],
  ["Embedding", readEmbedding],
  ["Masking", (layer, _, reading) => readMasking(layer, reading)],
  ["BatchNormalization", readBatchNormalization],
  ["Flatten", (layer, _, reading) => readFlatten(layer, reading)],
  ["TimeDistributed", readTimeDistributed],
  ["Bidirectional", readBidirectional],
  ...RECURRENT_LAYERS.map((name) => [name, readRecurrent] as const),
]);

/**
 * @param model { class_name, config }
 * @throws FormatError naming the layer: it is not supported, or its weights do not fit
 */
export function readKerasModel(
  model: Place,
  source: WeightSource,
  producer: Producer,
  budget: Budget,
  backend: BackendChoice,
): KerasModel {
  const lines = { converted: [], ignored: [], warnings: [] };
  const reading: Reading = {
    ...lines,
    producer,
    budget,
    pieces: [],
    size: null,
    lastOnly: false,
    inputRank: null,
  };
  for (const { layer, saved } of readChain(model)) {
    reading.inputRank ??= inputRank(layer);
    const weights = source.of(layer, saved);
    readOne(layer, weights, reading);
    weights.finish();
  }
  const { pieces } = reading;
  if (!pieces.some(({ type }) => type !== "Masking" && type !== "Embedding"))
    throw new FormatError("expected at least one layer with weights", "layers");
  return {
    ...lines,
    model: sequential(pieces.map((piece) => make(piece, backend))),
    layers: pieces.map(({ described }) => described),
  };
}

function inputRank({ config }: LayerConfig): number | null {
  for (const name of ["batch_shape", "batch_input_shape"]) {
    const shape = field(config, name);
    if (Array.isArray(shape)) return shape.length;
  }
  return null;
}

function readOne(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { className, name, config } = layer;
  const read = READERS.get(className);
  if (read) return read(layer, weights, reading);
  if (className === "InputLayer") return;
  if (IDENTITIES.includes(className)) {
    reading.ignored.push(
      `${name}: ${className}, which does nothing once a model is trained`,
    );
    return;
  }
  const activation = layerActivation(
    className,
    config,
    reading.producer,
    reading.lastOnly ? 2 : 3,
  );
  if (activation !== null)
    return readActivationLayer(layer, activation, reading);
  const supported = [...READERS.keys(), "Activation", "Dropout"].join(", ");
  refuse(
    layer,
    `expected a layer that is supported: ${supported} and the like`,
  );
}

function sequential(layers: readonly Layer[]): Sequential {
  try {
    return new Sequential(layers);
  } catch (error) {
    // what each layer takes has been held against the layer before: nothing is known that comes here
    throw new FormatError(
      error instanceof Error ? error.message : "",
      "layers",
    );
  }
}

/** The layer, whose sizes have been held against the weights that the file has. */
function make(
  { type, options, dict, described }: Piece,
  backend: BackendChoice,
): Layer {
  const given = { ...options, backend } as never;
  try {
    if (type === "Masking") return new Masking(options as never);
    if (type === "Embedding")
      return new Embedding(options as never).loadStateDict(dict);
    const Made = { RNN, LSTM, GRU, Linear }[type];
    return new Made(given).loadStateDict(dict);
  } catch (error) {
    // an alpha that no layer of ours takes, and the like
    const why = reasonOf(error);
    throw new FormatError(why, placeOf(described.type, described.name));
  }
}
