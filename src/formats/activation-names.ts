/*
 * Activations by the names that PyTorch has for them, of classes and of functions.
 */
import type { LinearOptions } from "../index.js";
import { lastName, type Silent } from "./named-module.js";

export type NamedActivation = NonNullable<LinearOptions["activation"]>;

/** In small letters, without underscores: relu of ReLU and relu, leakyrelu of LeakyReLU and leaky_relu. */
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

/** What nn.ELU and nn.LeakyReLU call their number, and their own. */
const NUMBERS: ReadonlyMap<string, string> = new Map([
  ["elu", "alpha"],
  ["leakyRelu", "negative_slope"],
]);

/** What PyTorch takes where a program says nothing. */
const DEFAULTS: ReadonlyMap<string, number> = new Map([
  ["elu", 1],
  ["leakyRelu", 0.01],
]);

/** What may stand in options.chain. */
export const ACTIVATIONS = [...BY_NAME.keys()];

/** "relu", "ReLU", "relu1", "leaky_relu"; null for what is none. */
export function activationByName(name: string): NamedActivation | null {
  const plain = name.replaceAll("_", "").toLowerCase();
  return BY_NAME.get(plain) ?? BY_NAME.get(plain.replace(/\d+$/, "")) ?? null;
}

/** That of a module whose number the file does not tell, with PyTorch's default; null for what is no such module. */
export function activationByDefault(
  own: Silent,
): { readonly name: "elu"; readonly alpha: number } | null {
  if (activationOf(own) !== null) return null;
  const name = activationByName(own.type ?? lastName(own.name));
  const alpha = typeof name === "string" ? DEFAULTS.get(name) : undefined;
  return alpha === undefined ? null : { name: name as "elu", alpha };
}

/**
 * What a module without weights computes, by its class or, where the file has none, its name. null for what is no
 * activation, or one whose number the file does not tell.
 */
export function activationOf({
  name,
  type,
  settings,
}: Silent): NamedActivation | null {
  const found = activationByName(type ?? lastName(name));
  const number = typeof found === "string" ? NUMBERS.get(found) : undefined;
  if (number === undefined) return found;
  const alpha = settings.get(number);
  if (typeof alpha !== "number" || !Number.isFinite(alpha)) return null;
  return { name: found as "elu", alpha };
}
