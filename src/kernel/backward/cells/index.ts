import type { RecurrentType } from "../../fields.js";
import { trainedGru } from "./gru.js";
import type { TrainedKind } from "./kind.js";
import { trainedLstm } from "./lstm.js";
import { trainedRnn } from "./rnn.js";

export const TRAINED_KINDS: Readonly<Record<RecurrentType, TrainedKind>> = {
  RNN: trainedRnn,
  LSTM: trainedLstm,
  GRU: trainedGru,
};
