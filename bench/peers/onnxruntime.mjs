// @ts-nocheck: what it imports is installed by npm run bench:peers alone.

/**
 * onnxruntime, web and native: an ONNX model of one layer from PyTorch's weights, float32 or, of an LSTM, its own int8
 * (DynamicQuantizeLSTM, a scale a row), and a session over it. A run takes X and gives Y, no state in or out: the least
 * that a session can do.
 */

import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import * as native from "onnxruntime-node";
import protobuf from "protobufjs";

/** The part of onnx.proto that a model of one node needs. */
const onnx = protobuf.parse(`
  syntax = "proto2";
  message ModelProto { optional int64 ir_version = 1; optional GraphProto graph = 7; repeated OperatorSet opset_import = 8; }
  message OperatorSet { optional string domain = 1; optional int64 version = 2; }
  message GraphProto { repeated NodeProto node = 1; optional string name = 2; repeated TensorProto initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message NodeProto { repeated string input = 1; repeated string output = 2; optional string op_type = 4; repeated AttributeProto attribute = 5; optional string domain = 7; }
  message AttributeProto { optional string name = 1; optional int64 i = 3; optional int32 type = 20; }
  message TensorProto { repeated int64 dims = 1; optional int32 data_type = 2; optional string name = 8; optional bytes raw_data = 9; }
  message ValueInfo { optional string name = 1; optional TypeProto type = 2; }
  message TypeProto { optional TensorType tensor_type = 1; }
  message TensorType { optional int32 elem_type = 1; optional Shape shape = 2; }
  message Shape { repeated Dimension dim = 1; }
  message Dimension { optional int64 dim_value = 1; }
`).root;

/* TensorProto.DataType */
const FLOAT = 1;
const INT8 = 3;
const INT = 2; // AttributeProto.AttributeType

/** PyTorch's gates in ONNX's order: i f g o → i o f c, r z n → z r h. */
const GATES = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] };

function inOrder({ data }, order) {
  const block = data.length / order.length;
  return order.flatMap((gate) =>
    Array.from(data.subarray(gate * block, (gate + 1) * block)),
  );
}

const tensor = (name, dims, values, Type = Float32Array) => ({
  name,
  dims,
  dataType: Type === Float32Array ? FLOAT : INT8,
  rawData: new Uint8Array(Type.from(values).buffer),
});

/** A matrix [rows, columns] as DynamicQuantizeLSTM has it: [1, columns, rows], and a scale and a zero of each row. */
function quantized(name, values, rows) {
  const columns = values.length / rows;
  const scales = new Float32Array(rows);
  const integers = new Int8Array(values.length);
  for (let row = 0; row < rows; row++) {
    const own = values.slice(row * columns, (row + 1) * columns);
    scales[row] = Math.max(...own.map(Math.abs)) / 127;
    own.forEach((value, column) => {
      integers[column * rows + row] = Math.round(value / scales[row]);
    });
  }
  return {
    matrix: tensor(name, [1, columns, rows], integers, Int8Array),
    scale: tensor(`${name}_scale`, [1, rows], scales),
    zero: tensor(`${name}_zero`, [1, rows], new Int8Array(rows), Int8Array),
  };
}

/** The bytes of a model with one node: X [T, B, I] → Y [T, 1, B, H]. */
function model({ kind, batch, steps, inputSize, hiddenSize }, weights, int8) {
  const order = GATES[kind];
  const rows = order.length * hiddenSize;
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
  const W = inOrder(weights.weight_ih_l0, order);
  const R = inOrder(weights.weight_hh_l0, order);
  const B = tensor(
    "B",
    [1, 2 * rows],
    [
      ...inOrder(weights.bias_ih_l0, order),
      ...inOrder(weights.bias_hh_l0, order),
    ],
  );
  let input = ["X", "W", "R", "B"];
  let initializer = [
    tensor("W", [1, rows, inputSize], W),
    tensor("R", [1, rows, hiddenSize], R),
    B,
  ];
  if (int8) {
    const [w, r] = [quantized("W", W, rows), quantized("R", R, rows)];
    // sequence_lens, initial_h, initial_c and P are not given
    const added = [w.scale, w.zero, r.scale, r.zero];
    input = [...input, "", "", "", "", ...added.map(({ name }) => name)];
    initializer = [w.matrix, r.matrix, B, ...added];
  }
  const ModelProto = onnx.lookupType("ModelProto");
  return ModelProto.encode(
    ModelProto.fromObject({
      irVersion: 8,
      opsetImport: [
        { domain: "", version: 14 },
        { domain: "com.microsoft", version: 1 },
      ],
      graph: {
        name: kind,
        node: [
          {
            opType: int8 ? "DynamicQuantizeLSTM" : kind,
            domain: int8 ? "com.microsoft" : "",
            input,
            output: ["Y"],
            attribute: Object.entries(attributes).map(([name, i]) => ({
              name,
              i,
              type: INT,
            })),
          },
        ],
        initializer,
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

async function session(ort, options, layer, weights, input, int8) {
  const { batch, steps, inputSize, hiddenSize } = layer;
  const session = await ort.InferenceSession.create(
    model(layer, weights, int8),
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

/**
 * Modules by how many threads they have, which is settled when one first runs: each is one of its own, with a registry of
 * its own, beside the binary that it looks for there.
 */
const webs = new Map();

async function web(threads) {
  let ort = webs.get(threads);
  if (!ort) {
    const own = new URL(
      `node_modules/onnxruntime-web/dist/threads-${threads}.mjs`,
      import.meta.url,
    );
    await build({
      stdin: {
        contents: 'export * from "onnxruntime-web";',
        resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      },
      bundle: true,
      format: "esm",
      platform: "node",
      outfile: fileURLToPath(own),
      logLevel: "error",
    });
    ort = await import(own.href);
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
    webs.set(threads, ort);
  }
  return ort;
}

/** @param int8 of an LSTM alone */
export const onnxruntimeWeb = async (
  layer,
  weights,
  input,
  threads = 1,
  int8 = false,
) =>
  session(
    await web(threads),
    { executionProviders: ["wasm"] },
    layer,
    weights,
    input,
    int8,
  );

export const onnxruntimeNode = (
  layer,
  weights,
  input,
  threads = 1,
  int8 = false,
) =>
  session(
    native,
    { intraOpNumThreads: threads, interOpNumThreads: 1 },
    layer,
    weights,
    input,
    int8,
  );
