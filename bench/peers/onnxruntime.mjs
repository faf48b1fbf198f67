// @ts-nocheck: what it imports is installed by npm run bench:peers alone.

/**
 * onnxruntime, web and native: an ONNX model of one layer from PyTorch's weights, and a session over it on one
 * thread. A run takes X and gives Y, no state in or out: the least that a session can do.
 */

import * as native from "onnxruntime-node";
import * as web from "onnxruntime-web";
import protobuf from "protobufjs";

/** The part of onnx.proto that a model of one node needs. */
const onnx = protobuf.parse(`
  syntax = "proto2";
  message ModelProto { optional int64 ir_version = 1; optional GraphProto graph = 7; repeated OperatorSet opset_import = 8; }
  message OperatorSet { optional string domain = 1; optional int64 version = 2; }
  message GraphProto { repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message NodeProto { repeated string input = 1; repeated string output = 2; optional string op_type = 4; repeated AttributeProto attribute = 5; }
  message AttributeProto { optional string name = 1; optional int64 i = 3; optional int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
  message ValueInfo { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { optional int64 dim_value = 1; }
`).root;

const FLOAT = 1; // TensorProto.DataType
const INT = 2; // AttributeProto.AttributeType

/** PyTorch's gates in ONNX's order: i f g o → i o f c, r z n → z r h. */
const GATES = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] };

function inOrder({ data }, order) {
  const block = data.length / order.length;
  return order.flatMap((gate) =>
    Array.from(data.subarray(gate * block, (gate + 1) * block)),
  );
}

/** The bytes of a model with one node: X [T, B, I] → Y [T, 1, B, H]. */
function model({ kind, batch, steps, inputSize, hiddenSize }, weights) {
  const order = GATES[kind];
  const rows = order.length * hiddenSize;
  const initializer = (name, dims, values) => ({
    name,
    dims,
    dataType: FLOAT,
    rawData: new Uint8Array(Float32Array.from(values).buffer),
  });
  const value = (name, sizes) => ({
    name,
    type: {
      tensorType: {
        elemType: FLOAT,
        shape: { dim: sizes.map((dimValue) => ({ dimValue })) },
      },
    },
  });
  const attributes = { hidden_size: hiddenSize };
  if (kind === "GRU") attributes.linear_before_reset = 1;
  const ModelProto = onnx.lookupType("ModelProto");
  return ModelProto.encode(
    ModelProto.fromObject({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 14 }],
      graph: {
        name: kind,
        node: [
          {
            opType: kind,
            input: ["X", "W", "R", "B"],
            output: ["Y"],
            attribute: Object.entries(attributes).map(([name, i]) => ({
              name,
              i,
              type: INT,
            })),
          },
        ],
        initializer: [
          initializer(
            "W",
            [1, rows, inputSize],
            inOrder(weights.weight_ih_l0, order),
          ),
          initializer(
            "R",
            [1, rows, hiddenSize],
            inOrder(weights.weight_hh_l0, order),
          ),
          initializer(
            "B",
            [1, 2 * rows],
            [
              ...inOrder(weights.bias_ih_l0, order),
              ...inOrder(weights.bias_hh_l0, order),
            ],
          ),
        ],
        input: [value("X", [steps, batch, inputSize])],
        output: [value("Y", [steps, 1, batch, hiddenSize])],
      },
    }),
  ).finish();
}

/** (outer, inner, size) → (inner, outer, size): ONNX has time first. */
function swapped(values, outer, inner, size) {
  const result = new Float32Array(values.length);
  for (let o = 0; o < outer; o++)
    for (let i = 0; i < inner; i++)
      result.set(
        values.subarray((o * inner + i) * size, (o * inner + i + 1) * size),
        (i * outer + o) * size,
      );
  return result;
}

async function session(ort, options, layer, weights, input) {
  const { batch, steps, inputSize, hiddenSize } = layer;
  const session = await ort.InferenceSession.create(
    model(layer, weights),
    options,
  );
  const X = new ort.Tensor("float32", swapped(input, batch, steps, inputSize), [
    steps,
    batch,
    inputSize,
  ]);
  const feeds = { X };
  return {
    run: () => session.run(feeds),
    /** (B, T, H) */
    output: async () =>
      swapped((await session.run(feeds)).Y.data, steps, batch, hiddenSize),
    close: () => session.release(),
  };
}

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

export const onnxruntimeWeb = (layer, weights, input) =>
  session(web, { executionProviders: ["wasm"] }, layer, weights, input);

export const onnxruntimeNode = (layer, weights, input, threads = 1) =>
  session(
    native,
    { intraOpNumThreads: threads, interOpNumThreads: 1 },
    layer,
    weights,
    input,
  );
