import {
  boolean,
  knownKeys,
  message,
  oneOf,
  positiveInteger,
  record,
  refuseForeignNames,
  wrong,
} from "../checks.js";
import type { Window } from "../kernel/cells/cell.js";
import {
  type Activation as StandardActivation,
  byPanels,
  type CellActivation,
} from "../kernel/model.js";
import { checkActivation } from "./activations.js";
import {
  type BackendChoice,
  checkBackend,
  layerSeed,
  type PrecisionOptions,
  precisionOptions,
} from "./options.js";

/**
 * Options of a `Conv1d`, with the meaning they have in `torch.nn.Conv1d`; precision 'int8' and 'int8-fast' need groups 1,
 * or groups of an even number of inputs and a multiple of 16 outputs.
 */
export interface Conv1dOptions extends PrecisionOptions {
  inputSize: number;
  outputSize: number;
  /** K, the number of input steps that each output step is computed from. */
  kernelSize: number;
  /** Input steps from one output step to the next; 1 by default. */
  stride?: number;
  /** Distance between the input steps that an output step is computed from; 1 by default. */
  dilation?: number;
  /** Number of groups, each of which computes its output features from its own input features only; 1 by default. */
  groups?: number;
  /**
   * Zeros around each sequence. 'valid', the default: none; a number: that many on both sides, as in PyTorch; 'same':
   * as many as ⌈T / stride⌉ output steps need, an odd one at the end, as in Keras; 'causal': (K - 1) · dilation at the
   * start, so that no output step depends on later ones.
   */
  padding?: "causal" | "same" | "valid" | number;
  /** true by default. */
  bias?: boolean;
  /** 'linear' (none), the default; any activation of a cell, or 'softmax'. */
  activation?: StandardActivation | CellActivation;
  /** Seed of the initial weights, U(-1/√n, 1/√n) with n = I / groups · K; by default each layer gets its own. */
  seed?: number;
  /** The kernel; 'auto' by default. */
  backend?: BackendChoice;
}

export { byPanels };

export function checkOptions(options: Conv1dOptions): Required<Conv1dOptions> {
  refuseForeignNames(record(options, "options"));
  const checked = {
    inputSize: positiveInteger(options.inputSize, "inputSize"),
    outputSize: positiveInteger(options.outputSize, "outputSize"),
    kernelSize: positiveInteger(options.kernelSize, "kernelSize"),
    stride: positiveInteger(options.stride ?? 1, "stride"),
    dilation: positiveInteger(options.dilation ?? 1, "dilation"),
    groups: positiveInteger(options.groups ?? 1, "groups"),
    padding: checkPadding(options.padding ?? "valid"),
    bias: boolean(options.bias ?? true, "bias"),
    activation: checkActivation(options.activation ?? "linear", "activation", [
      "softmax",
    ]),
    seed: layerSeed(options.seed),
    backend: checkBackend(options.backend),
    ...precisionOptions(options),
  };
  const { inputSize, outputSize, groups } = knownKeys(options, checked);
  if (inputSize % groups || outputSize % groups) {
    const expected = `a divisor of inputSize ${inputSize} and outputSize ${outputSize}`;
    throw new RangeError(message("groups", expected, `${groups}`));
  }
  if (
    checked.precision !== "float32" &&
    !byPanels(inputSize, outputSize, groups)
  ) {
    const got = `"${checked.precision}"`;
    const expected = `"float32" with ${groups} groups of ${inputSize / groups} inputs and ${outputSize / groups} outputs (an even number and a multiple of 16 may be integers)`;
    throw new RangeError(message("precision", expected, got));
  }
  return checked;
}

function checkPadding(value: unknown): "causal" | "same" | "valid" | number {
  if (typeof value !== "number")
    return oneOf(value, "padding", ["causal", "same", "valid"] as const);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw wrong(true, "padding", "an integer of at least 0", value);
}

/** The window of input steps; null if the convolution is causal with stride 1, so that a step needs only its past. */
export function windowOf(options: Required<Conv1dOptions>): Window | null {
  const { kernelSize, stride, dilation, padding } = options;
  const span = (kernelSize - 1) * dilation + 1;
  const zeros = typeof padding === "number" ? padding : 0;
  const causal = padding === "causal";
  if (stride === 1 && !zeros && (causal || span === 1)) return null;
  if (causal) return { span, stride, before: span - 1, after: 0 };
  const same = padding === "same";
  return { span, stride, before: zeros, after: zeros, same };
}
