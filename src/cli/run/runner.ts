/*
 * What the commands need to do with a model, chain or graph.
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

/** Options for answering lines of numbers. */
export interface LineOptions {
  readonly from: Kind;
  readonly to: Kind;
  /** For a graph: the output that each state input gets from the run before. */
  readonly states: Readonly<Record<string, string>> | null;
  readonly columns: Columns;
  /** Inputs of a chain are divided by this, and its outputs multiplied. */
  readonly scale: number;
  /** Whether lines may not depend on those before, so that single steps are refused. */
  readonly independent: boolean;
}

/** A model as `run`, `verify` and `convert` use it. */
export interface Runner {
  /** The names of its outputs in cases; empty if it has only one. */
  readonly outputNames: readonly string[];
  /** Whether lines are answered as they arrive unless the user says otherwise. */
  readonly answersLines: (from: Kind) => boolean;
  /** The kinds of lines that it reads and writes: csv, jsonl. */
  readonly lineKinds: readonly Kind[];
  /** @throws UsageError if the model keeps its state itself */
  checkStates(): void;
  /** Yields the answer to each block, and the number of lines. */
  answer(
    blocks: AsyncIterable<Block>,
    options: LineOptions,
  ): AsyncGenerator<{ text: string; lines: number }>;
  /** @param done is called with the share done, 0 to 1 */
  runArrays(arrays: Arrays, done: (share: number) => void): Promise<Arrays>;
  /** @throws UsageError if it does not support audio */
  fromAudio(audio: Audio, knobs: readonly number[]): Tensor;
  toCase(given: Case): ModelCase;
  /** @throws UsageError unless the model is a chain of layers */
  toOnnx(): Uint8Array;
  /** @throws UsageError, naming the file, unless the model is a chain of layers */
  chain(file: string): Sequential;
}
