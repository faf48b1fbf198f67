/*
 * A job: some of the rows to be scored, and where their answer goes. Redis only sees plain data: lines of JSON as text,
 * and arrays as safetensors.
 */
import { describe, isRecord, message } from "../checks.js";
import { concat, type Tensor } from "../tensor.js";
import { parse, serialize, type StateDict } from "../safetensors.js";

/** lines: a line of JSON per row, answered by a line. arrays: rows as safetensors. */
export type ChunkKind = "lines" | "arrays";

/** Rows, or their answers. */
export interface Chunk {
  readonly kind: ChunkKind;
  /** The number of its first line or row, from 1. */
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** The data of a job in the queue, as JSON. */
export interface ChunkJob {
  /** SHA-256 of the model's bytes, in hexadecimal. */
  readonly model: string;
  /** The kernel whose results are the same to the bit on every machine: a job that runs twice has one answer. */
  readonly backend: "simd";
  readonly kind: ChunkKind;
  readonly first: number;
  readonly count: number;
  /** The rows themselves, lines as text and arrays in base64; or the key under which they are stored. */
  readonly rows: { readonly inline: string } | { readonly key: string };
  /** The key under which the answer is stored, and for how many seconds. */
  readonly answer: { readonly key: string; readonly seconds: number };
}

/** @throws TypeError, RangeError if the job is not one of gatewise's */
export function checkJob(data: unknown): ChunkJob {
  const job = isRecord(data) ? data : {};
  const { model, backend, kind, first, count, rows, answer } = job;
  const isJob =
    typeof model === "string" &&
    /^[0-9a-f]{64}$/.test(model) &&
    (kind === "lines" || kind === "arrays") &&
    Number.isSafeInteger(first) &&
    Number.isSafeInteger(count) &&
    isRecord(rows) &&
    typeof (rows["inline"] ?? rows["key"]) === "string" &&
    isRecord(answer) &&
    typeof answer["key"] === "string" &&
    Number.isSafeInteger(answer["seconds"]);
  if (!isJob)
    throw new TypeError(message("job", "rows and a model", describe(data)));
  if (backend !== "simd")
    throw new RangeError(message("job.backend", '"simd"', String(backend)));
  return data as unknown as ChunkJob;
}

/** The size of the rows in the job, in characters. Base64 takes four characters for three bytes. */
export const inlineSize = ({ kind, bytes }: Chunk): number =>
  kind === "lines" ? bytes.length : 4 * Math.ceil(bytes.length / 3);

export const toInline = ({ kind, bytes }: Chunk): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString(
    kind === "lines" ? "utf8" : "base64",
  );

export const fromInline = (kind: ChunkKind, text: string): Uint8Array =>
  Buffer.from(text, kind === "lines" ? "utf8" : "base64");

/** Consecutive rows of the same shape: [n, ..]. */
export type Group = Tensor;

/** Groups consecutive rows of the same shape, each of which is one call of the kernel. */
export function group(rows: readonly Tensor[]): Group[] {
  const groups: Tensor[][] = [];
  for (const row of rows) {
    const last = groups.at(-1);
    if (last && sameSizes((last[0] as Tensor).shape, row.shape)) last.push(row);
    else groups.push([row]);
  }
  return groups.map((each) => ({
    shape: [each.length, ...(each[0] as Tensor).shape],
    data: concat(each.map(({ data }) => data)),
  }));
}

const sameSizes = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** The rows of a group: views. */
export function* rowsOf({ shape, data }: Group): Generator<Tensor> {
  const [count = 0, ...rest] = shape;
  const size = data.length / count;
  for (let row = 0; row < count; row++)
    yield { shape: rest, data: data.subarray(row * size, (row + 1) * size) };
}

export const packGroups = (groups: readonly Group[]): Uint8Array =>
  serialize(
    Object.fromEntries(groups.map((each, i) => [`g${i}`, each])) as StateDict,
  );

/** @throws FormatError */
export function unpackGroups(bytes: Uint8Array): Group[] {
  const { tensors } = parse(bytes);
  return Object.keys(tensors).map((_, i) => tensors[`g${i}`] as Tensor);
}
