/*
 * Writes the messages of messages.ts as bytes: fields by their numbers in onnx.proto, without those that are empty.
 */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { wideInteger } from "./fields.js";
import {
  ATTRIBUTE,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./messages.js";

type Write<T> = (writer: BinaryWriter, value: T) => void;

/** An ONNX file. */
export function writeModel(model: ModelProto): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  integer(writer, 1, model.irVersion);
  text(writer, 2, model.producerName);
  text(writer, 3, model.producerVersion);
  if (model.graph) message(writer, 7, model.graph, writeGraph);
  for (const opset of model.opsets)
    message(writer, 8, opset, (w, { domain, version }) => {
      text(w, 1, domain);
      integer(w, 2, version);
    });
  return writer.finish();
}

function message<T>(
  writer: BinaryWriter,
  field: number,
  value: T,
  write: Write<T>,
): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer, value);
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  if (value) writer.tag(field, WireType.LengthDelimited).string(value);
}

function integer(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(wideInteger(value));
}

const writeGraph: Write<GraphProto> = (writer, graph) => {
  for (const node of graph.nodes) message(writer, 1, node, writeNode);
  text(writer, 2, graph.name);
  for (const tensor of graph.initializers)
    message(writer, 5, tensor, writeTensor);
  for (const input of graph.inputs) message(writer, 11, input, writeValueInfo);
  for (const output of graph.outputs)
    message(writer, 12, output, writeValueInfo);
};

const writeNode: Write<NodeProto> = (writer, node) => {
  const { inputs, outputs, attributes } = node;
  // an absent input or output is written as an empty name, which keeps the places of those that follow
  for (const name of inputs)
    writer.tag(1, WireType.LengthDelimited).string(name);
  for (const name of outputs)
    writer.tag(2, WireType.LengthDelimited).string(name);
  text(writer, 3, node.name);
  text(writer, 4, node.type);
  for (const value of attributes) message(writer, 5, value, writeAttribute);
  text(writer, 7, node.domain);
};

const writeAttribute: Write<AttributeProto> = (writer, attribute) => {
  const { name, type, float, bytes, tensor } = attribute;
  text(writer, 1, name);
  if (type === ATTRIBUTE.float) writer.tag(2, WireType.Bit32).float(float);
  if (type === ATTRIBUTE.int) integer(writer, 3, attribute.integer);
  if (type === ATTRIBUTE.string)
    writer.tag(4, WireType.LengthDelimited).bytes(bytes);
  if (tensor) message(writer, 5, tensor, writeTensor);
  for (const value of attribute.floats)
    writer.tag(7, WireType.Bit32).float(value);
  for (const value of attribute.integers) integer(writer, 8, value);
  for (const value of attribute.strings)
    writer.tag(9, WireType.LengthDelimited).bytes(value);
  integer(writer, 20, type);
};

const writeTensor: Write<TensorProto> = (writer, tensor) => {
  for (const size of tensor.dims) integer(writer, 1, size);
  integer(writer, 2, tensor.type);
  text(writer, 8, tensor.name);
  if (tensor.raw) writer.tag(9, WireType.LengthDelimited).bytes(tensor.raw);
  if (!tensor.external) return;
  for (const entry of tensor.external)
    message(writer, 13, entry, (w, [key, value]) => {
      text(w, 1, key);
      text(w, 2, value);
    });
  integer(writer, 14, 1); // data_location: external
};

const writeValueInfo: Write<ValueInfoProto> = (writer, info) => {
  text(writer, 1, info.name);
  if (!info.type) return;
  message(writer, 2, info, (type) =>
    message(type, 1, info, (tensor) => {
      integer(tensor, 1, info.type);
      if (info.shape) message(tensor, 2, info.shape, writeShape);
    }),
  );
};

const writeShape: Write<readonly (number | string | null)[]> = (
  writer,
  shape,
) => {
  for (const size of shape)
    message(writer, 1, size, (w) => {
      if (typeof size === "number") integer(w, 1, size);
      else text(w, 2, size ?? "");
    });
};
