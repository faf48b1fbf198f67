/*
 * SmartAmpPro's files: their weights are Keras's, so they are read as the Keras model that they were, into a Graph. Only
 * gatewise/load does so: gatewise/rtneural would grow fivefold.
 *
 *     conv1d, conv1d_1, lstm, dense: { "kernel:0": …, "bias:0": … }, input_size, conv1d_stride
 */
import { isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Graph } from "../../graph/index.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { budgetFor } from "../budget.js";
import {
  field,
  inside,
  integer,
  nested,
  object,
  type Place,
  unexpected,
} from "../json.js";
import { producerOf } from "../keras-layers/producer.js";
import { sequenceOf } from "../keras-layers/topology.js";
import { translate } from "../keras-layers/translate/model.js";
import type { WeightSource } from "../keras-layers/weights.js";
import { makeReport, type Report } from "../report.js";

/** A layer as Keras has it, and the lists of its weights in Keras's order, with where they stand. */
interface KerasLayer {
  readonly className: string;
  readonly config: Record<string, unknown>;
  readonly weights: readonly (readonly [value: unknown, at: string])[];
}

/** Whether the JSON is one of these. */
export function isSmartAmpPro({ fields }: Place): boolean {
  return ["conv1d", "lstm", "dense"].every((name) => {
    const layer = Object.hasOwn(fields, name) ? fields[name] : null;
    return isRecord(layer) && "kernel:0" in layer;
  });
}

/** @param fileSize bytes of the file, which bound what is made of it */
export function readSmartAmpPro(
  file: Place,
  fileSize: number,
  backend?: BackendChoice,
): { model: Graph; report: Report } {
  const shape = [null, integer(file, "input_size"), 1];
  const layers = ampLayers(file);
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
    producer: "SmartAmpPro",
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
