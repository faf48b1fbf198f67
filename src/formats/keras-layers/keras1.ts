/*
 * Keras 1: the same layers under different names, with the weights of recurrent layers gate by gate.
 *
 *     consume_less "gpu"   W [I, G·H], U [H, G·H], b [G·H]                 gates as in Keras 2
 *     else                 W, U, b of each gate: [I, H], [H, H], [H]       LSTM i c f o   GRU z r h
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { field, type Place } from "../json.js";
import {
  checkShape,
  type LayerWeights,
  type Part,
  type Role,
  type Weight,
} from "./weights.js";

/** Keras 2's names by those of Keras 1. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  ["output_dim", "units"],
  ["inner_activation", "recurrent_activation"],
  ["bias", "use_bias"],
  ["nb_filter", "filters"],
  ["filter_length", "kernel_size"],
  ["subsample_length", "strides"],
  ["atrous_rate", "dilation_rate"],
  ["border_mode", "padding"],
  ["pool_length", "pool_size"],
  ["stride", "strides"],
]);

const CLASSES: ReadonlyMap<string, string> = new Map([
  ["Convolution1D", "Conv1D"],
  ["AtrousConvolution1D", "Conv1D"],
]);

/** An Embedding still has an output_dim. */
const UNCHANGED = ["Embedding"];

/** Classes by the mode of a Merge. */
const MODES: ReadonlyMap<unknown, string> = new Map([
  ["sum", "Add"],
  ["mul", "Multiply"],
  ["ave", "Average"],
  ["max", "Maximum"],
  ["concat", "Concatenate"],
  ["dot", "Dot"],
]);

/** The name of a class in Keras 2. */
export function modernClass(className: string, config: Place): string {
  if (className === "Merge")
    return MODES.get(field(config, "mode")) ?? className;
  return CLASSES.get(className) ?? className;
}

/** The config with Keras 2's names in addition to its own. */
export function modernFields(className: string, config: Place): Place {
  if (UNCHANGED.includes(className)) return config;
  const added = [...FIELDS].flatMap(([old, name]) => {
    const value = field(config, old);
    const known = value === undefined || field(config, name) !== undefined;
    return known ? [] : [[name, value] as const];
  });
  if (!added.length) return config;
  const fields = { ...config.fields, ...Object.fromEntries(added) };
  return { at: config.at, fields };
}

/** The gates in the order of the weights, each as its index among Keras 2's. */
const GATES = { LSTM: [0, 2, 1, 3], GRU: [0, 1, 2], RNN: [0] } as const;

/** The weights of a cell in Keras 2's order, from either of Keras 1's. */
export function joinedGates(
  weights: LayerWeights,
  type: keyof typeof GATES,
  config: Place,
): LayerWeights {
  const gates = GATES[type];
  const old = field(config, "output_dim") !== undefined;
  if (!old || gates.length === 1 || field(config, "consume_less") === "gpu")
    return weights;
  let joined: ReadonlyMap<Role, Weight> | null = null;
  return {
    take(part, role) {
      joined ??= joinAll(weights, part, gates);
      return joined.get(role) as Weight;
    },
    finish: () => weights.finish(),
  };
}

function joinAll(
  weights: LayerWeights,
  part: Part,
  gates: readonly number[],
): Map<Role, Weight> {
  const roles = ["kernel", "recurrent_kernel", "bias"] as const;
  const found = gates.map((_, g) =>
    roles.map((role, k) => weights.take(part, role, roles.length * g + k)),
  );
  return new Map(
    roles.map((role, k) => {
      const each = gates.map((_, to) => found[gates.indexOf(to)]?.[k]);
      return [role, joinColumns(each as Weight[])];
    }),
  );
}

/** [K, H] of each gate → [K, G·H]; [H] of each → [G·H]. */
function joinColumns(parts: readonly Weight[]): Weight {
  const [first] = parts as [Weight];
  const rank = first.shape.length;
  if (rank !== 1 && rank !== 2)
    throw new FormatError(
      `expected a matrix or a vector, got ${shapeText(first.shape)}`,
      first.place,
    );
  for (const part of parts)
    checkShape(part, first.shape, "as large as that of the first gate");
  const columns = first.shape.at(-1) as number;
  const rows = first.data.length / columns;
  const width = parts.length * columns;
  const data = new Float32Array(rows * width);
  parts.forEach((part, g) => {
    for (let row = 0; row < rows; row++)
      data.set(
        part.data.subarray(row * columns, (row + 1) * columns),
        row * width + g * columns,
      );
  });
  const joined: Tensor = { shape: [...first.shape.slice(0, -1), width], data };
  return { ...joined, place: first.place };
}
