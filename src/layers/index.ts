/*
 * All layers, and nothing else. The package exports what this file exports by name, classes and their options; saved
 * models are read by the names in the default export.
 */
import { Activation } from "./activation.js";
import { BatchNorm } from "./batch-norm.js";
import { Conv1d } from "./conv1d.js";
import { Embedding } from "./embedding.js";
import { GRU } from "./gru.js";
import { LastStep } from "./last-step.js";
import { LayerNorm } from "./layer-norm.js";
import { Linear } from "./linear.js";
import { LSTM } from "./lstm.js";
import { Masking } from "./masking.js";
import { Pooling } from "./pooling.js";
import { RNN } from "./rnn.js";

export {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LastStep,
  LayerNorm,
  Linear,
  LSTM,
  Masking,
  Pooling,
  RNN,
};
export type { ActivationOptions } from "./activation.js";
export type { BatchNormOptions } from "./batch-norm.js";
export type { ConvForwardOptions, ConvState } from "./conv1d.js";
export type { Conv1dOptions } from "./conv1d-options.js";
export type { EmbeddingOptions } from "./embedding.js";
export type { GRUOptions } from "./gru.js";
export type { LastStepOptions } from "./last-step.js";
export type { LayerNormOptions } from "./layer-norm.js";
export type { LinearOptions } from "./linear.js";
export type { LSTMOptions } from "./lstm.js";
export type { MaskingOptions } from "./masking.js";
export type { PoolingOptions } from "./pooling.js";
export type { RNNOptions } from "./rnn.js";

/**
 * The classes by their names in saved models. A default export, because `export *` leaves it out; written out, because
 * bundlers cannot tell that a namespace is unused, and an application with only an LSTM would carry all layers.
 */
export default {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LSTM,
  LastStep,
  LayerNorm,
  Linear,
  Masking,
  Pooling,
  RNN,
} as const;
