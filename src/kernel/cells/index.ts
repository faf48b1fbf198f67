import { GRU } from "./gru.js";
import { LSTM } from "./lstm.js";
import type { RecurrentType } from "../fields.js";
import type { RecurrentKind } from "./recurrent.js";
import { RNN } from "./rnn.js";

/** RNN, LSTM and GRU by their names. */
export const RECURRENT_KINDS = { RNN, LSTM, GRU } satisfies Record<
  RecurrentType,
  RecurrentKind
>;
