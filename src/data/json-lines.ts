/*
 * JSON lines: a value a line.
 */
import { isRecord, message } from "../checks.js";
import { FormatError, reasonOf, shortReasonOf } from "../errors.js";
import { type Nested, tensor, type Tensor } from "../index.js";
import { type Block, numberText } from "./lines.js";

export interface Line {
  readonly value: unknown;
  /** From 1. */
  readonly at: number;
}

/** @throws FormatError naming the line */
export function* readLines({ text, line }: Block): Generator<Line> {
  let at = line - 1;
  for (const json of text.split("\n")) {
    at++;
    if (json.trim() === "") continue;
    try {
      yield { value: JSON.parse(json), at };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      throw new FormatError(
        `line ${at}: expected JSON, got ${shortReasonOf(error)}`,
      );
    }
  }
}

/** What a line asks for: its numbers, and whatever else stands beside them. */
export interface Question {
  readonly input: Tensor;
  /** Of an object: all of its fields, to be given back; else null. */
  readonly fields: Readonly<Record<string, unknown>> | null;
}

/** A number, lists of numbers, or an object whose `input` is one of these. */
export function toQuestion({ value, at }: Line): Question {
  const fields = isRecord(value) ? value : null;
  const numbers = fields ? fields["input"] : value;
  const name = fields ? `line ${at}: input` : `line ${at}`;
  if (typeof numbers === "number" || Array.isArray(numbers))
    try {
      return { input: tensor(numbers as Nested), fields };
    } catch (error) {
      throw new FormatError(`line ${at}: ${reasonOf(error)}`);
    }
  const got = numbers === undefined ? "nothing" : typeof numbers;
  throw new FormatError(message(name, "a number or lists of numbers", got));
}

/** What has no text in JSON, NaN and infinities, is null. */
export function answerText(output: Tensor, fields: Question["fields"]): string {
  const numbers = nestedText(output);
  if (!fields) return `${numbers}\n`;
  // an output that a line brings, as lines of a data set do, gives way to the answer: no name stands there twice
  const { input: _, output: __, ...rest } = fields;
  const before = JSON.stringify(rest).slice(0, -1);
  return `${before}${before === "{" ? "" : ","}"output":${numbers}}\n`;
}

/** As JSON.stringify(toArray(…)), at nine digits a number: that is a float32 again, and half as long. */
export function nestedText({ shape, data }: Tensor): string {
  const build = (axis: number, start: number, size: number): string => {
    const length = shape[axis];
    if (length === undefined) {
      const value = data[start] as number;
      return Number.isFinite(value) ? numberText(value) : "null";
    }
    const step = size / length;
    const parts: string[] = [];
    for (let i = 0; i < length; i++)
      parts.push(build(axis + 1, start + i * step, step));
    return `[${parts.join(",")}]`;
  };
  return build(0, 0, data.length);
}
