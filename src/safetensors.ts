/*
 * The safetensors format: 8 bytes with the header's length, the header as JSON, the numbers of all tensors.
 * https://huggingface.co/docs/safetensors
 */
import { toBytes } from "./bytes.js";
import { describe, isRecord, shapeText, wrong } from "./checks.js";
import { DTYPES } from "./dtypes.js";
import { FormatError } from "./errors.js";
import { checkTensor, type Tensor } from "./tensor.js";
import { decodeUtf8, encodeUtf8 } from "./utf8.js";

/** Tensors by name. */
export type StateDict = Record<string, Tensor>;

export interface Entry<Type> {
  readonly name: string;
  readonly dtype: Type;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** The format's own limit. */
const LONGEST_HEADER = 100_000_000;

const METADATA = "__metadata__";

/**
 * The tensors of a safetensors file, each with numbers of its own, and the file's metadata.
 *
 * Reads F32, and F16, BF16 and F64 as F32. Throws TypeError when `bytes` is not a Uint8Array or ArrayBuffer, and
 * FormatError, which names the place, when the file is damaged or holds another dtype.
 */
export function parse(bytes: Uint8Array | ArrayBuffer): {
  tensors: StateDict;
  metadata: Record<string, string>;
} {
  const { entries, metadata, numbersOf } = readHeader(bytes, DTYPES);
  const tensors = entries.map((entry) => {
    const { name, dtype, shape } = entry;
    return [name, { shape, data: dtype.read(numbersOf(entry)) }] as const;
  });
  // fromEntries defines own properties, so a tensor may be called __proto__
  return { tensors: Object.fromEntries(tensors), metadata };
}

/**
 * What `parse` does before it reads numbers, for tensors of these types; `numbersOf` copies those of an entry.
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

/**
 * A safetensors file of `tensors` as F32, in the order of their names in the object; equal contents give equal
 * bytes.
 *
 * Throws TypeError or RangeError when a tensor or a metadata value is not what it should be.
 */
export function serialize(
  tensors: StateDict,
  metadata?: Record<string, string>,
): Uint8Array {
  const header: [string, unknown][] = [];
  if (metadata !== undefined) header.push([METADATA, strings(metadata)]);
  const blobs: Float32Array[] = [];
  let size = 0;
  for (const [name, value] of Object.entries(named(tensors, "tensors"))) {
    if (name === METADATA)
      throw wrong(true, "tensors", `names other than ${METADATA}`, name);
    const { shape, data } = checkTensor(value, at("tensors", name));
    const offsets = [size, (size += data.byteLength)];
    header.push([name, { dtype: "F32", shape, data_offsets: offsets }]);
    blobs.push(data);
  }
  const json = encodeUtf8(JSON.stringify(Object.fromEntries(header)));
  // spaces up to a multiple of 8, so that the numbers can be viewed in place
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(start + size).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(json, 8);
  let offset = start;
  for (const { buffer, byteOffset, byteLength } of blobs) {
    file.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return file;
}

/** Where the header ends and the numbers start. */
function headerEnd(file: Uint8Array): number {
  if (file.length < 8)
    throw new FormatError(`expected 8 bytes, got ${file.length}`, 0);
  const view = new DataView(file.buffer, file.byteOffset);
  const length = Number(view.getBigUint64(0, true));
  const most = Math.min(LONGEST_HEADER, file.length - 8);
  if (length <= most) return 8 + length;
  throw new FormatError(
    `expected a header of at most ${most} bytes, got ${length}`,
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
    throw unexpected("dtype, shape and data_offsets alone", value, place);
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
    // at once, not at the end, where a dimension of 0 could hide it
    if (bytes > Number.MAX_SAFE_INTEGER)
      throw new FormatError(`${shapeText(shape)} is too large`, place);
  }
  return bytes;
}

/** Refuses names that occur twice, of which JSON.parse keeps the last: each name in the text has one colon. */
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

/** Refuses tensors that overlap or leave bytes to nobody. */
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

function strings(metadata: unknown): Record<string, unknown> {
  const texts = named(metadata, "metadata");
  for (const [name, text] of Object.entries(texts))
    if (typeof text !== "string")
      throw wrong(false, at("metadata", name), "a string", text);
  return texts;
}

/** As `record` of checks.ts, without the 200 bytes of its check of options. */
function named(value: unknown, name: string): Record<string, unknown> {
  if (isRecord(value)) return value;
  throw wrong(false, name, "an object", value);
}

function at(object: string, name: string): string {
  return `${object}[${JSON.stringify(name)}]`;
}

function unexpected(
  expected: string,
  got: unknown,
  place: string,
): FormatError {
  return new FormatError(`expected ${expected}, got ${describe(got)}`, place);
}
