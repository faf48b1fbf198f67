import {
  Activation,
  Embedding,
  GRU,
  LastStep,
  Linear,
  LSTM,
  Masking,
  RNN,
} from "../layers/index.js";

/**
 * All layer types, by the names that saved models give them. Written out: of a namespace, bundlers cannot tell that
 * nobody uses it, and an application of LSTM alone would carry all of them.
 */
export const LAYER_TYPES = {
  Activation,
  Embedding,
  GRU,
  LSTM,
  LastStep,
  Linear,
  Masking,
  RNN,
} as const;

/** 'RNN, LSTM, …'. A function: as a constant it would keep all of them in the bundle of who imports one. */
export const layerTypes = (): string => Object.keys(LAYER_TYPES).join(", ");
