import { gruKind } from "./gru.js";
import { lstmKind } from "./lstm.js";
import type { RecurrentType } from "../fields.js";
import type { RecurrentKind } from "./recurrent.js";
import { rnnKind } from "./rnn.js";

/** RNN, LSTM and GRU by name. */
export const RECURRENT_KINDS = {
  RNN: rnnKind,
  LSTM: lstmKind,
  GRU: gruKind,
} satisfies Record<RecurrentType, RecurrentKind>;
