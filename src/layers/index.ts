/*
 * All layers: what the package exports of them, and, by their names, what saved models know. Classes and their options,
 * nothing else.
 */
export { Activation, type ActivationOptions } from "./activation.js";
export { Embedding, type EmbeddingOptions } from "./embedding.js";
export { GRU, type GRUOptions } from "./gru.js";
export { LastStep, type LastStepOptions } from "./last-step.js";
export { Linear, type LinearOptions } from "./linear.js";
export { LSTM, type LSTMOptions } from "./lstm.js";
export { Masking, type MaskingOptions } from "./masking.js";
export { RNN, type RNNOptions } from "./rnn.js";
