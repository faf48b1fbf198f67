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

/** The layers of ours that Keras's become. */
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

/** A layer of ours that is not made yet: nothing is made before the whole file is understood. */
export interface Piece {
  readonly type: keyof typeof TYPES;
  /** As the constructor takes them. */
  readonly options: Record<string, unknown>;
  /** By PyTorch's names. */
  readonly dict: StateDict;
  /** Of a step; null where it is that of the layer before. */
  readonly outputSize: number | null;
  readonly described: ReportLayer;
}

/** Those that look up or mask, and run on no kernel. */
const WITHOUT_KERNEL: readonly string[] = ["Embedding", "Masking", "Pooling"];

/** The layer, whose sizes have been held against the weights that the file has. */
export function makeLayer(
  { type, options, dict, described }: Piece,
  backend: BackendChoice,
): Layer {
  const own = WITHOUT_KERNEL.includes(type) ? options : { ...options, backend };
  try {
    return new TYPES[type](own as never).loadStateDict(dict);
  } catch (error) {
    // an alpha that no layer of ours takes, and the like
    const why = reasonOf(error);
    throw new FormatError(why, placeOf(described.type, described.name));
  }
}
