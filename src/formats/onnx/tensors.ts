import { shapeText } from "../../checks.js";
import { DTYPES as FLOATS } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import type { ExternalFiles } from "./external.js";
import { exactInteger } from "./fields.js";
import type { TensorProto } from "./messages.js";
import { countOf, type Dtype, rangeOf, type Value } from "../../graph/index.js";
import { DTYPES } from "./dtypes.js";

/** ONNX's floats by their names in src/dtypes.ts. */
const FLOAT_CODES: Record<string, string> = {
  float32: "F32",
  float64: "F64",
  float16: "F16",
  bfloat16: "BF16",
};

/** The value of a tensor in the file or in one of `files`. The numbers are copied. */
export function valueOf(
  tensor: TensorProto,
  place: string,
  files: ExternalFiles,
): Value {
  const { name, dtype } = dtypeOf(tensor.type, place);
  const shape = tensor.dims;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw new FormatError(
      `expected dims of at least 0, got ${shapeText(shape)}`,
      place,
    );
  const count = sizeIn(shape, place);
  const raw = tensor.external
    ? files.read(tensor.external, count * bytesOf(dtype), place)
    : tensor.raw;
  const data = raw ? readRaw(raw, name, count, place) : readTyped(tensor, name);
  if (data.length !== count)
    throw wrongCount(
      `${count} numbers for ${shapeText(shape)}`,
      data.length,
      place,
    );
  if (data instanceof Float64Array) checkRange(data, dtype, place);
  return { dtype, shape, data };
}

/** The dtype of a TensorProto.DataType. */
export function dtypeOf(
  type: number,
  place: string,
): { name: string; dtype: Dtype } {
  const found = DTYPES.get(type);
  if (found) return found;
  const names = [...DTYPES.values()].map(({ name }) => name).join(", ");
  throw new FormatError(
    `expected a tensor of ${names}, got data type ${type}`,
    place,
  );
}

/** The bytes of a number in memory. */
const bytesOf = (dtype: Dtype): number => (dtype === "float32" ? 4 : 8);

function sizeIn(shape: readonly number[], place: string): number {
  try {
    return countOf(shape, "dims");
  } catch (error) {
    throw new FormatError((error as Error).message, place);
  }
}

function wrongCount(expected: string, got: number, place: string): FormatError {
  return new FormatError(`expected ${expected}, got ${got}`, place);
}

function readRaw(
  raw: Uint8Array,
  name: string,
  count: number,
  place: string,
): Float32Array | Float64Array {
  const float = FLOATS.get(FLOAT_CODES[name]);
  const size = float ? float.size : INTEGERS[name]?.size;
  if (size === undefined || raw.length !== count * size)
    throw wrongCount(
      `${count * (size ?? 1)} bytes of raw or external data`,
      raw.length,
      place,
    );
  if (float) return float.read(new Uint8Array(raw).buffer);
  const { read } = INTEGERS[name] as RawInteger;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Float64Array.from({ length: count }, (_, i) =>
    read(view, i * size, place),
  );
}

interface RawInteger {
  readonly size: number; // bytes
  readonly read: (view: DataView, at: number, place: string) => number;
}

const INTEGERS: Record<string, RawInteger> = {
  bool: { size: 1, read: (view, at) => (view.getUint8(at) ? 1 : 0) },
  int8: { size: 1, read: (view, at) => view.getInt8(at) },
  uint8: { size: 1, read: (view, at) => view.getUint8(at) },
  int16: { size: 2, read: (view, at) => view.getInt16(at, true) },
  uint16: { size: 2, read: (view, at) => view.getUint16(at, true) },
  int32: { size: 4, read: (view, at) => view.getInt32(at, true) },
  uint32: { size: 4, read: (view, at) => view.getUint32(at, true) },
  int64: {
    size: 8,
    read: (view, at, place) => exactInteger(view.getBigInt64(at, true), place),
  },
  uint64: {
    size: 8,
    read: (view, at, place) => exactInteger(view.getBigUint64(at, true), place),
  },
};

/** The numbers in the field that onnx.proto defines for each dtype. */
function readTyped(
  tensor: TensorProto,
  name: string,
): Float32Array | Float64Array {
  if (name === "float32") return Float32Array.from(tensor.floats);
  if (name === "float64") return Float32Array.from(tensor.doubles);
  if (name === "float16" || name === "bfloat16") {
    const bits = Uint16Array.from(tensor.int32s);
    const float = FLOATS.get(FLOAT_CODES[name]);
    return (float as NonNullable<typeof float>).read(bits.buffer);
  }
  if (name === "int64") return Float64Array.from(tensor.int64s);
  if (name === "uint32" || name === "uint64")
    return Float64Array.from(tensor.uint64s);
  if (name === "bool")
    return Float64Array.from(tensor.int32s, (bit) => (bit ? 1 : 0));
  return Float64Array.from(tensor.int32s);
}

/** Infinities stand for the ends of int64: see exactInteger. */
function checkRange(data: Float64Array, dtype: Dtype, place: string): void {
  const [least, most] = rangeOf(dtype);
  const wide = dtype === "int64" || dtype === "uint64";
  for (const value of data) {
    if (value >= least && value <= most) continue;
    if (wide && !Number.isFinite(value)) continue;
    throw new FormatError(
      `expected numbers in the range of ${dtype}, got ${value}`,
      place,
    );
  }
}
