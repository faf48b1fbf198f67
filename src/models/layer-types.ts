import { Embedding } from "../layers/embedding.js";
import { GRU } from "../layers/gru.js";
import { LastStep } from "../layers/last-step.js";
import { Linear } from "../layers/linear.js";
import { LSTM } from "../layers/lstm.js";
import { Masking } from "../layers/masking.js";
import { RNN } from "../layers/rnn.js";

/** All layer types, by the names that saved models give them. */
export const LAYER_TYPES = {
  RNN,
  LSTM,
  GRU,
  Linear,
  Embedding,
  Masking,
  LastStep,
} as const;

/** 'RNN, LSTM, …' */
export const layerTypes = Object.keys(LAYER_TYPES).join(", ");
