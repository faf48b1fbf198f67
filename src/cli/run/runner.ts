/*
 * What the commands do with a model, each kind in its own way.
 */
import type { Case as ModelCase } from "../../formats/verify.js";
import type { Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import type { Block } from "../../data/lines.js";
import type { Arrays } from "../data/arrays.js";
import type { Case } from "../data/cases.js";
import type { Columns } from "../data/csv.js";
import type { Kind } from "../data/kinds.js";
import type { Audio } from "../data/wav.js";

/** How lines of numbers are to be answered. */
export interface LineOptions {
  readonly from: Kind;
  readonly to: Kind;
  /** Outputs by the inputs of the next run that they are. */
  readonly states: Readonly<Record<string, string>> | null;
  readonly columns: Columns;
  /** What inputs of a chain are divided by, and its outputs multiplied. */
  readonly scale: number;
  /** Whether each line is to stand by itself: steps, which go on from those before, are refused. */
  readonly apart: boolean;
}

/** A model as `run`, `verify` and `convert` use it. */
export interface Runner {
  /** By which cases name its outputs; none where it has one alone. */
  readonly outputNames: readonly string[];
  /** Whether a line that may be a step is answered as soon as it comes, unless the user says otherwise. */
  readonly answersLines: (from: Kind) => boolean;
  /** The kinds of lines that it reads and writes: "csv or jsonl". */
  readonly lineKinds: readonly Kind[];
  /** @throws UsageError where the model keeps its states itself */
  checkStates(): void;
  /** The text that answers each block, and how many lines that is. */
  answer(
    blocks: AsyncIterable<Block>,
    options: LineOptions,
  ): AsyncGenerator<{ text: string; lines: number }>;
  /** @param done is told the share done, 0 to 1 */
  runArrays(arrays: Arrays, done: (share: number) => void): Promise<Arrays>;
  /** @throws UsageError where it takes no audio */
  fromAudio(audio: Audio, knobs: readonly number[]): Tensor;
  toCase(given: Case): ModelCase;
  /** @throws UsageError where only chains can be written */
  toOnnx(): Uint8Array;
  /** @throws UsageError, naming the file, where the model is no chain of layers */
  chain(file: string): Sequential;
}
