import { FormatError, reasonOf } from "../../errors.js";
import {
  Embedding,
  GRU,
  type Layer,
  Linear,
  LSTM,
  Masking,
  RNN,
} from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import { placeOf } from "./config.js";
import type { Piece } from "./context.js";

/** The layer, whose sizes have been held against the weights that the file has. */
export function makeLayer(
  { type, options, dict, described }: Piece,
  backend: BackendChoice,
): Layer {
  const given = { ...options, backend } as never;
  try {
    if (type === "Masking") return new Masking(options as never);
    if (type === "Embedding")
      return new Embedding(options as never).loadStateDict(dict);
    const Made = { RNN, LSTM, GRU, Linear }[type];
    return new Made(given).loadStateDict(dict);
  } catch (error) {
    // an alpha that no layer of ours takes, and the like
    const why = reasonOf(error);
    throw new FormatError(why, placeOf(described.type, described.name));
  }
}
