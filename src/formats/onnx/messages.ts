/*
 * The messages of onnx.proto (Apache-2.0, github.com/onnx/onnx), with the fields that are used. read.ts reads them from
 * bytes, write.ts writes them.
 */

export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  opsets: { domain: string; version: number }[];
  graph: GraphProto | null;
  /** Names in metadata_props. */
  metadata: string[];
  functions: FunctionProto[];
  /** The number of training_info entries. */
  training: number;
}

/** A function, which nodes of its name and domain call. */
export interface FunctionProto {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: NodeProto[];
  opsets: { domain: string; version: number }[];
  /** Attributes with their default values. */
  defaults: AttributeProto[];
}

export interface GraphProto {
  name: string;
  nodes: NodeProto[];
  initializers: TensorProto[];
  sparseInitializers: number;
  inputs: ValueInfoProto[];
  outputs: ValueInfoProto[];
}

export interface NodeProto {
  name: string;
  type: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  attributes: AttributeProto[];
}

export interface AttributeProto {
  name: string;
  /** One of ATTRIBUTE; 0 if the file does not say. */
  type: number;
  float: number;
  integer: number;
  bytes: Uint8Array;
  tensor: TensorProto | null;
  graph: GraphProto | null;
  floats: number[];
  integers: number[];
  strings: Uint8Array[];
  /** In a function: the name of the call's attribute to use; "" elsewhere. */
  reference: string;
}

/** AttributeProto.AttributeType. */
export const ATTRIBUTE = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

export interface TensorProto {
  name: string;
  dims: number[];
  /** TensorProto.DataType. */
  type: number;
  raw: Uint8Array | null;
  floats: number[]; // float32
  int32s: number[]; // int32, the smaller integers, bool, and float16 and bfloat16 as their bits
  int64s: number[];
  doubles: number[];
  uint64s: number[]; // uint64 and uint32
  /** The entries of external_data; null if the data are in this file. */
  external: Map<string, string> | null;
}

export interface ValueInfoProto {
  name: string;
  /** TensorProto.DataType; 0 if it is not a tensor. */
  type: number;
  /** Sizes, names of sizes, or null for an unknown size; null for an unknown shape. */
  shape: (number | string | null)[] | null;
}

/** Absent fields are 0 or empty. */
export const emptyAttribute = (): AttributeProto => ({
  name: "",
  type: 0,
  float: 0,
  integer: 0,
  bytes: new Uint8Array(0),
  tensor: null,
  graph: null,
  floats: [],
  integers: [],
  strings: [],
  reference: "",
});

export const emptyTensor = (): TensorProto => ({
  name: "",
  dims: [],
  type: 0,
  raw: null,
  floats: [],
  int32s: [],
  int64s: [],
  doubles: [],
  uint64s: [],
  external: null,
});
