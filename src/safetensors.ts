/*
 * The safetensors format, in which models are saved; safetensors-header.ts describes it.
 */
import type { Bytes } from "./bytes.js";
import { isRecord, wrong } from "./checks.js";
import { DTYPES } from "./dtypes.js";
import { integersOf, integerTensor, widen } from "./integers.js";
import { at, METADATA, readHeader, unexpected } from "./safetensors-header.js";
import { checkTensor, type Tensor } from "./tensor.js";
import { encodeUtf8 } from "./utf8.js";

/** Tensors by name. */
export type StateDict = Record<string, Tensor>;

/** Integer types. A tensor of one needs another, `name_scale`, with a scale for each row. */
const INTEGERS = new Map<unknown, { size: number; read: Reader }>([
  ["I8", { size: 1, read: (bytes) => new Int8Array(bytes) }],
  ["I16", { size: 2, read: (bytes) => new Int16Array(bytes) }],
]);
type Reader = (bytes: ArrayBuffer) => Float32Array | Int8Array | Int16Array;
/** All that files may have. @internal */
export const READ = new Map([...DTYPES, ...INTEGERS]);

/** The name of the tensor with the scales of an integer tensor. @internal */
export const scaleName = (name: string): string => `${name}_scale`;

/**
 * The tensors of a safetensors file, all copies, and its metadata. Reads F32, and converts F16, BF16 and F64 to float32.
 * I8 and I16 are converted as well if there is a tensor of the same name with _scale appended, F32 [rows] or [rows, 1],
 * that scales their rows.
 *
 * @throws TypeError if `bytes` is not a Uint8Array or ArrayBuffer; FormatError, which names the place, if the file is
 *   damaged or holds another dtype
 */
export function parse(bytes: Uint8Array | ArrayBuffer): {
  tensors: StateDict;
  metadata: Record<string, string>;
} {
  const { entries, metadata, numbersOf } = readHeader(bytes, READ);
  const numbers = new Map(
    entries.map((entry) => [entry.name, entry.dtype.read(numbersOf(entry))]),
  );
  const scaled = new Set<string>();
  const tensors = entries.map(({ name, shape }): [string, Tensor] => {
    const values = numbers.get(name) as ReturnType<Reader>;
    if (values instanceof Float32Array) return [name, { shape, data: values }];
    const scale = scaleName(name);
    const scales = numbers.get(scale);
    if (!(scales instanceof Float32Array) || scales.length !== shape[0]) {
      const place = `tensor ${JSON.stringify(name)}`;
      throw unexpected(`a tensor ${scale} of F32 [${shape[0]}]`, scales, place);
    }
    scaled.add(scale);
    return [
      name,
      values instanceof Int8Array
        ? integerTensor(shape, { values, scales })
        : { shape, data: widen({ values, scales }) },
    ];
  });
  // fromEntries defines own properties, so a tensor may be called __proto__
  const own = tensors.filter(([name]) => !scaled.has(name));
  return { tensors: Object.fromEntries(own), metadata };
}

/**
 * A safetensors file of `tensors`, in the order of the object's keys; equal contents give equal bytes. Tensors are
 * written as F32, those that hold integers as I8 with their scales as F32.
 *
 * @throws TypeError, RangeError that name the tensor or metadata value
 */
export function serialize(
  tensors: StateDict,
  metadata?: Record<string, string>,
): Bytes {
  const floats: Blob[] = [];
  // written after the floats, which must begin at multiples of 4
  const bytes: Blob[] = [];
  for (const [name, value] of Object.entries(named(tensors, "tensors"))) {
    if (name === METADATA)
      throw wrong(true, "tensors", `names other than ${METADATA}`, name);
    const { shape, data } = checkTensor(value, at("tensors", name));
    const integers = integersOf(value, shape, data.length);
    if (integers) {
      const { values, scales } = integers;
      floats.push([scaleName(name), "F32", [scales.length], scales]);
      bytes.push([name, "I8", shape, values]);
    } else floats.push([name, "F32", shape, data]);
  }
  const all = [...floats, ...bytes];
  const names = new Set<string>();
  for (const [name] of all) {
    if (names.has(name))
      throw wrong(true, "tensors", "no tensor named as another's scales", name);
    names.add(name);
  }
  return assemble(all, metadata);
}

/** A tensor as written to a file. @internal */
export type Blob = readonly [
  name: string,
  dtype: string,
  shape: readonly number[],
  numbers: Float32Array | Int16Array | Uint16Array | Int8Array,
];

/** A file of these tensors, in this order. @internal */
export function assemble(
  blobs: readonly Blob[],
  metadata?: Record<string, string>,
): Bytes {
  const header: [string, unknown][] = [];
  if (metadata !== undefined) header.push([METADATA, strings(metadata)]);
  let size = 0;
  for (const [name, dtype, shape, { byteLength }] of blobs) {
    const data_offsets = [size, (size += byteLength)];
    header.push([name, { dtype, shape, data_offsets }]);
  }
  const json = encodeUtf8(JSON.stringify(Object.fromEntries(header)));
  // spaces up to a multiple of 8, so that the numbers can be viewed in place
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(start + size).fill(0x20, 8, start);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.set(json, 8);
  let offset = start;
  for (const [, , , { buffer, byteOffset, byteLength }] of blobs) {
    file.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
    offset += byteLength;
  }
  return file;
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
