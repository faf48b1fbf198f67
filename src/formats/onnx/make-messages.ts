/*
 * Creates messages from plain values.
 */
import type { Tensor } from "../../tensor.js";
import { encodeUtf8 } from "../../utf8.js";
import { wideInteger } from "./fields.js";
import {
  ATTRIBUTE,
  type AttributeProto,
  emptyAttribute,
  emptyTensor,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./messages.js";
import type { Dtype, Value } from "../../graph/index.js";
import { DTYPES } from "./dtypes.js";

/** An int, ints, a float, a string, strings. */
export type AttributeValue =
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | string
  | readonly string[];

export function makeNode(
  type: string,
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, AttributeValue>> = {},
  domain = "",
): NodeProto {
  return {
    name,
    type,
    domain,
    inputs: [...inputs],
    outputs: [...outputs],
    attributes: Object.entries(attributes).map(([key, value]) =>
      makeAttribute(key, value),
    ),
  };
}

export function makeAttribute(
  name: string,
  value: AttributeValue,
): AttributeProto {
  return { ...emptyAttribute(), name, ...valueFields(value) };
}

function valueFields(value: AttributeValue): Partial<AttributeProto> {
  if (typeof value === "number") return { type: ATTRIBUTE.int, integer: value };
  if (typeof value === "string")
    return { type: ATTRIBUTE.string, bytes: encodeUtf8(value) };
  if ("float" in value) return { type: ATTRIBUTE.float, float: value.float };
  if ("floats" in value)
    return { type: ATTRIBUTE.floats, floats: [...value.floats] };
  if (value.every((item) => typeof item === "number"))
    return { type: ATTRIBUTE.ints, integers: [...value] as number[] };
  const strings = (value as readonly string[]).map(encodeUtf8);
  return { type: ATTRIBUTE.strings, strings };
}

/** The DataType of onnx.proto. */
export function typeNumber(dtype: Dtype): number {
  for (const [number, { name }] of DTYPES) if (name === dtype) return number;
  throw new Error(`no data type for ${dtype}`);
}

/** An input or output of a graph. */
export function valueInfo(
  name: string,
  shape: readonly (number | string)[],
  dtype: Dtype = "float32",
): ValueInfoProto {
  return { name, type: typeNumber(dtype), shape: [...shape] };
}

export function floats({ shape, data }: Tensor): Value {
  return { dtype: "float32", shape, data };
}

/** A tensor with its data in the message. */
export function makeTensor(name: string, value: Value): TensorProto {
  return { ...typed(name, value), raw: rawData(value) };
}

function typed(name: string, { dtype, shape }: Value): TensorProto {
  return {
    ...emptyTensor(),
    name,
    dims: [...shape],
    type: typeNumber(dtype),
  };
}

const ARRAYS = {
  float32: Float32Array,
  bool: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
} as const;

/** Little-endian, as all hosts of WebAssembly are. */
function rawData({ dtype, data }: Value): Uint8Array {
  if (dtype === "int64" || dtype === "uint64") {
    const bits = BigInt64Array.from(data, wideInteger);
    return new Uint8Array(bits.buffer);
  }
  const { buffer } = new ARRAYS[dtype](data);
  return new Uint8Array(buffer);
}
