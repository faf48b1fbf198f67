/*
 * What the options of a recurrent layer are as attributes of a node.
 */
import { message } from "../../../checks.js";
import { RECURRENT_KINDS } from "../../../layers/cells.js";
import type { RecurrentLayer } from "../../../layers/chain.js";
import { GRU } from "../../../layers/gru.js";
import { LSTM } from "../../../layers/lstm.js";
import type { AttributeValue } from "../made.js";
import { onnxActivations, onnxName } from "../../../graph/index.js";
import { withNumbers } from "./activations.js";

export function kindOf(layer: RecurrentLayer): "RNN" | "LSTM" | "GRU" {
  if (layer instanceof LSTM) return "LSTM";
  return layer instanceof GRU ? "GRU" : "RNN";
}

export function directionsOf({ options }: RecurrentLayer): 1 | 2 {
  return options.direction === "bidirectional" ? 2 : 1;
}

/** @throws RangeError for an option that ONNX has no word for, by its `place` */
export function attributesOf(
  layer: RecurrentLayer,
  place: string,
): Record<string, AttributeValue> {
  const { hiddenSize, direction, clip } = layer.options;
  if (layer instanceof LSTM && layer.options.projSize) {
    const got = `${layer.options.projSize}`;
    throw new RangeError(
      message(`${place}.projSize`, "0, since ONNX has no projection", got),
    );
  }
  return {
    hidden_size: hiddenSize,
    direction,
    ...activationsOf(layer, place),
    ...(clip < Infinity && { clip: { float: clip } }),
    ...(layer instanceof GRU && {
      linear_before_reset: layer.options.resetAfter ? 1 : 0,
    }),
    ...(layer instanceof LSTM &&
      layer.options.coupledGates && { input_forget: 1 }),
  };
}

/** Nothing for the standard functions, which runtimes take the fastest path for. */
function activationsOf(
  layer: RecurrentLayer,
  place: string,
): Record<string, AttributeValue> {
  const { activations } = layer.options;
  const relu =
    "nonlinearity" in layer.options && layer.options.nonlinearity === "relu";
  const given = activations.length ? activations : relu ? ["relu"] : [];
  if (!given.length) return {};
  const functions = given.map((activation, i) => {
    const { name, alpha, beta } = withNumbers(activation);
    // the identity is affine
    if (name === "linear")
      return { name: "affine", alpha: 1, beta: 0 } as const;
    const known = onnxActivations.find((own) => own === name);
    if (known) return { name: known, alpha, beta };
    const expected = `one of ${["linear", ...onnxActivations].join(", ")}, which ONNX has`;
    throw new RangeError(
      message(`${place}.activations[${i}]`, expected, JSON.stringify(name)),
    );
  });
  const count = RECURRENT_KINDS[kindOf(layer)].activations.length;
  const all =
    functions.length === count * directionsOf(layer)
      ? functions
      : [...functions, ...functions];
  checkUpdateGate(layer, all, count, place);
  const numbers = (list: readonly (number | undefined)[]) =>
    list.filter((number) => number !== undefined);
  const alphas = numbers(all.map(({ alpha }) => alpha));
  const betas = numbers(all.map(({ beta }) => beta));
  return {
    activations: all.map(({ name }) => onnxName(name)),
    ...(alphas.length && { activation_alpha: { floats: alphas } }),
    ...(betas.length && { activation_beta: { floats: betas } }),
  };
}

/** ONNX's z keeps the state: one that replaces it is turned by its weights, if f(-x) = 1 - f(x). */
function checkUpdateGate(
  layer: RecurrentLayer,
  functions: readonly { name: string; beta: number | undefined }[],
  count: number,
  place: string,
): void {
  if (!(layer instanceof GRU) || layer.options.updateGate === "keep") return;
  functions.forEach(({ name, beta }, i) => {
    if (i % count) return;
    if (name === "sigmoid" || (name === "hardSigmoid" && beta === 0.5)) return;
    throw new RangeError(
      message(
        `${place}.updateGate`,
        `"keep", or a gate of sigmoid, since ONNX has no other word for it`,
        `"replace" with ${name}`,
      ),
    );
  });
}
