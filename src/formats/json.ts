/*
 * JSON files: the text as values, and values as what a reader expects of them. Whatever a file claims about sizes,
 * nothing larger is made than what it holds; whatever is wrong, the error says where: `layers[1].weights[0][7]`.
 */
import { describe, isRecord, message } from "../checks.js";
import { toBytes } from "../bytes.js";
import { FormatError, shortReasonOf } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { decodeUtf8 } from "../utf8.js";

/** A JSON object, and where in the file it stands; "" at the top. */
export interface Place {
  readonly at: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The object that the file is; `at`: where, when it is a part of one. */
export function parseObject(bytes: Uint8Array | ArrayBuffer, at = ""): Place {
  let value: unknown;
  try {
    // a copy: TextDecoder refuses shared memory
    value = JSON.parse(decodeUtf8(toBytes(bytes).slice()));
  } catch (error) {
    // the first kind is ours, about `bytes`; SyntaxError names the position
    if (error instanceof TypeError && error.message.startsWith("bytes:"))
      throw error;
    throw new FormatError(
      `expected JSON in UTF-8, got ${shortReasonOf(error)}`,
      at || FILE,
    );
  }
  return { at, fields: asObject(value, at || FILE) };
}

/** The object that the file is, or that it has been found to be already. */
export function placeOf(given: Uint8Array | ArrayBuffer | Place): Place {
  return "fields" in given ? given : parseObject(given);
}

const FILE = "file";

/** The place of a field. */
export function inside({ at }: Place, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

/** A field of the file's own: what an object inherits is none. */
export function field({ fields }: Place, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function object(place: Place, name: string): Place {
  const at = inside(place, name);
  return { at, fields: asObject(field(place, name), at) };
}

/** The objects of a list, each with its place. */
export function objects(place: Place, name: string): Place[] {
  return list(place, name).map((value, index) => {
    const at = `${inside(place, name)}[${index}]`;
    return { at, fields: asObject(value, at) };
  });
}

export function list(place: Place, name: string): readonly unknown[] {
  return asList(field(place, name), inside(place, name));
}

export function text(place: Place, name: string): string {
  const value = field(place, name);
  if (typeof value === "string") return value;
  throw unexpected("a string", value, inside(place, name));
}

/** An integer of at least `least`; `absent` where the field is missing or null. */
export function integer(
  place: Place,
  name: string,
  { least = 1, absent }: { least?: number; absent?: number } = {},
): number {
  const value = field(place, name) ?? absent;
  if (Number.isSafeInteger(value) && (value as number) >= least)
    return value as number;
  const expected = `an integer of at least ${least}`;
  throw unexpected(expected, value, inside(place, name));
}

/** `length` finite numbers. */
export function vector(value: unknown, at: string, length: number): Tensor {
  const numbers = asList(value, at, length);
  const data = new Float32Array(length);
  fill(data, 0, numbers, at);
  return { shape: [length], data };
}

/** `rows` lists of `columns` finite numbers each. */
export function matrix(
  value: unknown,
  at: string,
  rows: number,
  columns: number,
): Tensor {
  const lists = asList(value, at, rows);
  lists.forEach((row, r) => asList(row, `${at}[${r}]`, columns));
  const data = new Float32Array(rows * columns);
  lists.forEach((row, r) =>
    fill(data, r * columns, row as unknown[], `${at}[${r}]`),
  );
  return { shape: [rows, columns], data };
}

/** How many rows and columns the matrix at this place says it has, from its first row. */
export function sizeOfMatrix(value: unknown, at: string): [number, number] {
  const rows = asList(value, at);
  const columns = rows.length ? asList(rows[0], `${at}[0]`).length : 0;
  if (columns) return [rows.length, columns];
  throw unexpected("a matrix, as lists of numbers", value, at);
}

function fill(
  data: Float32Array,
  start: number,
  numbers: readonly unknown[],
  at: string,
): void {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    data[start + i] = value as number;
    // what float32 cannot hold has become infinite
    if (typeof value !== "number" || !Number.isFinite(data[start + i]))
      throw unexpected("a number within float32", value, `${at}[${i}]`);
  }
}

export function asList(
  value: unknown,
  at: string,
  length?: number,
): readonly unknown[] {
  if (Array.isArray(value) && (length === undefined || value.length === length))
    return value;
  const size = length === undefined ? "" : ` of length ${length}`;
  throw unexpected(`a list${size}`, value, at);
}

function asObject(
  value: unknown,
  at: string,
): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw unexpected("an object", value, at);
}

/** The error for a field: `layers[0].shape: expected …, got …`. */
export function unexpected(
  expected: string,
  got: unknown,
  at: string,
): FormatError {
  return new FormatError(
    message(at, expected, got === undefined ? "nothing" : describe(got)),
  );
}
