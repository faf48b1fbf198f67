/*
 * Scores a file into another, which is written as a whole or not at all.
 */
import { answerText } from "../data/json-lines.js";
import { writeNpy } from "../formats/numpy/npy.js";
import { writeNpz } from "../formats/numpy/npz.js";
import { type Output, openOutput } from "../data/output.js";
import { equalShapes, knownKeys, message, shapeText } from "../checks.js";
import { FormatError } from "../errors.js";
import { concat, type Tensor } from "../tensor.js";
import { rowsOf, unpackGroups } from "./chunk.js";
import {
  type Answered,
  checkOptions,
  SCORE_OPTIONS,
  scoreChunks,
  type ScoreOptions,
} from "./score.js";
import {
  arraysOf,
  type FileKind,
  kindOf,
  linesOf,
  type ScoreInput,
} from "./sources.js";

export interface ScoreFileOptions extends ScoreOptions {
  /** The format of the input; by default from the end of its name. */
  from?: FileKind;
  /** The format of the output; by default from the end of its name. */
  to?: FileKind;
}

/**
 * Scores a file, or an iterable of rows, into a file: .npy or .npz [rows, ..], or .jsonl with a line per row. Other fields
 * than `input` in a line of a .jsonl file are returned in its answer. The file is replaced when all rows are answered.
 *
 * @param input as for `score`, or `-` for lines of JSON on standard input
 * @param out a file's name, or `-` for lines of JSON on standard output, written as rows are answered
 * @throws as `score`; FormatError for outputs of several shapes in one array
 */
export async function scoreFile(
  input: ScoreInput,
  out: string,
  options: ScoreFileOptions,
): Promise<{ rows: number }> {
  const { from, to, ...rest } = options;
  knownKeys(options, { ...SCORE_OPTIONS, from: 0, to: 0 });
  const checked = checkOptions(rest);
  const source = typeof input === "string" ? formOf(input, from) : null;
  const target = formOf(out, to);
  const lines = source === "jsonl" && target === "jsonl";
  const cuts = lines
    ? linesOf(input as string, checked.rows)
    : await arraysOf(input, checked.rows, source ?? undefined);
  const output = await openOutput(out);
  try {
    const writer =
      target === "jsonl" ? new Lines(output) : new OneArray(output);
    let rows = 0;
    for await (const answered of scoreChunks(cuts, checked)) {
      rows += answered.cut.count;
      await writer.add(answered);
    }
    await writer.end(target);
    output.commit();
    return { rows };
  } finally {
    output.abort();
  }
}

const formOf = (path: string, given: FileKind | undefined): FileKind =>
  given ?? (path === "-" ? "jsonl" : kindOf(path));

interface Writer {
  add(answered: Answered): Promise<void>;
  end(kind: FileKind): Promise<void>;
}

class Lines implements Writer {
  readonly #output: Output;

  constructor(output: Output) {
    this.#output = output;
  }

  async add({ cut, answer }: Answered): Promise<void> {
    if (cut.kind === "lines") return this.#output.write(answer);
    let text = "";
    for (const outputs of unpackGroups(answer))
      for (const output of rowsOf(outputs)) text += answerText(output, null);
    await this.#output.write(text);
  }

  async end(): Promise<void> {}
}

/** All outputs as one array, [rows, ..]. */
class OneArray implements Writer {
  readonly #output: Output;
  readonly #parts: Tensor[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  async add({ cut, answer }: Answered): Promise<void> {
    for (const part of unpackGroups(answer)) {
      const each = part.shape.slice(1);
      const first = (this.#parts[0] ?? part).shape.slice(1);
      if (!equalShapes(each, first))
        throw new FormatError(
          `rows ${cut.first} and on: ${message("output", shapeText(first), shapeText(each))}: expected .jsonl for outputs of several shapes`,
        );
      this.#parts.push(part);
    }
  }

  async end(kind: FileKind): Promise<void> {
    const [first] = this.#parts;
    if (!first) throw new FormatError("input: expected rows, got none");
    const rows = this.#parts.reduce((sum, { shape: [n = 0] }) => sum + n, 0);
    const all = {
      shape: [rows, ...first.shape.slice(1)],
      data: concat(this.#parts.map(({ data }) => data)),
    };
    await this.#output.write(
      kind === "npy" ? writeNpy(all) : writeNpz(new Map([["output", all]])),
    );
  }
}
