/*
 * The header of a safetensors file, which names and places the tensors.
 *
 *     [ 8 bytes: the header's length ][ the header: JSON, spaces ][ the numbers of all tensors, without gaps ]
 *
 *     { "__metadata__": { name: text }, name: { "dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end] } }
 *
 * Offsets count from the header's end. https://huggingface.co/docs/safetensors
 */
import { toBytes } from "./bytes.js";
import { describe, isRecord, shapeText } from "./checks.js";
import { FormatError } from "./errors.js";
import { decodeUtf8 } from "./utf8.js";

/** A tensor of the file; its numbers lie from byte `begin` to byte `end`, counted from the end of the header. */
export interface Entry<Type> {
  readonly name: string;
  readonly dtype: Type;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The limit that the format itself sets, in bytes. */
const MAX_HEADER = 100_000_000;

/** The name that no tensor may have. */
export const METADATA = "__metadata__";

/**
 * The file's tensors, which must be of these types, and its metadata; `numbersOf` copies the numbers of one.
 *
 * @throws FormatError
 */
export function readHeader<Type extends { readonly size: number }>(
  bytes: Uint8Array | ArrayBuffer,
  dtypes: ReadonlyMap<unknown, Type>,
): {
  entries: Entry<Type>[];
  metadata: Record<string, string>;
  numbersOf: (entry: Entry<Type>) => ArrayBuffer;
} {
  const file = toBytes(bytes);
  const start = headerEnd(file);
  const entries: Entry<Type>[] = [];
  let metadata: Record<string, string> | undefined;
  const text = headerText(file, start);
  for (const [name, value] of Object.entries(parseHeader(text)))
    if (name === METADATA) metadata = toMetadata(value);
    else entries.push(toEntry(name, value, dtypes));
  checkNames(text, entries, metadata);
  checkLayout(entries, file.length - start);
  return {
    entries,
    metadata: metadata ?? {},
    numbersOf: ({ begin, end }) =>
      file.slice(start + begin, start + end).buffer,
  };
}

/** Where the header ends and the numbers start. */
function headerEnd(file: Uint8Array): number {
  if (file.length < 8)
    throw new FormatError(`expected 8 bytes, got ${file.length}`, 0);
  const view = new DataView(file.buffer, file.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const limit = Math.min(MAX_HEADER, file.length - 8);
  if (length <= limit) return 8 + length;
  throw new FormatError(
    `expected a header of at most ${limit} bytes, got ${length}`,
    0,
  );
}

function headerText(file: Uint8Array, end: number): string {
  if (end === 8 || file[8] !== 0x7b)
    throw new FormatError("expected a header that starts with {", 8);
  try {
    return decodeUtf8(file.slice(8, end));
  } catch {
    throw new FormatError("expected UTF-8", "header");
  }
}

/** An object, since the text starts with a brace. */
function parseHeader(text: string): object {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new FormatError(`expected JSON, got ${String(error)}`, "header");
  }
}

function toMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value)) throw unexpected("an object", value, METADATA);
  for (const [name, text] of Object.entries(value))
    if (typeof text !== "string")
      throw unexpected("a string", text, at(METADATA, name));
  return value as Record<string, string>;
}

function toEntry<Type extends { readonly size: number }>(
  name: string,
  value: unknown,
  dtypes: ReadonlyMap<unknown, Type>,
): Entry<Type> {
  const place = `tensor ${JSON.stringify(name)}`;
  if (!isRecord(value)) throw unexpected("an object", value, place);
  const { dtype: code, shape, data_offsets: offsets } = value;
  const dtype = dtypes.get(code);
  if (dtype === undefined)
    throw unexpected("dtype F32, F16, BF16 or F64", code, place);
  if (!isSizes(shape))
    throw unexpected("a shape of integers of at least 0", shape, place);
  if (!isSizes(offsets) || offsets.length !== 2)
    throw unexpected("data_offsets [begin, end]", offsets, place);
  if (Object.keys(value).length !== 3)
    throw unexpected("only dtype, shape and data_offsets", value, place);
  const [begin, end] = offsets as [number, number];
  const bytes = byteLength(shape, dtype.size, place);
  if (end - begin === bytes) return { name, dtype, shape, begin, end };
  throw new FormatError(
    `expected ${bytes} bytes for ${code} ${shapeText(shape)}, got data_offsets ${shapeText(offsets)}`,
    place,
  );
}

function isSizes(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0 && !Object.is(n, -0))
  );
}

function byteLength(shape: number[], size: number, place: string): number {
  let bytes = size;
  for (const length of shape) {
    bytes *= length;
    // checked here, not after the loop, where a dimension of 0 could hide it
    if (bytes > Number.MAX_SAFE_INTEGER)
      throw new FormatError(`${shapeText(shape)} is too large`, place);
  }
  return bytes;
}

/** Refuses names that occur twice, of which JSON.parse keeps only the last. Each name in the text has one colon. */
function checkNames(
  text: string,
  entries: readonly Entry<unknown>[],
  metadata: Record<string, string> | undefined,
): void {
  let names = entries.length * 4;
  if (metadata !== undefined) names += 1 + Object.keys(metadata).length;
  if (countColons(text) !== names)
    throw new FormatError("a name occurs twice", "header");
}

/** The colons outside strings. By hand: a regular expression overflows on a string of megabytes. */
function countColons(json: string): number {
  let colons = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const char = json[i];
    if (char === '"') inString = !inString;
    else if (inString && char === "\\") i++;
    else if (!inString && char === ":") colons++;
  }
  return colons;
}

/** Refuses tensors that overlap or leave gaps. */
function checkLayout(entries: readonly Entry<unknown>[], size: number): void {
  const sorted = [...entries].sort(
    (a, b) => a.begin - b.begin || a.end - b.end,
  );
  let position = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== position || end > size)
      throw new FormatError(
        `expected bytes from ${position} and up to ${size}, got data_offsets ${shapeText([begin, end])}`,
        `tensor ${JSON.stringify(name)}`,
      );
    position = end;
  }
  if (position !== size)
    throw new FormatError(
      `expected the end of the file after ${position} bytes of tensors, got ${size}`,
      "data",
    );
}

/** The place of an entry: `tensors["weight"]`. */
export function at(object: string, name: string): string {
  return `${object}[${JSON.stringify(name)}]`;
}

/** The error for an unexpected value at a place of the file. */
export function unexpected(
  expected: string,
  got: unknown,
  place: string,
): FormatError {
  return new FormatError(`expected ${expected}, got ${describe(got)}`, place);
}
