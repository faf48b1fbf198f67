/*
 * Activations by the names that PyTorch has for them, of classes and of functions.
 */
import type { LinearOptions } from "../index.js";

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

/** What may stand in options.chain. */
export const ACTIVATIONS = [...BY_NAME.keys()];

/** "relu", "ReLU", "relu1", "leaky_relu"; null for what is none. */
export function activationByName(name: string): NamedActivation | null {
  const plain = name.replaceAll("_", "").toLowerCase();
  return BY_NAME.get(plain) ?? BY_NAME.get(plain.replace(/\d+$/, "")) ?? null;
}
