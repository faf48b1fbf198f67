/*
 * Activations by the names of PyTorch's classes and functions.
 */
import type { LinearOptions } from "../index.js";
import { lastName, type Silent } from "./named-module.js";

export type NamedActivation = NonNullable<LinearOptions["activation"]>;

/** In lower case, without underscores: relu for ReLU and relu, leakyrelu for LeakyReLU and leaky_relu. */
const BY_NAME: ReadonlyMap<string, NamedActivation> = new Map<
  string,
  NamedActivation
>([
  ["relu", "relu"],
  ["tanh", "tanh"],
  ["sigmoid", "sigmoid"],
  ["softmax", "softmax"],
  ["softplus", "softplus"],
  ["softsign", "softsign"],
  ["elu", "elu"],
  ["selu", "selu"],
  ["leakyrelu", "leakyRelu"],
  ["silu", "silu"],
  ["swish", "silu"],
  ["exp", "exponential"],
  ["identity", "linear"],
  ["linear", "linear"],
  // PyTorch's: x / 6 + 1/2, where ONNX and Keras 2 have x / 5 + 1/2
  ["hardsigmoid", { name: "hardSigmoid", alpha: 1 / 6, beta: 0.5 }],
]);

/** The names of the parameter of nn.ELU and nn.LeakyReLU. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["elu", "alpha"],
  ["leakyRelu", "negative_slope"],
]);

/** PyTorch's defaults. */
const DEFAULTS: ReadonlyMap<string, number> = new Map([
  ["elu", 1],
  ["leakyRelu", 0.01],
]);

/** The names allowed in options.chain. */
export const ACTIVATIONS = [...BY_NAME.keys()];

/** The activation named "relu", "ReLU", "relu1", "leaky_relu"; null if there is none of that name. */
export function activationByName(name: string): NamedActivation | null {
  const plain = name.replaceAll("_", "").toLowerCase();
  // relu6, which stops at 6, may be meant, and not the sixth relu
  if (plain === "relu6") return null;
  return BY_NAME.get(plain) ?? BY_NAME.get(plain.replace(/\d+$/, "")) ?? null;
}

/** The activation of a module whose parameter is not in the file, with PyTorch's default; null for other modules. */
export function activationByDefault(
  own: Silent,
): { readonly name: "elu"; readonly alpha: number } | null {
  if (activationOf(own) !== null) return null;
  const name = activationByName(own.type ?? lastName(own.name));
  const alpha = typeof name === "string" ? DEFAULTS.get(name) : undefined;
  return alpha === undefined ? null : { name: name as "elu", alpha };
}

/**
 * The activation that a module without weights computes, by its class or, if the file has none, its name. null if it is
 * not one, or one whose parameter is not in the file.
 */
export function activationOf({
  name,
  type,
  settings,
}: Silent): NamedActivation | null {
  const found = activationByName(type ?? lastName(name));
  if (found === "softplus" && (settings.get("beta") ?? 1) !== 1) return null;
  const number = typeof found === "string" ? NUMBERS.get(found) : undefined;
  if (number === undefined) return found;
  const alpha = settings.get(number);
  if (typeof alpha !== "number" || !Number.isFinite(alpha)) return null;
  return { name: found as "elu", alpha };
}
