/*
 * Convolutions over time and normalisation over features in a chain.
 */
import { FormatError } from "../../errors.js";
import { readActivation } from "./activations.js";
import { flag, type LayerConfig, number, placeOf } from "./config.js";
import { type Reading, refuse } from "./context.js";
import { push } from "./non-recurrent.js";
import { requireSequence } from "./runs.js";
import { readStages, windowOf } from "./translate/convolution.js";
import { checkShape, ITSELF, type LayerWeights, type Role } from "./weights.js";

/** Conv1D and DepthwiseConv1D; SeparableConv1D, which becomes two layers. */
export function readConvolution(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  requireSequence(layer, reading);
  const stages = readStages(layer, weights, windowOf(config, 1));
  const bias = flag(config, "use_bias", true)
    ? weights.take(ITSELF, "bias", stages.length)
    : null;
  const activation = readActivation(config, "activation", reading.producer);
  stages.forEach(({ inputs, weight, groups, over }, index) => {
    const [outputs, , kernelSize] = weight.shape as [number, number, number];
    const [stride] = over.strides;
    const [dilation] = over.dilations;
    const last = index === stages.length - 1;
    const own = last ? bias : null;
    if (own) checkShape(own, [outputs], "[filters]");
    if ((reading.size ?? inputs) !== inputs)
      throw new FormatError(
        `expected ${inputs} features, got ${reading.size}`,
        placeOf(className, name),
      );
    reading.budget.take(
      weight.data.byteLength,
      `layer ${JSON.stringify(name.slice(0, 100))}`,
    );
    push(reading, {
      type: "Conv1d",
      options: {
        inputSize: inputs,
        outputSize: outputs,
        kernelSize,
        stride,
        dilation,
        groups,
        padding: over.padding,
        bias: own !== null,
        activation: last ? activation : "linear",
      },
      dict: {
        weight,
        ...(own && { bias: { shape: own.shape, data: own.data } }),
      },
      outputSize: outputs,
      described: {
        name,
        type: className,
        sizes: { inputs, outputs, kernel: kernelSize },
        convention: `kernel [k, in, out], strides ${stride}, ${over.padding}, ${own ? "bias" : "no bias"}`,
      },
    });
  });
}

/** LayerNormalization over the features of a step. */
export function readLayerNormalization(
  layer: LayerConfig,
  weights: LayerWeights,
  reading: Reading,
): void {
  const { config, name, className } = layer;
  let ordinal = 0;
  const take = (role: Role) => {
    const weight = weights.take(ITSELF, role, ordinal++);
    const [size] = checkShape(weight, [reading.size], "[features]");
    reading.size = size as number;
    return weight.data;
  };
  const gamma = flag(config, "scale", true) ? take("gamma") : null;
  const beta = flag(config, "center", true) ? take("beta") : null;
  const epsilon = number(config, "epsilon", 0.001);
  const { size } = reading;
  if (size === null)
    return refuse(layer, "expected a layer with weights before it, got none");
  const shape = [size];
  push(reading, {
    type: "LayerNorm",
    options: { size, epsilon, bias: beta !== null },
    dict: {
      weight: { shape, data: gamma ?? new Float32Array(size).fill(1) },
      ...(beta && { bias: { shape, data: beta } }),
    },
    outputSize: size,
    described: {
      name,
      type: className,
      sizes: { features: size },
      convention: `over the features of a step, epsilon ${epsilon}`,
    },
  });
}
