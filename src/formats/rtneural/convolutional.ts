/*
 * RTNeural's files with convolutions, and SmartAmpPro's: their weights are Keras's, so they are read as the Keras model
 * that they were, into a Graph. Only gatewise/load does so: gatewise/rtneural would grow fivefold.
 *
 *     RTNeural      layers: [{ type: "conv1d", kernel_size: [3], dilation: [1], groups, weights: [kernel, bias] }, …], causal
 *     SmartAmpPro   conv1d, conv1d_1, lstm, dense: { "kernel:0": …, "bias:0": … }, input_size, conv1d_stride
 */
import { isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Graph } from "../../graph/index.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { budgetFor } from "../budget.js";
import {
  asList,
  field,
  inside,
  integer,
  nested,
  object,
  objects,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { producerOf } from "../keras-layers/producer.js";
import { sequenceOf } from "../keras-layers/topology.js";
import { translate } from "../keras-layers/translate/model.js";
import type { WeightSource } from "../keras-layers/weights.js";
import { makeReport, type Report } from "../report.js";
import { checkRecurrentActivation } from "./layers.js";

/** A layer as Keras has it, and the lists of its weights in Keras's order, with where they stand. */
interface KerasLayer {
  readonly className: string;
  readonly config: Record<string, unknown>;
  readonly weights: readonly (readonly [value: unknown, at: string])[];
}

/** Whether the JSON is one of these. */
export function isConvolutional(file: Place): boolean {
  if (isSmartAmpPro(file)) return true;
  const layers = field(file, "layers");
  return (
    Array.isArray(layers) &&
    layers.some((layer) => isRecord(layer) && layer["type"] === "conv1d")
  );
}

export function isSmartAmpPro({ fields }: Place): boolean {
  return ["conv1d", "lstm", "dense"].every((name) => {
    const layer = Object.hasOwn(fields, name) ? fields[name] : null;
    return isRecord(layer) && "kernel:0" in layer;
  });
}

/** @param fileSize bytes of the file, which bound what is made of it */
export function readConvolutional(
  file: Place,
  fileSize: number,
  backend?: BackendChoice,
): { model: Graph; report: Report } {
  const amp = isSmartAmpPro(file);
  const shape = amp
    ? [null, integer(file, "input_size"), 1]
    : [null, null, asList(field(file, "in_shape"), "in_shape").at(-1)];
  const layers = amp
    ? ampLayers(file)
    : objects(file, "layers").flatMap(rtneuralLayer);
  for (const name of ["in_skip", "in_gain", "out_gain"])
    if (field(file, name))
      throw unexpected("none beside convolutions", field(file, name), name);
  const lines = { converted: [], ignored: [], warnings: [] };
  const described: Report["layers"][number][] = [];
  const model = translate(
    sequenceOf(
      layers.map(({ className, config }, i) => ({
        className,
        name: `layers[${i}]`,
        config: { at: `layers[${i}]`, fields: config },
      })),
      shape,
    ),
    sourceOf(layers),
    {
      ...lines,
      producer: producerOf("2", false),
      budget: budgetFor(undefined, fileSize),
      backend: checkBackend(backend),
      layers: described,
    },
  );
  const report = makeReport({
    format: "rtneural",
    producer: amp ? "SmartAmpPro" : null,
    version: null,
    layers: described,
    ...lines,
  });
  return { model, report };
}

/** Weights by the layers' places in the list. */
function sourceOf(layers: readonly KerasLayer[]): WeightSource {
  const source: WeightSource = {
    of({ name }) {
      const { weights = [] } = layers[Number(name.slice(7, -1))] ?? {};
      let taken = 0;
      return {
        take(_, role, ordinal) {
          const [value, at = name] = weights[ordinal] ?? [];
          taken = Math.max(taken, ordinal + 1);
          if (value !== undefined) return { ...nested(value, at), place: at };
          throw new FormatError(`expected its ${role}`, name);
        },
        finish() {
          if (taken < weights.length)
            throw new FormatError(
              `expected ${taken} weights, got ${weights.length}`,
              name,
            );
        },
      };
    },
    inside: () => source,
  };
  return source;
}

/** One layer of RTNeural's, with the activation behind it where Keras has none inside. */
function rtneuralLayer(layer: Place): KerasLayer[] {
  const type = text(layer, "type");
  const at = inside(layer, "weights");
  const own = field(layer, "weights") ?? [];
  const weights = asList(own, at).map(
    (value, i) => [value, `${at}[${i}]`] as const,
  );
  const activation = field(layer, "activation") || "linear";
  const shape = asList(field(layer, "shape"), inside(layer, "shape"));
  const units = shape.at(-1);
  const cell = {
    units,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    return_sequences: true,
    reset_after: true,
  };
  const bias = { use_bias: weights.length > 1, activation };
  const behind: KerasLayer[] =
    activation === "linear"
      ? []
      : [{ className: "Activation", config: { activation }, weights: [] }];
  switch (type) {
    case "lstm":
      checkRecurrentActivation(layer);
      return [{ className: "LSTM", config: cell, weights }];
    case "gru":
      checkRecurrentActivation(layer);
      return [{ className: "GRU", config: cell, weights }];
    case "dense":
    case "time-distributed-dense":
      return [{ className: "Dense", config: { units, ...bias }, weights }];
    case "activation":
      return behind;
    case "conv1d": {
      const { kernel_size, dilation = 1, groups = 1 } = layer.fields;
      const config = {
        ...bias,
        filters: units,
        kernel_size,
        dilation_rate: dilation,
        groups,
        padding: "causal",
      };
      return [{ className: "Conv1D", config, weights }];
    }
    case "batchnorm": {
      const scaled = weights.length > 2;
      const config = {
        epsilon: field(layer, "epsilon"),
        scale: scaled,
        center: scaled,
      };
      return [{ className: "BatchNormalization", config, weights }, ...behind];
    }
    case "prelu":
      return [{ className: "PReLU", config: {}, weights }, ...behind];
    default:
      throw unexpected(
        "one of lstm, gru, dense, time-distributed-dense, activation, conv1d, batchnorm, prelu",
        type,
        inside(layer, "type"),
      );
  }
}

/** After the strides one step is left, so that SmartAmpPro's files need no recurrent kernel, and have none. */
function ampLayers(file: Place): KerasLayer[] {
  let steps = integer(file, "input_size");
  const convolutions = ["conv1d", "conv1d_1"].flatMap((name): KerasLayer[] => {
    if (field(file, name) === undefined) return [];
    const layer = object(file, name);
    const { shape } = nested(
      field(layer, "kernel:0"),
      inside(layer, "kernel:0"),
    );
    const strides = integer(file, `${name}_stride`, { absent: 1 });
    steps = Math.ceil(steps / strides);
    const config = {
      filters: shape.at(-1),
      kernel_size: shape[0],
      strides,
      padding: "same",
      activation: "linear",
    };
    return [{ className: "Conv1D", config, weights: weightsOf(layer) }];
  });
  const lstm = object(file, "lstm");
  const kernel = nested(field(lstm, "kernel:0"), inside(lstm, "kernel:0"));
  const rows = kernel.shape.at(-1) ?? 0;
  const units = rows / 4;
  if (steps !== 1)
    throw new FormatError(
      `expected strides that leave one step of input_size, got ${steps}: the file has no recurrent kernel`,
      "lstm",
    );
  if (!Number.isInteger(units))
    throw unexpected("four gates", rows, inside(lstm, "kernel:0"));
  const [own, bias] = weightsOf(lstm) as [Weight, Weight];
  const none = Array.from({ length: rows }, () => 0);
  const zeros = Array.from({ length: units }, () => none);
  const cell = {
    units,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    return_sequences: false,
  };
  const dense = object(file, "dense");
  const last = nested(field(dense, "kernel:0"), inside(dense, "kernel:0"));
  return [
    ...convolutions,
    { className: "LSTM", config: cell, weights: [own, [zeros, "lstm"], bias] },
    {
      className: "Dense",
      config: { units: last.shape.at(-1), activation: "linear" },
      weights: weightsOf(dense),
    },
  ];
}

type Weight = KerasLayer["weights"][number];

const weightsOf = (layer: Place): Weight[] =>
  ["kernel:0", "bias:0"].map((name) => [
    field(layer, name),
    inside(layer, name),
  ]);
