/*
 * Converts the options of a recurrent layer to attributes of a node.
 */
import { message } from "../../../checks.js";
import type { CellActivation } from "../../../index.js";
import { RECURRENT_KINDS } from "../../../layers/cells.js";
import type { GRU } from "../../../layers/gru.js";
import type { LSTM } from "../../../layers/lstm.js";
import type { RNN } from "../../../layers/rnn.js";
import type { AttributeValue } from "../make-messages.js";
import { onnxActivations, onnxName } from "../../../graph/index.js";
import { withNumbers } from "./activations.js";

/** The layers that are a node of the same name in ONNX. */
export type RecurrentLayer = RNN | LSTM | GRU;

export function directionsOf({ options }: RecurrentLayer): 1 | 2 {
  return options.direction === "bidirectional" ? 2 : 1;
}

/** @throws RangeError, naming `place`, for an option that ONNX does not have */
export function attributesOf(
  layer: RecurrentLayer,
  place: string,
): Record<string, AttributeValue> {
  const { hiddenSize, direction, clip } = layer.options;
  return {
    hidden_size: hiddenSize,
    direction,
    ...activationsOf(layer, place),
    ...(clip < Infinity && { clip: { float: clip } }),
    ...cellAttributes(layer, place),
  };
}

function cellAttributes(
  layer: RecurrentLayer,
  place: string,
): Record<string, AttributeValue> {
  switch (layer.type) {
    case "RNN":
      return {};
    case "GRU":
      return { linear_before_reset: layer.options.resetAfter ? 1 : 0 };
    case "LSTM": {
      const { projSize, coupledGates, cellClip } = layer.options;
      if (cellClip < Infinity)
        throw new RangeError(
          message(
            `${place}.cellClip`,
            "Infinity, since ONNX does not clip the cell",
            `${cellClip}`,
          ),
        );
      if (!projSize) return coupledGates ? { input_forget: 1 } : {};
      const expected = "0, since ONNX has no projection";
      throw new RangeError(
        message(`${place}.projSize`, expected, `${projSize}`),
      );
    }
  }
}

/** No attributes for the standard functions, so that runtimes take their fastest path. */
function activationsOf(
  layer: RecurrentLayer,
  place: string,
): Record<string, AttributeValue> {
  const { activations } = layer.options;
  const relu = layer.type === "RNN" && layer.options.nonlinearity === "relu";
  const given: readonly CellActivation[] =
    !activations.length && relu ? ["relu"] : activations;
  if (!given.length) return {};
  const functions = given.map((activation, i) => {
    const { name, alpha, beta } = withNumbers(activation);
    // the identity is affine
    if (name === "linear")
      return { name: "affine", alpha: 1, beta: 0 } as const;
    const known = onnxActivations.find((own) => own === name);
    if (known) return { name: known, alpha, beta };
    const expected = `one of ONNX's functions, ${["linear", ...onnxActivations].join(", ")}`;
    throw new RangeError(
      message(`${place}.activations[${i}]`, expected, JSON.stringify(name)),
    );
  });
  const count = RECURRENT_KINDS[layer.type].activations.length;
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

/** Whether the update gate z multiplies the candidate. In ONNX, z multiplies the state. */
export const replacesByUpdateGate = (layer: RecurrentLayer): boolean =>
  layer.type === "GRU" && layer.options.updateGate === "replace";

/**
 * In ONNX, the update gate z multiplies the state. A gate that multiplies the candidate is written with negated weights,
 * for which f(-x) must be 1 - f(x).
 */
function checkUpdateGate(
  layer: RecurrentLayer,
  functions: readonly { name: string; beta: number | undefined }[],
  count: number,
  place: string,
): void {
  if (!replacesByUpdateGate(layer)) return;
  functions.forEach(({ name, beta }, i) => {
    if (i % count) return;
    if (name === "sigmoid" || (name === "hardSigmoid" && beta === 0.5)) return;
    throw new RangeError(
      message(
        `${place}.updateGate`,
        `"keep" or a sigmoid gate, since ONNX only has these`,
        `"replace" with ${name}`,
      ),
    );
  });
}
