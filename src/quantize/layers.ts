import { byPanels } from "../layers/conv1d-options.js";
import type { Layer } from "../layers/layer.js";
import type { Precision, Ranges } from "../layers/options.js";
import type { IntegerTensor } from "../integers.js";
import { LAYER_TYPES } from "../models/layer-types.js";

/** Whether a layer has matrices that can be integers. */
export function canQuantize({
  options,
  inputSize,
  outputSize,
}: Layer): boolean {
  const { precision, groups = 1 } = options as {
    precision?: Precision;
    groups?: number;
  };
  return precision !== undefined && byPanels(inputSize, outputSize, groups);
}

/** A layer of the same options and weights. */
export function copied(layer: Layer): Layer {
  const Type = LAYER_TYPES[layer.type as keyof typeof LAYER_TYPES];
  return new Type(layer.options as never).loadStateDict(layer.stateDict());
}

/** A layer of the same options and weights in another precision. */
export function inPrecision(
  layer: Layer,
  precision: Precision,
  ranges: Ranges,
): Layer {
  const Type = LAYER_TYPES[layer.type as keyof typeof LAYER_TYPES];
  const options = { ...layer.options, precision, ranges } as never;
  return new Type(options).loadStateDict(layer.stateDict());
}

/** Bytes of its weights in a file. */
export function bytesOf(layer: Layer): number {
  let bytes = 0;
  for (const tensor of Object.values(layer.stateDict())) {
    const { integers } = tensor as Partial<IntegerTensor>;
    bytes += integers
      ? integers.values.byteLength + integers.scales.byteLength
      : tensor.data.byteLength;
  }
  return bytes;
}
