/*
 * Reads the messages of messages.ts: fields by their numbers in onnx.proto. All others are skipped.
 */
import { FormatError } from "../../errors.js";
import type { Fields } from "./fields.js";
import {
  ATTRIBUTE,
  type AttributeProto,
  emptyAttribute,
  emptyTensor,
  type FunctionProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./messages.js";

export function readModel(fields: Fields): ModelProto {
  const model: ModelProto = {
    irVersion: 0,
    producerName: "",
    producerVersion: "",
    opsets: [],
    graph: null,
    metadata: [],
    functions: [],
    training: 0,
  };
  while (fields.next()) {
    const { number } = fields;
    if (number === 1) model.irVersion = fields.integer();
    else if (number === 2) model.producerName = fields.string();
    else if (number === 3) model.producerVersion = fields.string();
    else if (number === 7) model.graph = fields.message(readGraph);
    else if (number === 8) model.opsets.push(fields.message(readOpset));
    else if (number === 14) model.metadata.push(fields.message(readEntry)[0]);
    else if (number === 20) model.training++;
    else if (number === 25) model.functions.push(fields.message(readFunction));
  }
  return model;
}

function readOpset(fields: Fields): { domain: string; version: number } {
  const opset = { domain: "", version: 0 };
  while (fields.next()) {
    if (fields.number === 1) opset.domain = fields.string();
    else if (fields.number === 2) opset.version = fields.integer();
  }
  return opset;
}

function readEntry(fields: Fields): [key: string, value: string] {
  const entry: [string, string] = ["", ""];
  while (fields.next()) {
    if (fields.number === 1) entry[0] = fields.string();
    else if (fields.number === 2) entry[1] = fields.string();
  }
  return entry;
}

function readFunction(fields: Fields): FunctionProto {
  const own: FunctionProto = {
    name: "",
    domain: "",
    inputs: [],
    outputs: [],
    nodes: [],
    opsets: [],
    defaults: [],
  };
  while (fields.next()) {
    const { number } = fields;
    if (number === 1) own.name = fields.string();
    else if (number === 4) own.inputs.push(fields.string());
    else if (number === 5) own.outputs.push(fields.string());
    else if (number === 7) own.nodes.push(fields.message(readNode));
    else if (number === 9) own.opsets.push(fields.message(readOpset));
    else if (number === 10) own.domain = fields.string();
    else if (number === 11) own.defaults.push(fields.message(readAttribute));
  }
  return own;
}

/** Limits graphs nested in nodes, lest a damaged file overflow the stack. Silero nests 4. */
const MAX_DEPTH = 64;
let depth = 0;

/** A graph in a node. */
function readBody(fields: Fields): GraphProto {
  if (depth >= MAX_DEPTH)
    throw new FormatError(
      `expected at most ${MAX_DEPTH} nested graphs, got more`,
      "graph",
    );
  depth++;
  try {
    return readGraph(fields);
  } finally {
    depth--;
  }
}

function readGraph(fields: Fields): GraphProto {
  const graph: GraphProto = {
    name: "",
    nodes: [],
    initializers: [],
    sparseInitializers: 0,
    inputs: [],
    outputs: [],
  };
  while (fields.next()) {
    const { number } = fields;
    if (number === 1) graph.nodes.push(fields.message(readNode));
    else if (number === 2) graph.name = fields.string();
    else if (number === 5) graph.initializers.push(fields.message(readTensor));
    else if (number === 11) graph.inputs.push(fields.message(readValueInfo));
    else if (number === 12) graph.outputs.push(fields.message(readValueInfo));
    else if (number === 15) graph.sparseInitializers++;
  }
  return graph;
}

function readNode(fields: Fields): NodeProto {
  const node: NodeProto = {
    name: "",
    type: "",
    domain: "",
    inputs: [],
    outputs: [],
    attributes: [],
  };
  while (fields.next()) {
    const { number } = fields;
    if (number === 1) node.inputs.push(fields.string());
    else if (number === 2) node.outputs.push(fields.string());
    else if (number === 3) node.name = fields.string();
    else if (number === 4) node.type = fields.string();
    else if (number === 5) node.attributes.push(fields.message(readAttribute));
    else if (number === 7) node.domain = fields.string();
  }
  return node;
}

/** By the number of the field that is present: the attribute's type, for old files that do not state it. */
const TYPES: Readonly<Record<number, number>> = {
  2: ATTRIBUTE.float,
  3: ATTRIBUTE.int,
  4: ATTRIBUTE.string,
  5: ATTRIBUTE.tensor,
  6: ATTRIBUTE.graph,
  7: ATTRIBUTE.floats,
  8: ATTRIBUTE.ints,
  9: ATTRIBUTE.strings,
};

function readAttribute(fields: Fields): AttributeProto {
  const attribute = emptyAttribute();
  let found = 0;
  while (fields.next()) {
    const { number } = fields;
    found = TYPES[number] ?? found;
    if (number === 1) attribute.name = fields.string();
    else if (number === 2) attribute.float = fields.float();
    else if (number === 3) attribute.integer = fields.integer();
    else if (number === 4) attribute.bytes = fields.bytes();
    else if (number === 5) attribute.tensor = fields.message(readTensor);
    else if (number === 6) attribute.graph = fields.message(readBody);
    else if (number === 7) fields.floats(attribute.floats);
    else if (number === 8) fields.integers(attribute.integers);
    else if (number === 9) attribute.strings.push(fields.bytes());
    else if (number === 20) attribute.type = fields.integer();
    else if (number === 21) attribute.reference = fields.string();
  }
  attribute.type ||= found;
  return attribute;
}

/** Exported for tests, whose data are files of one TensorProto. */
export function readTensor(fields: Fields): TensorProto {
  const tensor = emptyTensor();
  const external = new Map<string, string>();
  let isExternal = false;
  while (fields.next()) {
    const { number } = fields;
    if (number === 1) fields.integers(tensor.dims);
    else if (number === 2) tensor.type = fields.integer();
    else if (number === 4) fields.floats(tensor.floats);
    else if (number === 5) fields.integers(tensor.int32s);
    else if (number === 7) fields.integers(tensor.int64s);
    else if (number === 8) tensor.name = fields.string();
    else if (number === 9) tensor.raw = fields.bytes();
    else if (number === 10) fields.doubles(tensor.doubles);
    else if (number === 11) fields.integers(tensor.uint64s, true);
    else if (number === 13) external.set(...fields.message(readEntry));
    else if (number === 14) isExternal = fields.integer() === 1;
  }
  if (isExternal) tensor.external = external;
  return tensor;
}

function readValueInfo(fields: Fields): ValueInfoProto {
  const info: ValueInfoProto = { name: "", type: 0, shape: null };
  while (fields.next()) {
    if (fields.number === 1) info.name = fields.string();
    else if (fields.number === 2)
      fields.message((type) => {
        while (type.next())
          if (type.number === 1)
            type.message((tensor) => readTensorType(tensor, info));
      });
  }
  return info;
}

function readTensorType(fields: Fields, info: ValueInfoProto): void {
  while (fields.next()) {
    if (fields.number === 1) info.type = fields.integer();
    else if (fields.number === 2) {
      const shape: (number | string | null)[] = [];
      fields.message((dims) => {
        while (dims.next())
          if (dims.number === 1) shape.push(dims.message(readDimension));
      });
      info.shape = shape;
    }
  }
}

function readDimension(fields: Fields): number | string | null {
  let dimension: number | string | null = null;
  while (fields.next()) {
    if (fields.number === 1) dimension = fields.integer();
    else if (fields.number === 2) dimension = fields.string() || null;
  }
  return dimension;
}
