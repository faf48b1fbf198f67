/*
 * A Keras model from its config and weights: a Sequential if it is a chain, otherwise a Graph, with lines for the report.
 */
import { FormatError, reasonOf } from "../../errors.js";
import type { Graph } from "../../graph/index.js";
import { type Layer, type ModelNames, Sequential } from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import type { Budget } from "../budget.js";
import { field, type Place } from "../json.js";
import {
  makeReport,
  refusal,
  type Report,
  type ReportLayer,
} from "../report.js";
import { layerActivation } from "./activations.js";
import { readBatchNormalization } from "./batch-normalization.js";
import { readBidirectional } from "./bidirectional.js";
import { chainOf, CONVOLUTIONS, POOLINGS } from "./chain.js";
import type { LayerConfig } from "./config.js";
import { readConvolution, readLayerNormalization } from "./convolution.js";
import { type Context, type Reading, refuse } from "./context.js";
import { makeLayer } from "./make.js";
import {
  IDENTITIES,
  readActivationLayer,
  readDense,
  readEmbedding,
  readFlatten,
  readMasking,
  readTimeDistributed,
} from "./non-recurrent.js";
import { readPooling } from "./pooling.js";
import type { Producer } from "./producer.js";
import { readRecurrent, RECURRENT_LAYERS, returnsState } from "./recurrent.js";
import { unknownLayers } from "./refusal.js";
import { readTopology, type Topology, type TopologyLayer } from "./topology.js";
import { translate } from "./translate/model.js";
import type { LayerWeights, WeightSource } from "./weights.js";

export interface KerasModel extends Pick<
  Context,
  "converted" | "ignored" | "warnings"
> {
  readonly model: Sequential | Graph;
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
  ...CONVOLUTIONS.map((name) => [name, readConvolution] as const),
  ...POOLINGS.map((name) => [name, readPooling] as const),
  ["LayerNormalization", readLayerNormalization],
  ["Flatten", (layer, _, reading) => readFlatten(layer, reading)],
  ["TimeDistributed", readTimeDistributed],
  ["Bidirectional", readBidirectional],
  ...RECURRENT_LAYERS.map((name) => [name, readRecurrent] as const),
]);

/**
 * @param model { class_name, config }
 * @param file fields of the report
 * @throws FormatError naming the layer if it is not supported or its weights do not fit
 */
export function readKerasModel(
  model: Place,
  source: WeightSource,
  file: Pick<Report, "format" | "producer" | "version">,
  producer: Producer,
  budget: Budget,
  backend: BackendChoice,
): KerasModel {
  const lines = { converted: [], ignored: [], warnings: [] };
  const context: Context = { ...lines, producer, budget };
  const topology = readTopology(model);
  const unknown = unknownLayers(topology, producer);
  if (unknown) {
    const { layers, described } = knownLayers(
      topology,
      source,
      context,
      backend,
    );
    const report = makeReport({ ...file, ...lines, layers: described });
    throw refusal(unknown.why, unknown.place, { report, layers });
  }
  const chain = chainOf(topology);
  if (chain) {
    const names = endsOf(topology);
    return { ...lines, ...readChain(chain, names, source, context, backend) };
  }
  const layers: ReportLayer[] = [];
  const translation = { ...context, backend, layers };
  return { ...lines, model: translate(topology, source, translation), layers };
}

/** The supported layers of a model with unsupported ones, for users to put together. */
function knownLayers(
  { layers }: Topology,
  source: WeightSource,
  context: Context,
  backend: BackendChoice,
): { layers: Record<string, Layer>; described: ReportLayer[] } {
  const described: ReportLayer[] = [];
  const found: [string, Layer][] = [];
  for (const { layer, saved, operation } of layers.values()) {
    const read = READERS.get(layer.className);
    if (operation || !read || layer.className === "BatchNormalization")
      continue;
    const reading = newReading(context);
    try {
      read(layer, source.of(layer, saved), reading);
      const [piece, ...more] = reading.pieces;
      if (!piece || more.length) continue;
      found.push([layer.name, makeLayer(piece, backend)]);
      described.push(piece.described);
    } catch (error) {
      // the error for the user is about the unsupported layer, not about this one
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return { layers: Object.fromEntries(found), described };
}

const newReading = (context: Context): Reading => ({
  ...context,
  pieces: [],
  size: null,
  lastOnly: false,
  inputRank: null,
});

/** The names of the input and the output, leaving out states. */
function endsOf({ inputs, outputs }: Topology): ModelNames {
  const [input] = inputs;
  const output = outputs.find(({ tensor }) => tensor.output === 0);
  return {
    ...(input && { input: { name: input.name } }),
    ...(output && { output: { name: output.name } }),
  };
}

function readChain(
  chain: readonly TopologyLayer[],
  names: ModelNames,
  source: WeightSource,
  context: Context,
  backend: BackendChoice,
): Pick<KerasModel, "model" | "layers"> {
  const reading = newReading(context);
  for (const { layer, saved } of chain) {
    reading.inputRank ??= inputRank(layer);
    const weights = source.of(layer, saved);
    readOne(layer, weights, reading);
    weights.finish();
    if (returnsState(layer))
      reading.converted.push(
        `${layer.name}: return_state: forward returns the state of every layer`,
      );
  }
  const { pieces } = reading;
  if (!pieces.some(({ type }) => type !== "Masking" && type !== "Embedding"))
    throw new FormatError(
      "expected at least one layer with weights, got none",
      "layers",
    );
  return {
    model: sequential(
      pieces.map((piece) => makeLayer(piece, backend)),
      names,
    ),
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
      `${name}: ${className}, which does nothing after training`,
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
  refuse(layer, `expected a layer of a chain, got ${className}`);
}

function sequential(layers: readonly Layer[], names: ModelNames): Sequential {
  try {
    return new Sequential(layers, { names });
  } catch (error) {
    // not expected, since the sizes of all layers have been checked against each other
    throw new FormatError(reasonOf(error), "layers");
  }
}
