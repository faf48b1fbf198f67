/*
 * All layers that can be read into a graph, by class.
 */
import type { LayerConfig } from "../config.js";
import { IDENTITIES } from "../non-recurrent.js";
import { RECURRENT_LAYERS } from "../recurrent.js";
import { activation } from "./activations.js";
import { attention } from "./attention.js";
import { convolution } from "./convolution.js";
import { dense, embedding, identity, masking } from "./dense.js";
import { concatenate, dot, merging } from "./merging.js";
import { multiHeadAttention } from "./multi-head.js";
import { batchNormalization, layerNormalization } from "./normalization.js";
import { isOperator, operator } from "./operators.js";
import { globalPooling, pooling } from "./pooling.js";
import { recurrent } from "./recurrent.js";
import {
  cropping,
  flatten,
  permute,
  repeatVector,
  reshape,
  upSampling,
  zeroPadding,
} from "./shaping.js";
import type { Prepare } from "./translation.js";

const byNames = (names: string, prepare: Prepare) =>
  names.split(" ").map((name) => [name, prepare] as const);

/** All but wrappers and models, which the model's reader adds. */
export const LAYERS: ReadonlyMap<string, Prepare> = new Map([
  ...byNames([...RECURRENT_LAYERS, "Bidirectional"].join(" "), recurrent),
  ...byNames(IDENTITIES.join(" "), identity),
  ...byNames(
    "Activation ReLU LeakyReLU ELU ThresholdedReLU Softmax PReLU",
    activation,
  ),
  ...byNames("Dense", dense),
  ...byNames("Embedding", embedding),
  ...byNames("Masking", masking),
  ...byNames("BatchNormalization", batchNormalization),
  ...byNames("LayerNormalization", layerNormalization),
  ...byNames(
    "Conv1D Conv2D DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
    convolution,
  ),
  ...byNames(
    "MaxPooling1D AveragePooling1D MaxPooling2D AveragePooling2D",
    pooling,
  ),
  ...byNames(
    "GlobalMaxPooling1D GlobalAveragePooling1D GlobalMaxPooling2D GlobalAveragePooling2D",
    globalPooling,
  ),
  ...byNames("Add Subtract Multiply Average Maximum Minimum", merging),
  ...byNames("Concatenate", concatenate),
  ...byNames("Dot", dot),
  ...byNames("Attention AdditiveAttention", attention),
  ...byNames("MultiHeadAttention", multiHeadAttention),
  ...byNames("Flatten", flatten),
  ...byNames("Reshape", reshape),
  ...byNames("Permute", permute),
  ...byNames("RepeatVector", repeatVector),
  ...byNames("Cropping1D", cropping),
  ...byNames("ZeroPadding1D", zeroPadding),
  ...byNames("UpSampling1D", upSampling),
]);

/** The reader of a layer; undefined if the class is unknown. */
export function prepareFor(
  layer: LayerConfig,
  operation: boolean,
): Prepare | undefined {
  if (isOperator(layer, operation)) return operator;
  return operation ? undefined : LAYERS.get(layer.className);
}
