import { FormatError } from "../../errors.js";
import type { StateDict } from "../../safetensors.js";
import type { Budget } from "../budget.js";
import type { ReportLayer } from "../report.js";
import { type LayerConfig, placeOf } from "./config.js";
import type { Producer } from "./producer.js";

/** What all layers of a file share while they are read. */
export interface Context {
  readonly producer: Producer;
  /** That weights are taken from, once more as they are turned. */
  readonly budget: Budget;
  /** Lines of the report. */
  readonly converted: string[];
  readonly ignored: string[];
  readonly warnings: string[];
}

/** A layer of ours that is not made yet: nothing is made before the whole file is understood. */
export interface Piece {
  readonly type: "RNN" | "LSTM" | "GRU" | "Linear" | "Embedding" | "Masking";
  /** As the constructor takes them. */
  readonly options: Record<string, unknown>;
  /** By PyTorch's names. */
  readonly dict: StateDict;
  /** Of a step; null where it is that of the layer before. */
  readonly outputSize: number | null;
  readonly described: ReportLayer;
}

/** The last layer with features, to which an activation may be added. */
export interface Reading extends Context {
  readonly pieces: Piece[];
  /** Features of a step behind the pieces so far; null in front of the first. */
  size: number | null;
  /** Whether T is gone: behind a recurrent layer with return_sequences false. */
  lastOnly: boolean;
  /** Axes of the model's input, the batch counted; null where the config does not say. */
  inputRank: number | null;
}

/** @throws FormatError naming the layer */
export function refuse({ className, name }: LayerConfig, why: string): never {
  throw new FormatError(why, placeOf(className, name));
}
