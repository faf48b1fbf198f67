/*
 * JSON files, and checked access to their fields. Whatever sizes a file claims, nothing larger is allocated than it
 * holds; errors name the place: `layers[1].weights[0][7]`.
 */
import { describe, isRecord, message, shapeText } from "../checks.js";
import { toBytes } from "../bytes.js";
import { FormatError, shortReasonOf } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { decodeUtf8 } from "../utf8.js";

/** A JSON object and its path in the file, "" for the whole. */
export interface Place {
  readonly at: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The file's JSON object; `at` is its path if the bytes are part of a larger file. */
export function parseObject(bytes: Uint8Array | ArrayBuffer, at = ""): Place {
  const json = textOf(toBytes(bytes), at || FILE);
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new FormatError(
      `expected JSON in UTF-8, got ${shortReasonOf(error)}`,
      at || FILE,
    );
  }
  return { at, fields: asObject(value, at || FILE) };
}

function textOf(bytes: Uint8Array, at: string): string {
  try {
    // a copy: TextDecoder refuses shared memory
    return decodeUtf8(bytes.slice());
  } catch {
    // not the host's own message, which differs and names its functions
    const start = Array.from(bytes.subarray(0, 8), (byte) =>
      byte.toString(16).padStart(2, "0"),
    );
    throw new FormatError(
      `expected JSON in UTF-8, got a binary file that starts with ${start.join(" ")}`,
      at,
    );
  }
}

/** The file's JSON object, unless it has been parsed already. */
export function placeOf(given: Uint8Array | ArrayBuffer | Place): Place {
  return "fields" in given ? given : parseObject(given);
}

const FILE = "file";

/** The path of a field. */
export function inside({ at }: Place, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}

/** An own field of the object, not an inherited one. */
export function field({ fields }: Place, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

export function object(place: Place, name: string): Place {
  const at = inside(place, name);
  return { at, fields: asObject(field(place, name), at) };
}

/** The objects of a list, each with its path. */
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

/** An integer of at least `least`; `absent` if the field is missing or null. */
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

/** A value of JSON in error messages: short lists of numbers as they are. */
export function valueText(value: unknown): string {
  if (value === undefined) return "none";
  const isShort =
    Array.isArray(value) &&
    value.length <= 8 &&
    value.every((n) => n === null || typeof n === "number");
  return isShort ? shapeText(value as unknown[]) : describe(value);
}

/**
 * A model's number as JSON is to hold it: nine digits, which identify a float32.
 *
 * @throws RangeError for NaN and infinity, which JSON does not have
 */
export function shortNumber(value: number): number {
  if (Number.isFinite(value)) return Number(value.toPrecision(9));
  throw new RangeError(message("model", "finite weights", String(value)));
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

/** More than any parameter has; it bounds the search in deeply nested lists. */
const MAX_AXES = 8;

/** Finite numbers in nested lists, all lists of a level as long as the first. */
export function nested(value: unknown, at: string): Tensor {
  const shape: number[] = [];
  for (let level = value; shape.length === 0 || Array.isArray(level);) {
    const { length } = asList(level, at + "[0]".repeat(shape.length));
    if (!length || shape.length === MAX_AXES)
      throw unexpected(
        `numbers in lists nested at most ${MAX_AXES} deep`,
        level,
        at,
      );
    shape.push(length);
    level = (level as unknown[])[0];
  }
  // rows are counted before anything is allocated: the first list of each level may claim any size
  const rows: [row: readonly unknown[], at: string][] = [];
  const collect = (level: unknown, axis: number, place: string): void => {
    const entries = asList(level, place, shape[axis]);
    if (axis === shape.length - 1) rows.push([entries, place]);
    else entries.forEach((e, i) => collect(e, axis + 1, `${place}[${i}]`));
  };
  collect(value, 0, at);
  const columns = shape.at(-1) as number;
  const data = new Float32Array(rows.length * columns);
  rows.forEach(([row, place], r) => fill(data, r * columns, row, place));
  return { shape, data };
}

function fill(
  data: Float32Array,
  start: number,
  numbers: readonly unknown[],
  at: string,
): void {
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    if (typeof value !== "number")
      throw unexpected("a number", value, `${at}[${i}]`);
    data[start + i] = value;
    // infinite if float32 cannot represent it
    if (!Number.isFinite(data[start + i]))
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
