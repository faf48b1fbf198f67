import { describe, isRecord } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { field, inside, type Place, unexpected } from "../json.js";
import { number, requireFeatureAxis } from "./config.js";
import { hardSigmoid, type Producer } from "./producer.js";

/** An activation as an option of our layers, which check it. */
export type Activation =
  | string
  | { readonly name: string; readonly alpha?: number; readonly beta?: number };

/** By Keras's names; hard_sigmoid, which depends on the version, is below. */
const ACTIVATIONS = new Map<string, Activation>([
  ["linear", "linear"],
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["relu", "relu"],
  ["softmax", "softmax"],
  ["softsign", "softsign"],
  ["softplus", "softplus"],
  ["elu", { name: "elu", alpha: 1 }],
  ["selu", "selu"],
  ["exponential", "exponential"],
  ["silu", "silu"],
  ["swish", "silu"],
  ["leaky_relu", { name: "leakyRelu", alpha: 0.2 }],
]);

/** Layers that become an activation, of a Linear or by itself. */
const ACTIVATION_LAYERS: readonly string[] = [
  "Activation",
  "ReLU",
  "LeakyReLU",
  "ELU",
  "ThresholdedReLU",
  "Softmax",
];

/** Whether our layers have the activation that the config names. */
export function hasOwnActivation(config: Place): boolean {
  const value = field(config, "activation") ?? "linear";
  const name = isRecord(value)
    ? field({ at: "", fields: value }, "config")
    : value;
  return isRecord(name) || isKnown(name);
}

/** Whether a layer is one that `layerActivation` reads. */
export function isActivationLayer(className: string, config: Place): boolean {
  if (className === "Activation") return hasOwnActivation(config);
  if (className !== "ReLU") return ACTIVATION_LAYERS.includes(className);
  const limit = field(config, "max_value") ?? null;
  return (
    limit === null && (!field(config, "threshold") || slope(config, 0) === 0)
  );
}

const isKnown = (name: unknown): boolean =>
  typeof name === "string" &&
  (name === "hard_sigmoid" || ACTIVATIONS.has(name));

/** The activation that a field names. */
export function readActivation(
  config: Place,
  name: string,
  producer: Producer,
): Activation {
  const value = field(config, name) ?? "linear";
  const at = inside(config, name);
  if (typeof value === "string") return named(value, at, producer);
  if (!isRecord(value)) throw unexpected("an activation", value, at);
  const className = field({ at, fields: value }, "class_name");
  const own = field({ at, fields: value }, "config");
  if (className === "function" && typeof own === "string")
    return named(own, at, producer);
  if (typeof className === "string" && isRecord(own)) {
    const found = layerActivation(className, { at, fields: own }, producer, 0);
    if (found !== null) return found;
  }
  const got = typeof className === "string" ? className : value;
  throw unexpected(`one of ${[...names()].join(", ")}`, got, at);
}

/** The same for a recurrent layer, which does not support softmax. */
export function readCellActivation(
  config: Place,
  name: string,
  producer: Producer,
): Activation {
  const activation = readActivation(config, name, producer);
  if (activation !== "softmax") return activation;
  const at = inside(config, name);
  throw unexpected("an elementwise activation", activation, at);
}

/**
 * The activation that a layer computes; null for layers that are not activations.
 *
 * @param rank of its input
 */
export function layerActivation(
  className: string,
  config: Place,
  producer: Producer,
  rank: number,
): Activation | null {
  switch (className) {
    case "Activation":
      return readActivation(config, "activation", producer);
    case "ReLU":
      return relu(config);
    case "LeakyReLU":
      return { name: "leakyRelu", alpha: slope(config, 0.3) };
    case "ELU":
      return { name: "elu", alpha: number(config, "alpha", 1) };
    case "ThresholdedReLU":
      return { name: "thresholdedRelu", alpha: number(config, "theta", 1) };
    case "Softmax":
      requireFeatureAxis(config, rank);
      return "softmax";
    default:
      return null;
  }
}

/** Short, for a report. */
export function activationText(activation: Activation): string {
  if (typeof activation === "string") return activation;
  const { name, ...numbers } = activation;
  const given = Object.entries(numbers).map(
    ([letter, value]) => `${letter} ${Number(value.toFixed(4))}`,
  );
  return given.length ? `${name} (${given.join(", ")})` : name;
}

function names(): Iterable<string> {
  return [...ACTIVATIONS.keys(), "hard_sigmoid"];
}

function named(name: string, at: string, producer: Producer): Activation {
  if (name === "hard_sigmoid") return hardSigmoid(producer);
  const found = ACTIVATIONS.get(name);
  if (found !== undefined) return found;
  throw unexpected(`one of ${[...names()].join(", ")}`, name, at);
}

/** alpha in Keras 2, negative_slope in Keras 3. */
function slope(config: Place, absent: number): number {
  return number(config, "negative_slope", number(config, "alpha", absent));
}

function relu(config: Place): Activation {
  const alpha = slope(config, 0);
  const threshold = number(config, "threshold", 0);
  const limit = field(config, "max_value") ?? null;
  if (limit === null && threshold === 0)
    return alpha === 0 ? "relu" : { name: "leakyRelu", alpha };
  if (limit === null && alpha === 0 && threshold > 0)
    return { name: "thresholdedRelu", alpha: threshold };
  throw new FormatError(
    `expected only a slope or a threshold, got max_value ${describe(limit)}, slope ${alpha}, threshold ${threshold}`,
    config.at || "ReLU",
  );
}
