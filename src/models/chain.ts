import { message, nonNegativeInteger, wrong } from "../checks.js";
import { Layer } from "../layers/layer.js";
import type { BackendChoice } from "../layers/options.js";
import { MOST_NUMBERS } from "../layers/parameters.js";
import { layerTypes } from "./layer-types.js";

/** What a chain of layers is in all. */
export interface Chain {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Whether T is gone at the end: the output is [B, O]. */
  readonly lastOnly: boolean;
}

/**
 * Asserts that the layers fit each other, that one which takes tokens stands only in front, and none that works over
 * time behind one with returnSequences false.
 *
 * @returns the sizes of the whole: those of the first and last layer that have any
 */
export function checkChain(layers: unknown): Chain {
  if (!Array.isArray(layers))
    throw wrong(false, "layers", "an array of layers", layers);
  layers.forEach((layer: unknown, index) => {
    // the one question of this kind: what users hand in may be anything
    if (layer instanceof Layer) return;
    throw wrong(false, `layers[${index}]`, `a layer (${layerTypes()})`, layer);
  });
  return checkFit(layers as readonly Layer[]);
}

function checkFit(layers: readonly Layer[]): Chain {
  let before = -1; // the last layer that has sizes: a Masking takes what comes
  let inputSize = 0;
  let lastOnly = false;
  layers.forEach((layer, index) => {
    const refuse = (expected: string, got: string) =>
      new RangeError(message(`layers[${index}]`, expected, got));
    if (layer.takesTokens && index)
      throw refuse(
        "a layer that takes features",
        `${layer.type}, which takes tokens and stands only in front`,
      );
    if (layer.inputSize) {
      const size = layers[before]?.outputSize ?? layer.inputSize;
      const expected = `inputSize ${size}, the output size of layers[${before}]`;
      if (layer.inputSize !== size)
        throw refuse(expected, `${layer.inputSize}`);
      inputSize ||= layer.inputSize;
      before = index;
    }
    const overTime = !layer.pointwise && !layer.setsSteps;
    if (lastOnly && (overTime || layer.masks))
      throw refuse(
        "no layer over time behind one with returnSequences false",
        layer.type,
      );
    lastOnly = layer.lastOnly || (lastOnly && !layer.setsSteps);
  });
  if (layers.some((layer) => layer.stages.length))
    return {
      inputSize,
      outputSize: (layers[before] as Layer).outputSize,
      lastOnly,
    };
  const got = layers.map(({ type }) => type).join(", ") || "none";
  const expected = "at least one layer that computes, such as an LSTM";
  throw new RangeError(message("layers", expected, got));
}

/** @throws RangeError where the layers' parameters are more than a model's memory has room for */
export function checkParameters(layers: readonly Layer[]): void {
  const count = layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
  if (count < MOST_NUMBERS) return;
  const expected = `parameters of less than ${MOST_NUMBERS} numbers in all, which is 2 GiB`;
  throw new RangeError(message("layers", expected, `${count}`));
}

/** Whether as many steps come out as go in, however many: two numbers tell strides and windows apart. */
export const keepsSteps = (layers: readonly Layer[]): boolean =>
  [512, 513].every(
    (steps) =>
      layers.reduce((left, layer) => layer.stepsOut(left), steps) === steps,
  );

/** How many of a model's inputs are added to its outputs; `steps`: whether it takes and gives numbers at every step. */
export function checkSkip(
  value: unknown,
  { inputSize, outputSize }: Pick<Chain, "inputSize" | "outputSize">,
  steps: boolean,
): number {
  const skip = nonNegativeInteger(value, "skip");
  const most = Math.min(inputSize, outputSize);
  if (!skip || (steps && skip <= most)) return skip;
  const expected = steps
    ? `at most ${most} of ${inputSize} inputs and ${outputSize} outputs`
    : "0 for a model that takes tokens or gives other steps than it takes";
  throw new RangeError(message("skip", expected, `${skip}`));
}

/** The one backend that the layers ask for; those that ask for 'auto' take any. */
export function commonBackend(layers: readonly Layer[]): BackendChoice {
  const asked = layers.map(({ backend }) => backend);
  const wanted = new Set(asked.filter((backend) => backend !== "auto"));
  if (wanted.size > 1) {
    const got = [...wanted].join(" and ");
    throw new RangeError(message("layers", "one backend for all", got));
  }
  return [...wanted][0] ?? "auto";
}
