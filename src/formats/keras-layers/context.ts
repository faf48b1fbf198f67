import { FormatError } from "../../errors.js";
import type { Budget } from "../budget.js";
import { type LayerConfig, placeOf } from "./config.js";
import type { Piece } from "./make.js";
import type { Producer } from "./producer.js";

/** What the layers of a file share while they are read. */
export interface Context {
  readonly producer: Producer;
  /** For weights, counted again when they are transposed. */
  readonly budget: Budget;
  /** Lines of the report. */
  readonly converted: string[];
  readonly ignored: string[];
  readonly warnings: string[];
}

/** A chain that is being read. */
export interface Reading extends Context {
  readonly pieces: Piece[];
  /** The features of a step after the pieces so far; null before the first. */
  size: number | null;
  /** Whether there is no time axis any more, after a recurrent layer with return_sequences false. */
  lastOnly: boolean;
  /** The rank of the model's input, with the batch; null if the config does not say. */
  inputRank: number | null;
}

/** @throws FormatError naming the layer */
export function refuse({ className, name }: LayerConfig, why: string): never {
  throw new FormatError(why, placeOf(className, name));
}
