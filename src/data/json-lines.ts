/*
 * JSON lines: one value per line.
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

/** The input in a line, and its other fields. */
export interface Question {
  readonly input: Tensor;
  /** For an object, all of its fields, which the answer repeats; else null. */
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

/** The answer to a line. NaN and infinities, which JSON does not have, become null. */
export function answerText(output: Tensor, fields: Question["fields"]): string {
  const numbers = nestedText(output);
  if (!fields) return `${numbers}\n`;
  // a line may have an output of its own, as in a data set; the answer replaces it, so that no name occurs twice
  const { input: _, output: __, ...rest } = fields;
  const before = JSON.stringify(rest).slice(0, -1);
  return `${before}${before === "{" ? "" : ","}"output":${numbers}}\n`;
}

/** As JSON.stringify(toArray(…)), but with nine digits per number: enough for a float32, and half as long. */
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
