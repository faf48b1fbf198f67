/*
 * The numbers of constant tensors, as stored or dequantised.
 */
import { shapeText } from "../../checks.js";
import { DTYPES } from "../../dtypes.js";
import { FormatError } from "../../errors.js";
import { countOf, type Dtype, type Value } from "../../graph/index.js";
import type { Budget } from "../budget.js";
import type { Model, Quantization, Tensor } from "./model.js";
import type { TensorType } from "./schema.js";

interface Stored {
  readonly dtype: Dtype;
  readonly read: (bytes: Uint8Array, count: number) => Value["data"];
  readonly bytes: (count: number) => number;
}

const float = (code: string): Stored => {
  const { size, read } = DTYPES.get(code) as NonNullable<
    ReturnType<typeof DTYPES.get>
  >;
  return {
    dtype: "float32",
    bytes: (count) => count * size,
    // a copy: the file need not be aligned, and belongs to the caller
    read: (bytes) => read(new Uint8Array(bytes).buffer),
  };
};

const integer = (
  dtype: Dtype,
  size: number,
  read: (view: DataView, at: number) => number,
): Stored => ({
  dtype,
  bytes: (count) => count * size,
  read(bytes, count) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const data = new Float64Array(count);
    for (let i = 0; i < count; i++) data[i] = read(view, i * size);
    return data;
  },
});

/** Two numbers per byte, the lower half first. */
const INT4: Stored = {
  dtype: "int8",
  bytes: (count) => Math.ceil(count / 2),
  read(bytes, count) {
    const data = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const byte = bytes[i >> 1] as number;
      data[i] = (i & 1 ? byte << 24 : byte << 28) >> 28;
    }
    return data;
  },
};

const STORED: Readonly<Partial<Record<TensorType, Stored>>> = {
  FLOAT32: float("F32"),
  FLOAT16: float("F16"),
  BFLOAT16: float("BF16"),
  FLOAT64: float("F64"),
  INT4,
  INT8: integer("int8", 1, (view, at) => view.getInt8(at)),
  UINT8: integer("uint8", 1, (view, at) => view.getUint8(at)),
  BOOL: integer("bool", 1, (view, at) => (view.getUint8(at) ? 1 : 0)),
  INT16: integer("int16", 2, (view, at) => view.getInt16(at, true)),
  UINT16: integer("uint16", 2, (view, at) => view.getUint16(at, true)),
  INT32: integer("int32", 4, (view, at) => view.getInt32(at, true)),
  UINT32: integer("uint32", 4, (view, at) => view.getUint32(at, true)),
  INT64: integer("int64", 8, (view, at) =>
    ofLong(view.getBigInt64(at, true), "INT64"),
  ),
  UINT64: integer("uint64", 8, (view, at) =>
    ofLong(view.getBigUint64(at, true), "UINT64"),
  ),
};

/** A 64-bit integer as a number. The ends of the range, by which files mean "all", become infinities. */
function ofLong(value: bigint, type: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (value > 2n ** 62n || value < -(2n ** 62n))
    return number < 0 ? -Infinity : Infinity;
  throw new FormatError(`expected integers up to 2^53, got ${value}`, type);
}

/** The dtype of a type's values in the graph; null if graphs do not have such values. */
export const dtypeOf = (type: TensorType): Dtype | null =>
  STORED[type]?.dtype ?? null;

/** The number of elements of a shape. */
export function sizeIn(shape: readonly number[], place: string): number {
  try {
    return countOf(shape, "shape");
  } catch (error) {
    throw new FormatError((error as Error).message, place);
  }
}

export class Constants {
  readonly #buffers: Model["buffers"];
  readonly #budget: Budget;
  readonly #rounds: boolean;
  readonly #read = new Set<number>();

  /** @param rounds whether layers are in int8: dequantised values then also keep their integers and scales */
  constructor({ buffers }: Model, budget: Budget, rounds = false) {
    this.#buffers = buffers;
    this.#budget = budget;
    this.#rounds = rounds;
  }

  /** Whether the tensor is a constant; one of size 0 needs no data. */
  has({ buffer, shape, type, isVariable }: Tensor): boolean {
    if (this.#buffers[buffer]) return true;
    return !isVariable && shape.includes(0) && dtypeOf(type) !== null;
  }

  /** The number of buffers that were not read. */
  get unread(): number {
    return this.#buffers.filter((bytes, i) => bytes && !this.#read.has(i))
      .length;
  }

  /** Called before `bytes` are allocated. @throws FormatError if they exceed the budget */
  take(bytes: number, place: string): void {
    this.#budget.take(bytes, place);
  }

  /** The numbers in the file. @throws FormatError if their count does not match the shape */
  stored(tensor: Tensor): Value {
    const { type, shape, buffer, place, isSparse } = tensor;
    const kind = STORED[type];
    if (!kind)
      throw new FormatError(
        `expected numbers, got a constant of ${type}`,
        place,
      );
    if (isSparse)
      throw new FormatError(
        "expected dense numbers, got a sparse tensor; convert the model without sparsity",
        place,
      );
    const bytes = this.#buffers[buffer] ?? new Uint8Array();
    const count = sizeIn(shape, place);
    const size = kind.bytes(count);
    if (bytes.length !== size)
      throw new FormatError(
        `expected ${size} bytes for ${type} ${shapeText(shape)}, got ${bytes.length}`,
        place,
      );
    this.#read.add(buffer);
    this.#budget.take(count * (kind.dtype === "float32" ? 4 : 8), place);
    return { dtype: kind.dtype, shape, data: kind.read(bytes, count) };
  }

  /** The numbers, dequantised if they have a scale. */
  real(tensor: Tensor): Value {
    const value = this.stored(tensor);
    const { quantization, place } = tensor;
    if (!quantization || value.dtype === "float32") return value;
    this.#budget.take((this.#rounds ? 12 : 4) * value.data.length, place);
    return dequantized(value, quantization, place, this.#rounds);
  }
}

/** scale · (q - zero point), rounded once. */
export function dequantized(
  { shape, data }: Value,
  quantization: Quantization,
  place: string,
  rounds = false,
): Value {
  const at = scaleOf(shape, quantization, place);
  const { scales, zeros } = quantization;
  const result = new Float32Array(data.length);
  const scaled = rounds && {
    integers: new Float32Array(data.length),
    scales: new Float32Array(data.length),
  };
  for (let i = 0; i < data.length; i++) {
    const k = at(i);
    const integer = (data[i] as number) - (zeros[k] as number);
    const scale = scales[k] as number;
    result[i] = integer * scale;
    if (!scaled) continue;
    scaled.integers[i] = integer;
    scaled.scales[i] = scale;
  }
  return { dtype: "float32", shape, data: result, ...(scaled && { scaled }) };
}

/** The index of the scale for each number. */
function scaleOf(
  shape: readonly number[],
  { scales, axis }: Quantization,
  place: string,
): (i: number) => number {
  if (scales.length === 1) return () => 0;
  const size = shape[axis];
  if (size !== scales.length)
    throw new FormatError(
      `expected a scale for each of ${size ?? "the indices"} along axis ${axis}, got ${scales.length}`,
      place,
    );
  const inner = shape.slice(axis + 1).reduce((all, n) => all * n, 1);
  return (i) => Math.floor(i / inner) % size;
}
