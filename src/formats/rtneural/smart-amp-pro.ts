/*
 * SmartAmpPro's files. Their weights are those of a Keras model, so they are read as that model, into a Graph. Only
 * gatewise/load does this: it would make gatewise/rtneural five times as large.
 *
 *     conv1d, conv1d_1, lstm, dense: { "kernel:0": …, "bias:0": … }, input_size, conv1d_stride
 */
import { isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Graph } from "../../graph/index.js";
import { type BackendChoice, checkBackend } from "../../layers/options.js";
import { type Budget, budgetFor } from "../budget.js";
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

/** A layer with Keras's class name and config, and its weights in Keras's order, each with its place in the file. */
interface KerasLayer {
  readonly className: string;
  readonly config: Record<string, unknown>;
  readonly weights: readonly (readonly [value: unknown, at: string])[];
}

/** Whether the JSON has SmartAmpPro's fields. */
export function isSmartAmpPro({ fields }: Place): boolean {
  return ["conv1d", "lstm", "dense"].every((name) => {
    const layer = Object.hasOwn(fields, name) ? fields[name] : null;
    return isRecord(layer) && "kernel:0" in layer;
  });
}

/** @param fileSize in bytes; limits the memory that the model may take */
export function readSmartAmpPro(
  file: Place,
  fileSize: number,
  backend?: BackendChoice,
): { model: Graph; report: Report } {
  const shape = [null, integer(file, "input_size"), 1];
  const budget = budgetFor(undefined, fileSize);
  const layers = ampLayers(file, budget);
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
      budget,
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

/** Finds a layer's weights by its index, which its name `layers[i]` holds. */
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

/**
 * The strided convolutions leave one step, so the LSTM never uses its recurrent kernel and the file does not have one:
 * zeros stand in for it.
 */
function ampLayers(file: Place, budget: Budget): KerasLayer[] {
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
  budget.take(4 * units * rows, "lstm");
  const [input, bias] = weightsOf(lstm) as [Weight, Weight];
  const row = Array.from({ length: rows }, () => 0);
  const recurrent: Weight = [Array.from({ length: units }, () => row), "lstm"];
  const cell = {
    units,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    return_sequences: false,
  };
  const dense = object(file, "dense");
  const { shape } = nested(field(dense, "kernel:0"), inside(dense, "kernel:0"));
  return [
    ...convolutions,
    { className: "LSTM", config: cell, weights: [input, recurrent, bias] },
    {
      className: "Dense",
      config: { units: shape.at(-1), activation: "linear" },
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
