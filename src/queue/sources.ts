/*
 * Cuts the input of `score` into chunks.
 */
import { createReadStream, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { message, wrong } from "../checks.js";
import { readLines, toQuestion } from "../data/json-lines.js";
import { lineBlocks } from "../data/lines.js";
import { readNpy } from "../formats/numpy/npy.js";
import { readNpz } from "../formats/numpy/npz.js";
import { FormatError } from "../errors.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import { type Chunk, group, packGroups, rowsOf } from "./chunk.js";

/** A file's name, or an iterable of rows. */
export type ScoreInput =
  string | Iterable<TensorLike> | AsyncIterable<TensorLike>;

export const KINDS = ["npy", "npz", "jsonl"] as const;
/** The formats of files that can be scored, by the ends of their names. */
export type FileKind = (typeof KINDS)[number];

/** A chunk and its place in the input. */
export interface Cut extends Chunk {
  /** The end of the chunk, in rows, or in bytes of a file of lines. */
  readonly position: number;
}

export interface Source {
  /** The size of the input, in rows, or in bytes of a file of lines; null if it is unknown. */
  readonly total: number | null;
  readonly cuts: AsyncIterable<Cut>;
}

/** The limit for a chunk, even if it could have more rows, so that jobs and answers are not huge. */
const MAX_BYTES = 2 ** 23;

/** @throws RangeError for a name with another ending */
export function kindOf(path: string): FileKind {
  const ending = extname(path).slice(1).toLowerCase();
  const name = ending === "ndjson" ? "jsonl" : ending;
  const kind = KINDS.find((each) => each === name);
  if (kind) return kind;
  const expected = "a name that ends with .npy, .npz or .jsonl";
  throw new RangeError(message("input", expected, path));
}

/** Lines of JSON, one per row, unchanged; `-` is standard input. */
export function linesOf(path: string, size: number): Source {
  const stdin = path === "-";
  const total = stdin ? null : statSync(path).size;
  return { total: total || null, cuts: cutLines(path, size) };
}

async function* cutLines(path: string, size: number): AsyncGenerator<Cut> {
  let lines: string[] = [];
  let [first, at, count, length, position] = [1, 1, 0, 0, 0];
  const cut = (): Cut => {
    const text = Buffer.from(lines.join("\n"));
    position += text.length + 1;
    const chunk = { kind: "lines", first, count, bytes: text } as const;
    [lines, first, count, length] = [[], at, 0, 0];
    return { ...chunk, position };
  };
  for await (const { text } of lineBlocks(bytesOf(path))) {
    const found = text.split("\n");
    if (found.at(-1) === "") found.pop();
    for (const line of found) {
      lines.push(line);
      at++;
      length += line.length;
      if (line.trim() !== "") count++;
      if (count >= size || length >= MAX_BYTES) yield cut();
    }
  }
  if (count) yield cut();
}

/** Rows as arrays, from a file of any format or an iterable. */
export async function arraysOf(
  input: ScoreInput,
  size: number,
  kind?: FileKind,
): Promise<Source> {
  if (typeof input !== "string")
    return { total: null, cuts: cutRows(rowsIn(input), size) };
  const form = kind ?? kindOf(input);
  if (form === "jsonl")
    return { total: null, cuts: cutRows(rowsOfLines(input), size) };
  const file = await readFile(input);
  const array = form === "npy" ? readNpy(file) : onlyOf(readNpz(file));
  const [total = 0] = array.shape;
  if (array.shape.length < 2 || !total)
    throw new FormatError(
      message("input", "rows, each a sequence", `[${array.shape.join(", ")}]`),
    );
  return { total, cuts: cutRows(rowsOf(array), size) };
}

function onlyOf(arrays: ReadonlyMap<string, Tensor>): Tensor {
  const only = arrays.get("input") ?? [...arrays.values()][0];
  if (only && (arrays.size === 1 || arrays.has("input"))) return only;
  const names = [...arrays.keys()].join(", ") || "none";
  throw new FormatError(message("arrays", "one, or one named input", names));
}

async function* rowsOfLines(path: string): AsyncGenerator<Tensor> {
  for await (const block of lineBlocks(bytesOf(path)))
    for (const line of readLines(block)) yield toQuestion(line).input;
}

/** Opens the file when the first row is needed: nothing would listen to the errors of a stream that is never read. */
function bytesOf(path: string): AsyncIterable<Uint8Array> {
  return path === "-" ? process.stdin : createReadStream(path);
}

async function* rowsIn(
  input: Exclude<ScoreInput, string>,
): AsyncGenerator<Tensor> {
  const given: unknown = input;
  const listed =
    typeof given === "object" &&
    given !== null &&
    (Symbol.iterator in given || Symbol.asyncIterator in given);
  if (!listed)
    throw wrong(
      false,
      "input",
      "a file's name or an iterable of sequences",
      given,
    );
  let at = 0;
  for await (const row of input) yield asTensor(row, `input[${at++}]`);
}

async function* cutRows(
  rows: Iterable<Tensor> | AsyncIterable<Tensor>,
  size: number,
): AsyncGenerator<Cut> {
  let held: Tensor[] = [];
  let [first, bytes] = [1, 0];
  const cut = (): Cut => {
    const position = first - 1 + held.length;
    const chunk = {
      kind: "arrays",
      first,
      count: held.length,
      bytes: packGroups(group(held)),
      position,
    } as const;
    [held, first, bytes] = [[], position + 1, 0];
    return chunk;
  };
  for await (const row of rows) {
    held.push(row);
    bytes += row.data.byteLength;
    if (held.length >= size || bytes >= MAX_BYTES) yield cut();
  }
  if (held.length) yield cut();
}
