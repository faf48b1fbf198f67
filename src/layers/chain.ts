import { message, nonNegativeInteger, wrong } from "../checks.js";
import type { Cell } from "../kernel/model.js";
import { Embedding } from "./embedding.js";
import { GRU } from "./gru.js";
import { Linear } from "./linear.js";
import { LSTM } from "./lstm.js";
import { Masking } from "./masking.js";
import type { BackendChoice } from "./options.js";
import { checkCausal } from "./recurrent.js";
import { RNN } from "./rnn.js";

/** A layer whose output depends on the steps before. */
export type RecurrentLayer = RNN | LSTM | GRU;
/** A layer that the kernel runs; the others look up or mask before it does. */
export type KernelLayer = RecurrentLayer | Linear;
/** What a Sequential is made of. */
export type Layer = KernelLayer | Embedding | Masking;

/** The layers that there are, by the names that saved models give them. */
export const LAYERS = { RNN, LSTM, GRU, Linear, Embedding, Masking } as const;
export type LayerType = keyof typeof LAYERS;

export const typeOf = (layer: Layer): LayerType =>
  (Object.keys(LAYERS) as LayerType[]).find(
    (name) => layer instanceof LAYERS[name],
  ) as LayerType;

export const isRecurrent = (layer: Layer): layer is RecurrentLayer =>
  layer instanceof RNN || layer instanceof LSTM || layer instanceof GRU;

export const runsInKernel = (layer: Layer): layer is KernelLayer =>
  isRecurrent(layer) || layer instanceof Linear;

/** Whether only the last step comes out of a layer, so that T is gone behind it. */
export const givesLastOnly = (layer: Layer): boolean =>
  isRecurrent(layer) && !layer.options.returnSequences;

/** Whether a layer masks steps for those behind it. */
export const masks = (layer: Layer): boolean =>
  layer instanceof Masking ||
  (layer instanceof Embedding && layer.options.maskZero);

export const inputOf = (layer: KernelLayer): number => layer.options.inputSize;

export function outputOf(layer: KernelLayer | Embedding): number {
  if (layer instanceof Embedding) return layer.options.size;
  return isRecurrent(layer) ? layer.outputSize : layer.options.outputSize;
}

export const cellsOf = (layer: KernelLayer): Cell[] =>
  layer.stages.flatMap((stage) => stage.cells);

/**
 * Holds that the layers fit each other, that an Embedding stands only in front, and no recurrent layer behind one
 * with returnSequences false.
 */
export function checkChain(
  layers: unknown,
): asserts layers is readonly Layer[] {
  if (!Array.isArray(layers)) {
    throw wrong(false, "layers", "an array of layers", layers);
  }
  layers.forEach((layer: unknown, index) => {
    if (Object.values(LAYERS).some((type) => layer instanceof type)) return;
    const expected = "an RNN, LSTM, GRU, Linear, Embedding or Masking";
    throw wrong(false, `layers[${index}]`, expected, layer);
  });
  const refuse = (index: number, expected: string, got: string) =>
    new RangeError(message(`layers[${index}]`, expected, got));
  let lastOnly = false;
  let sized = -1; // the last layer that has sizes: a Masking takes what comes
  layers.forEach((layer: Layer, index) => {
    if (layer instanceof Embedding) {
      if (index)
        throw refuse(index, "an Embedding only in front", "another one");
    } else if (!(layer instanceof Masking) && sized >= 0) {
      const size = outputOf(layers[sized] as KernelLayer | Embedding);
      const expected = `inputSize ${size}, the output size of layers[${sized}]`;
      if (inputOf(layer) !== size)
        throw refuse(index, expected, `${inputOf(layer)}`);
    }
    if (!(layer instanceof Masking)) sized = index;
    const stepwise = isRecurrent(layer) || layer instanceof Masking;
    if (stepwise && lastOnly) {
      const kind = layer instanceof Masking ? "Masking" : "recurrent layer";
      const expected = `no ${kind} behind one with returnSequences false`;
      throw refuse(index, expected, typeOf(layer));
    }
    lastOnly ||= givesLastOnly(layer);
  });
  if (!layers.some((layer: Layer) => runsInKernel(layer))) {
    const expected = "at least one layer that is no Embedding";
    throw new RangeError(message("layers", expected, `${layers.length}`));
  }
}

/** Holds that the layers can run step by step, as streams do. */
export function checkStepwise(layers: readonly Layer[]): void {
  for (const layer of layers) {
    if (masks(layer)) {
      const expected = "a model that masks no steps";
      const got =
        layer instanceof Embedding ? "an Embedding with maskZero" : "a Masking";
      throw new RangeError(message("stream", expected, got));
    }
    if (isRecurrent(layer)) checkCausal(layer.options.direction, typeOf(layer));
  }
}

/** How many of a model's inputs are added to its outputs; `steps`: whether it takes and gives numbers at every step. */
export function checkSkip(
  value: unknown,
  inputSize: number,
  outputSize: number,
  steps: boolean,
): number {
  const skip = nonNegativeInteger(value, "skip");
  const most = Math.min(inputSize, outputSize);
  if (!skip || (steps && skip <= most)) return skip;
  const expected = steps
    ? `at most ${most} of ${inputSize} inputs and ${outputSize} outputs`
    : "0 for a model that takes tokens or gives the last step alone";
  throw new RangeError(message("skip", expected, `${skip}`));
}

/** The one backend that the layers ask for; those that ask for 'auto' take any. */
export function commonBackend(layers: readonly KernelLayer[]): BackendChoice {
  const asked = layers.map((layer) => layer.options.backend);
  const wanted = new Set(asked.filter((backend) => backend !== "auto"));
  if (wanted.size > 1) {
    const got = [...wanted].join(" and ");
    throw new RangeError(message("layers", "one backend for all", got));
  }
  return [...wanted][0] ?? "auto";
}
