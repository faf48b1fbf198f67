import { BinaryWriter } from "@bufbuild/protobuf/wire";

/*
 * ONNX files made in the tests: messages by the field numbers of onnx.proto.
 */

/** By name, the DataType of onnx.proto. */
export const TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;
export type TypeName = keyof typeof TYPES;

export interface TensorSpec {
  name?: string;
  dtype?: TypeName;
  shape: readonly number[];
  data: readonly (number | bigint)[];
  /** In the typed field that onnx.proto has for the dtype, instead of raw_data. */
  typed?: boolean;
  /** A file that has the data instead, or all entries of external_data; where there are data, these count. */
  external?: string | Readonly<Record<string, string>>;
}

export type AttributeSpec =
  | number // an int
  | { float: number }
  | string
  | readonly number[] // ints
  | { floats: readonly number[] }
  | readonly string[]
  | { tensor: TensorSpec }
  | { graph: GraphSpec }
  /** In a function: an attribute of the call. */
  | { reference: string };

/** A graph in a node: its inputs and outputs have names alone. */
export interface GraphSpec {
  nodes: readonly NodeSpec[];
  inputs?: readonly string[];
  outputs: readonly string[];
  initializers?: readonly (TensorSpec & { name: string })[];
}

export interface FunctionSpec {
  name: string;
  domain: string;
  inputs: readonly string[];
  outputs: readonly string[];
  nodes: readonly NodeSpec[];
  opset?: number;
}

export interface NodeSpec {
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  name?: string;
  domain?: string;
  attributes?: Readonly<Record<string, AttributeSpec>>;
}

export interface ValueSpec {
  name: string;
  /** null: not said. */
  dtype?: TypeName | null;
  shape?: readonly (number | string | null)[];
}

export interface ModelSpec {
  nodes: readonly NodeSpec[];
  inputs?: readonly ValueSpec[];
  outputs: readonly ValueSpec[];
  initializers?: readonly (TensorSpec & { name: string })[];
  opset?: number;
  ir?: number;
  producer?: string;
  version?: string;
  functions?: readonly FunctionSpec[];
}

type Fill = (writer: BinaryWriter) => void;

