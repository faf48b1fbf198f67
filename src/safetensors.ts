/*
 * The safetensors format, which models are saved in: safetensors-header.ts describes it.
 */
import type { Bytes } from "./bytes.js";
import { isRecord, wrong } from "./checks.js";
import { DTYPES } from "./dtypes.js";
import { at, METADATA, readHeader } from "./safetensors-header.js";
import { checkTensor, type Tensor } from "./tensor.js";
import { encodeUtf8 } from "./utf8.js";

/** Tensors by name. */
export type StateDict = Record<string, Tensor>;

/**
 * The tensors of a safetensors file, each with numbers of its own, and the file's metadata. Reads F32; F16, BF16 and
 * F64 are widened or rounded to F32.
 *
 * @throws TypeError when `bytes` is not a Uint8Array or ArrayBuffer; FormatError, which names the place, when the file
 *   is damaged or holds another dtype
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
 * A safetensors file of `tensors` as F32, in the order of their names in the object; equal contents give equal
 * bytes.
 *
 * @throws TypeError, RangeError when a tensor or a metadata value is not what it should be
 */
export function serialize(
  tensors: StateDict,
  metadata?: Record<string, string>,
): Bytes {
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
