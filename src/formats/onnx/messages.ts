/*
 * The messages of onnx.proto (Apache-2.0, github.com/onnx/onnx), as far as nodes need them; read.ts and write.ts have
 * them as bytes.
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
  /** How many training_info entries. */
  training: number;
}

/** What nodes of its name and domain stand for. */
export interface FunctionProto {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: NodeProto[];
  opsets: { domain: string; version: number }[];
  /** Attributes with what they are where a call does not give them. */
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
  /** Of ATTRIBUTE; 0 in files that do not say. */
  type: number;
  float: number;
  integer: number;
  bytes: Uint8Array;
  tensor: TensorProto | null;
  graph: GraphProto | null;
  floats: number[];
  integers: number[];
  strings: Uint8Array[];
  /** In a function: the attribute of the call that is meant; "" elsewhere. */
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
  /** The entries of external_data; null when the numbers are in this file. */
  external: Map<string, string> | null;
}

export interface ValueInfoProto {
  name: string;
  /** TensorProto.DataType; 0 for what is no tensor. */
  type: number;
  /** Sizes, names of sizes, null for what is not said; null for any shape. */
  shape: (number | string | null)[] | null;
}

/** Numbers and texts that a message does not have are 0 and empty. */
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