function message(writer: BinaryWriter, field: number, fill: Fill): void {
  writer.tag(field, 2).fork();
  fill(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string) =>
  value && writer.tag(field, 2).string(value);

const integer = (
  writer: BinaryWriter,
  field: number,
  value: number | bigint,
): BinaryWriter => writer.tag(field, 0).int64(BigInt(value).toString());

export function modelBytes(spec: ModelSpec): Uint8Array {
  const writer = new BinaryWriter();
  integer(writer, 1, spec.ir ?? 8);
  text(writer, 2, spec.producer ?? "gatewise-test");
  text(writer, 3, spec.version ?? "");
  message(writer, 7, (graph) => {
    for (const node of spec.nodes) message(graph, 1, (w) => writeNode(w, node));
    text(graph, 2, "graph");
    for (const tensor of spec.initializers ?? [])
      message(graph, 5, (w) => writeTensor(w, tensor));
    for (const input of spec.inputs ?? [])
      message(graph, 11, (w) => writeValue(w, input));
    for (const output of spec.outputs)
      message(graph, 12, (w) => writeValue(w, output));
  });
  message(writer, 8, (opset) => integer(opset, 2, spec.opset ?? 17));
  for (const own of spec.functions ?? [])
    message(writer, 25, (w) => {
      text(w, 1, own.name);
      for (const name of own.inputs) w.tag(4, 2).string(name);
      for (const name of own.outputs) w.tag(5, 2).string(name);
      for (const node of own.nodes) message(w, 7, (n) => writeNode(n, node));
      message(w, 9, (opset) => integer(opset, 2, own.opset ?? 17));
      text(w, 10, own.domain);
    });
  return writer.finish();
}

function writeNode(writer: BinaryWriter, node: NodeSpec): void {
  for (const input of node.inputs) writer.tag(1, 2).string(input);
  for (const output of node.outputs) writer.tag(2, 2).string(output);
  text(writer, 3, node.name ?? node.type.toLowerCase());
  text(writer, 4, node.type);
  text(writer, 7, node.domain ?? "");
  for (const [name, value] of Object.entries(node.attributes ?? {}))
    message(writer, 5, (w) => {
      text(w, 1, name);
      writeAttribute(w, value);
    });
}

function writeAttribute(writer: BinaryWriter, value: AttributeSpec): void {
  const end = (type: number) => integer(writer, 20, type);
  if (typeof value === "number") {
    end(2);
    integer(writer, 3, value);
  } else if (typeof value === "string") {
    end(3);
    text(writer, 4, value);
  } else if ("float" in value) {
    end(1);
    writer.tag(2, 5).float(value.float);
  } else if ("floats" in value) {
    end(6);
    for (const number of value.floats) writer.tag(7, 5).float(number);
  } else if ("graph" in value) {
    end(5);
    message(writer, 6, (w) => {
      for (const node of value.graph.nodes)
        message(w, 1, (n) => writeNode(n, node));
      for (const tensor of value.graph.initializers ?? [])
        message(w, 5, (t) => writeTensor(t, tensor));
      for (const name of value.graph.inputs ?? [])
        message(w, 11, (v) => text(v, 1, name));
      for (const name of value.graph.outputs)
        message(w, 12, (v) => text(v, 1, name));
    });
  } else if ("reference" in value) {
    end(1);
    text(writer, 21, value.reference);
  } else if ("tensor" in value) {
    end(4);
    message(writer, 5, (w) => writeTensor(w, value.tensor));
  } else if (value.every((item) => typeof item === "number")) {
    end(7);
    for (const number of value) integer(writer, 8, number as number);
  } else {
    end(8);
    for (const item of value) writer.tag(9, 2).string(item as string);
  }
}

export function writeTensor(writer: BinaryWriter, tensor: TensorSpec): void {
  const { name = "", dtype = "float32", shape, data } = tensor;
  for (const size of shape) integer(writer, 1, size);
  integer(writer, 2, TYPES[dtype]);
  text(writer, 8, name);
  const { external } = tensor;
  if (external !== undefined) {
    const entries =
      typeof external === "string" ? { location: external } : external;
    for (const [key, value] of Object.entries(entries))
      message(writer, 13, (entry) => {
        text(entry, 1, key);
        text(entry, 2, value);
      });
    if (!data.length) return void integer(writer, 14, 1);
  }
  if (tensor.typed) writeTyped(writer, dtype, data);
  else writer.tag(9, 2).bytes(rawData(dtype, data));
}

function writeTyped(
  writer: BinaryWriter,
  dtype: TypeName,
  data: readonly (number | bigint)[],
): void {
  const fields: Partial<Record<TypeName, number>> = {
    float32: 4,
    int64: 7,
    float64: 10,
    uint32: 11,
    uint64: 11,
  };
  const field = fields[dtype] ?? 5;
  message(writer, field, (w) => {
    for (const number of data) {
      if (field === 4) w.float(number as number);
      else if (field === 10) w.double(number as number);
      else if (field === 11) w.uint64(number.toString());
      else w.int64(number.toString());
    }
  });
}

function rawData(
  dtype: TypeName,
  data: readonly (number | bigint)[],
): Uint8Array {
  if (dtype === "int64")
    return new Uint8Array(BigInt64Array.from(data, BigInt).buffer);
  if (dtype === "uint64")
    return new Uint8Array(BigUint64Array.from(data, BigInt).buffer);
  const arrays = {
    float32: Float32Array,
    float64: Float64Array,
    int8: Int8Array,
    uint8: Uint8Array,
    bool: Uint8Array,
    int16: Int16Array,
    uint16: Uint16Array,
    // as their bits
    float16: Uint16Array,
    bfloat16: Uint16Array,
    int32: Int32Array,
    uint32: Uint32Array,
    string: Uint8Array,
  };
  return new Uint8Array(arrays[dtype].from(data as number[]).buffer);
}

function writeValue(writer: BinaryWriter, value: ValueSpec): void {
  const { dtype = "float32" } = value;
  text(writer, 1, value.name);
  if (!dtype) return;
  message(writer, 2, (type) =>
    message(type, 1, (tensor) => {
      integer(tensor, 1, TYPES[dtype]);
      const { shape } = value;
      if (shape)
        message(tensor, 2, (dims) => {
          for (const size of shape)
            message(dims, 1, (dim) => {
              if (typeof size === "number") integer(dim, 1, size);
              else if (size) text(dim, 2, size);
            });
        });
    }),
  );
}
