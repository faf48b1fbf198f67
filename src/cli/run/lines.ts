/*
 * Answers each line of input with a line of output, for use in a pipe.
 *
 * A line with one step, `[0.1, 0.2]`, continues the sequence of the lines before it; a line with several,
 * `[[0.1, 0.2], …]`, is a sequence of its own. The answer to an object is an object with the same fields besides
 * `input`; its `stream` names the sequence that the step continues.
 */
import { counted, message, shapeText } from "../../checks.js";
import { FormatError, reasonOf } from "../../errors.js";
import type { Sequential } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import { type Columns, CsvReader, csvText } from "../data/csv.js";
import {
  answerText,
  type Question,
  readLines,
  toQuestion,
} from "../../data/json-lines.js";
import type { Block } from "../../data/lines.js";
import { inputFor } from "../../data/shapes.js";
import { UsageError } from "../errors.js";
import { answersEveryStep } from "./whole.js";

type Stream = ReturnType<Sequential["stream"]>;

type LineKind = "csv" | "jsonl";

/** Yields the answer to each block, and the number of lines. */
export async function* answerLines(
  model: Sequential,
  from: LineKind,
  to: LineKind,
  blocks: AsyncIterable<Block>,
  columns: Columns,
  scale = 1,
  independent = false,
): AsyncGenerator<{ text: string; lines: number }> {
  const answers = new Answers(model, to, scale, independent);
  const csv = new CsvReader(columns);
  for await (const block of blocks) {
    let text = "";
    let lines = 0;
    if (from === "csv") {
      const data = csv.read(block);
      if (data.length) text = answers.toRows(data, csv.width, block.line);
      lines = data.length / (csv.width || 1);
    } else
      for (const line of readLines(block)) {
        text += answers.toLine(toQuestion(line), line.at);
        lines++;
      }
    if (text) yield { text, lines };
  }
}

class Answers {
  readonly #model: Sequential;
  readonly #to: LineKind;
  /** Inputs are divided by this, and outputs multiplied. */
  readonly #scale: number;
  /** Whether lines may not depend on those before. */
  readonly #independent: boolean;
  readonly #streams = new Map<unknown, Stream>();

  constructor(
    model: Sequential,
    to: LineKind,
    scale: number,
    independent: boolean,
  ) {
    this.#model = model;
    this.#to = to;
    this.#scale = scale;
    this.#independent = independent;
  }

  /** Rows of a CSV file: steps of one sequence. */
  toRows(data: Float32Array, width: number, line: number): string {
    const { inputSize } = this.#model;
    if (width !== inputSize)
      throw new FormatError(
        `line ${line}: expected ${counted(inputSize, "number")}, got ${width}`,
      );
    return this.#text(this.#stream(undefined).run(this.#in(data)), null);
  }

  toLine({ input, fields }: Question, at: number): string {
    try {
      const sequence = this.#sequence(input);
      if (!sequence) {
        const stream = this.#stream(fields?.["stream"]);
        const output = stream.run(this.#in(input.data));
        return this.#text(output, fields);
      }
      if (this.#to === "csv")
        throw new UsageError(
          "a line that is a sequence: expected jsonl as output, got csv",
        );
      const { shape, data } = sequence;
      const given = { shape, data: this.#in(data) };
      const { output } = this.#model.forward(given);
      return answerText({ ...output, data: this.#out(output.data) }, fields);
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const text = reasonOf(error);
      throw new FormatError(`line ${at}: ${text}`);
    }
  }

  /** null for a single step. */
  #sequence(input: Tensor): Tensor | null {
    const { shape } = input;
    const { inputSize } = this.#model;
    const tokens = this.#model.takesTokens;
    if (shape.length >= 2 || (tokens && shape.length === 1 && shape[0] !== 1))
      return inputFor(this.#model, input);
    if (input.data.length === inputSize) return null;
    const expected = `${counted(inputSize, "number")}, a step, or a list of steps`;
    throw new RangeError(message("input", expected, shapeText(shape)));
  }

  /** Steps without a name all continue the same stream. */
  #stream(name: unknown): Stream {
    if (this.#independent)
      throw new UsageError(
        "--shard: expected one sequence per line, got a step, which continues earlier lines",
      );
    const found = this.#streams.get(name);
    if (found) return found;
    if (!answersEveryStep(this.#model))
      throw new UsageError(
        "a line with one step: this model needs whole sequences; expected --whole, or one sequence per line",
      );
    const stream = this.#model.stream();
    this.#streams.set(name, stream);
    return stream;
  }

  #in(data: Float32Array): Float32Array {
    const scale = this.#scale;
    return scale === 1 ? data : data.map((value) => value / scale);
  }

  #out(data: Float32Array): Float32Array {
    const scale = this.#scale;
    return scale === 1 ? data : data.map((value) => value * scale);
  }

  #text(given: Float32Array, fields: Question["fields"]): string {
    const output = this.#out(given);
    const { outputSize } = this.#model;
    if (this.#to === "csv") return csvText(output, outputSize);
    let text = "";
    for (let i = 0; i < output.length; i += outputSize) {
      const data = output.subarray(i, i + outputSize);
      text += answerText({ shape: [outputSize], data }, fields);
    }
    return text;
  }
}
