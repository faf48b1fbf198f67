/*
 * Runs a chunk's rows through a model. Each row is a sequence by itself: its answer is the same to the bit as if it ran
 * alone, even if the kernel runs many rows together.
 */
import { message, shapeText } from "../checks.js";
import { GraphAnswers } from "../data/graph-lines.js";
import { answerText, readLines, toQuestion } from "../data/json-lines.js";
import { inputFor } from "../data/shapes.js";
import { FormatError, reasonOf } from "../errors.js";
import type { Graph } from "../graph/index.js";
import { Sequential } from "../index.js";
import {
  type Chunk,
  type Group,
  group,
  packGroups,
  rowsOf,
  unpackGroups,
} from "./chunk.js";

/** The model of a file: a chain of layers, or a graph. */
export type AnyModel = Sequential | Graph;

/**
 * The answers, as lines or arrays like the rows.
 *
 * @throws TypeError, RangeError, FormatError naming the row or line
 */
export function runChunk(model: AnyModel, chunk: Chunk): Uint8Array {
  return chunk.kind === "lines"
    ? Buffer.from(runLines(model, chunk))
    : packGroups(runArrays(model, chunk));
}

function runArrays(model: AnyModel, { bytes, first }: Chunk): Group[] {
  const answers: Group[] = [];
  let at = first;
  for (const rows of unpackGroups(bytes)) {
    answers.push(...runGroup(model, rows, (row) => `row ${at + row}`));
    at += rows.shape[0] as number;
  }
  return answers;
}

function runLines(model: AnyModel, { bytes, first: line }: Chunk): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const lines = [...readLines({ text: text.toString(), line })];
  if (!(model instanceof Sequential)) {
    const answers = new GraphAnswers(model, null);
    return lines.map((each) => answers.toLine(each)).join("");
  }
  const questions = lines.map((each) => toQuestion(each));
  const rows = questions.map(({ input, fields }, i) => {
    if (fields && "stream" in fields)
      throw new FormatError(
        `line ${lines[i]?.at}: expected a whole sequence, got a step of a stream`,
      );
    return inputFor(model, input);
  });
  let at = 0;
  let answer = "";
  for (const each of group(rows)) {
    const from = at;
    const place = (row: number) => `line ${lines[from + row]?.at}`;
    for (const outputs of runGroup(model, each, place))
      for (const output of rowsOf(outputs))
        answer += answerText(output, questions[at++]?.fields ?? null);
  }
  return answer;
}

/** One call of the kernel for all rows if the model is a chain of layers; one per row if it is a graph. */
function runGroup(
  model: AnyModel,
  rows: Group,
  place: (row: number) => string,
): Group[] {
  if (!(model instanceof Sequential)) {
    const outputs = Array.from(rowsOf(rows), (row, i) =>
      at(place(i), () => model.forward(row).output),
    );
    return group(outputs);
  }
  const given = inputFor(model, rows);
  at(place(0), () => checkRow(model, rows.shape.slice(1), given.shape));
  try {
    return [model.forward(given).output];
  } catch (error) {
    // finds the row that fails
    let row = 0;
    for (const one of rowsOf(given))
      at(place(row++), () => void model.forward(one));
    throw error;
  }
}

/** Refuses rows whose shape would be taken for one sequence. */
function checkRow(
  { takesTokens, inputSize }: Sequential,
  row: readonly number[],
  given: readonly number[],
): void {
  if (given.length === (takesTokens ? 2 : 3)) return;
  const expected = takesTokens ? "[T]" : `[T, ${inputSize}]`;
  throw new RangeError(message("input", expected, shapeText(row)));
}

/** Adds the place to what `run` throws. */
function at<T>(place: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new FormatError(`${place}: ${reasonOf(error)}`);
  }
}
