import { FormatError, reasonOf } from "../../errors.js";
import {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  Masking,
  Pooling,
  RNN,
} from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import type { StateDict } from "../../safetensors.js";
import type { ReportLayer } from "../report.js";
import { placeOf } from "./config.js";

/** The layers that Keras's layers become. */
const TYPES = {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  GRU,
  LSTM,
  LayerNorm,
  Linear,
  Masking,
  Pooling,
  RNN,
} as const;

/** A layer to be created, once the whole file has been read. */
export interface Piece {
  readonly type: keyof typeof TYPES;
  /** For the constructor. */
  readonly options: Record<string, unknown>;
  /** By PyTorch's names. */
  readonly dict: StateDict;
  /** The features of an output step; null if they are those of the layer before. */
  readonly outputSize: number | null;
  readonly described: ReportLayer;
}

/** Layers that do not use the kernel and have no backend. */
const WITHOUT_KERNEL: readonly string[] = ["Embedding", "Masking", "Pooling"];

/** Creates the layer; its sizes have been checked against the weights in the file. */
export function makeLayer(
  { type, options, dict, described }: Piece,
  backend: BackendChoice,
): Layer {
  const own = WITHOUT_KERNEL.includes(type) ? options : { ...options, backend };
  try {
    return new TYPES[type](own as never).loadStateDict(dict);
  } catch (error) {
    // for example an alpha that our layers do not accept
    const why = reasonOf(error);
    throw new FormatError(why, placeOf(described.type, described.name));
  }
}
