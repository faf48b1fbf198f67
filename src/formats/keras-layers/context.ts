import { FormatError } from "../../errors.js";
import type { Budget } from "../budget.js";
import { type LayerConfig, placeOf } from "./config.js";
import type { Piece } from "./make.js";
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
