import { message, nonNegativeInteger, wrong } from "../checks.js";
import { Layer } from "../layers/layer.js";
import type { BackendChoice } from "../layers/options.js";
import { MAX_NUMBERS } from "../layers/parameters.js";
import { layerTypes } from "./layer-types.js";

/** The chain of layers as a whole. */
export interface Chain {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Whether the output has no time axis: [B, O]. */
  readonly lastOnly: boolean;
}

/**
 * Checks that the sizes of the layers match, that only the first takes tokens, and that no layer that works over time
 * comes after one with returnSequences false.
 *
 * @returns the sizes of the first and the last layer that have any
 * @throws TypeError, RangeError that name the layer
 */
export function checkChain(layers: unknown): Chain {
  if (!Array.isArray(layers))
    throw wrong(false, "layers", "an array of layers", layers);
  layers.forEach((layer: unknown, index) => {
    // the only instanceof of its kind: users may pass anything
    if (layer instanceof Layer) return;
    throw wrong(false, `layers[${index}]`, `a layer (${layerTypes()})`, layer);
  });
  return checkFit(layers as readonly Layer[]);
}

function checkFit(layers: readonly Layer[]): Chain {
  let before = -1; // the last layer that has sizes: a Masking accepts any
  let inputSize = 0;
  let lastOnly = false;
  layers.forEach((layer, index) => {
    const refuse = (expected: string, got: string) =>
      new RangeError(message(`layers[${index}]`, expected, got));
    if (layer.takesTokens && index)
      throw refuse(
        "a layer that takes features",
        `${layer.type}, which takes tokens and can only be the first layer`,
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
        "no layer that works over time after one with returnSequences false",
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

/** @throws RangeError if the layers have more parameters than a model's memory can hold */
export function checkParameters(layers: readonly Layer[]): void {
  const count = layers.reduce((sum, layer) => sum + layer.parameterCount, 0);
  if (count < MAX_NUMBERS) return;
  const expected = `parameters of fewer than ${MAX_NUMBERS} numbers in all (2 GiB)`;
  throw new RangeError(message("layers", expected, `${count}`));
}

/** Whether the output always has as many steps as the input. Two consecutive numbers rule out strides and windows. */
export const keepsSteps = (layers: readonly Layer[]): boolean =>
  [512, 513].every(
    (steps) =>
      layers.reduce((left, layer) => layer.stepsOut(left), steps) === steps,
  );

/** How many of a model's inputs are added to its outputs; `steps`: whether it maps each step of numbers to one. */
export function checkSkip(
  value: unknown,
  { inputSize, outputSize }: Pick<Chain, "inputSize" | "outputSize">,
  steps: boolean,
): number {
  const skip = nonNegativeInteger(value, "skip");
  const limit = Math.min(inputSize, outputSize);
  if (!skip || (steps && skip <= limit)) return skip;
  const expected = steps
    ? `at most ${limit} for ${inputSize} inputs and ${outputSize} outputs`
    : "0 for a model that takes tokens or changes the number of steps";
  throw new RangeError(message("skip", expected, `${skip}`));
}

/** The backend of the layers; those with 'auto' accept any. */
export function commonBackend(layers: readonly Layer[]): BackendChoice {
  const all = layers.map(({ backend }) => backend);
  const chosen = new Set(all.filter((backend) => backend !== "auto"));
  if (chosen.size > 1) {
    const got = [...chosen].join(" and ");
    throw new RangeError(message("layers", "one backend for all", got));
  }
  return [...chosen][0] ?? "auto";
}
