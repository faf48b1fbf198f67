/*
 * The safetensors format, which models are saved in: safetensors-header.ts describes it.
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

/** Integers, which a tensor name_scale makes numbers of: a scale for each row. */
const INTEGERS = new Map<unknown, { size: number; read: Reader }>([
  ["I8", { size: 1, read: (bytes) => new Int8Array(bytes) }],
  ["I16", { size: 2, read: (bytes) => new Int16Array(bytes) }],
]);
type Reader = (bytes: ArrayBuffer) => Float32Array | Int8Array | Int16Array;
const READ = new Map([...DTYPES, ...INTEGERS]);

const scaleName = (name: string): string => `${name}_scale`;

/**
 * The tensors of a safetensors file, each with numbers of its own, and the file's metadata. Reads F32; F16, BF16 and
 * F64 are widened or rounded to F32, and so are I8 and I16 that have a scale for each row of theirs, F32 [rows] or
 * [rows, 1], by the name with _scale behind.
 *
 * @throws TypeError when `bytes` is not a Uint8Array or ArrayBuffer; FormatError, which names the place, when the file
 *   is damaged or holds another dtype
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
 * A safetensors file of `tensors`, in the order of their names in the object; equal contents give equal bytes. Tensors
 * are F32; those that have integers are I8, and their scales F32.
 *
 * @throws TypeError, RangeError when a tensor or a metadata value is not what it should be
 */
export function serialize(
  tensors: StateDict,
  metadata?: Record<string, string>,
): Bytes {
  const floats: Blob[] = [];
  // behind the floats, which then begin at multiples of 4
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
  return assemble([...floats, ...bytes], metadata);
}

/** A tensor as it stands in a file. @internal */
export type Blob = readonly [
  name: string,
  dtype: string,
  shape: readonly number[],
  numbers: Float32Array | Int16Array | Uint16Array | Int8Array,
];

/** The file of them, in this order. @internal */
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
