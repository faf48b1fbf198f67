/*
 * Pooling over time in a chain.
 */
import { flag, type LayerConfig } from "./config.js";
import { type Reading, refuse } from "./context.js";
import { push } from "./non-recurrent.js";
import { requireSequence } from "./runs.js";
import { paddingOf, sizesOf } from "./translate/convolution.js";
import type { LayerWeights } from "./weights.js";

/** MaxPooling1D, AveragePooling1D; GlobalMaxPooling1D and GlobalAveragePooling1D, which remove the time axis. */
export function readPooling(
  layer: LayerConfig,
  _: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  requireSequence(layer, reading);
  const { size } = reading;
  if (size === null)
    return refuse(layer, "expected a layer with weights before it, got none");
  const kind = className.includes("Max") ? "max" : "average";
  const all = className.startsWith("Global");
  if (all && flag(config, "keepdims", false))
    refuse(layer, "expected keepdims false, got true");
  const kernel = all ? null : sizesOf(config, "pool_size", 1);
  const strides = kernel && sizesOf(config, "strides", 1, kernel);
  reading.lastOnly = all;
  push(reading, {
    type: "Pooling",
    options: {
      kind,
      size,
      ...(kernel && {
        kernelSize: kernel[0],
        stride: strides?.[0],
        padding: paddingOf(config),
      }),
    },
    dict: {},
    outputSize: size,
    described: {
      name,
      type: className,
      sizes: { features: size },
      convention: kernel
        ? `${kind} of ${kernel[0]} steps`
        : `${kind} of all steps`,
    },
  });
}
