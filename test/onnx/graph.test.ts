import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import { processorTime } from "../support/fuzz.js";
import { type ModelSpec, modelBytes, type NodeSpec } from "./support/build.js";
import { ramp, recurrentModel, weights } from "./support/small.js";

const relu: NodeSpec = { type: "Relu", inputs: ["x"], outputs: ["y"] };
const model = (spec: Partial<ModelSpec>): Uint8Array =>
  modelBytes({
    nodes: [relu],
    inputs: [{ name: "x" }],
    outputs: [{ name: "y" }],
    ...spec,
  });
const node = (spec: Partial<NodeSpec>, rest: Partial<ModelSpec> = {}) =>
  model({ nodes: [{ ...relu, ...spec }], ...rest });

describe("a graph is refused for", () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      "a node of another type",
      node({ type: "STFT", name: "front/fft" }),
      /^node "front\/fft" \(STFT\): not supported: STFT; export .* this /,
    ],
    [
      "several of them",
      model({
        nodes: [
          { ...relu, type: "Erfc" },
          { ...relu, type: "StringConcat" },
          { ...relu, type: "Erfc" },
        ],
      }),
      /^node "erfc" \(Erfc\): not supported: Erfc \(2\), StringConcat; /,
    ],
    [
      "a node of another domain",
      node({ domain: "com.microsoft", type: "Gelu" }),
      /^node "gelu" \(com.microsoft.Gelu\): not supported: com.microsoft.Gelu;/,
    ],
    [
      "a type that is an object's own property",
      node({ type: "constructor" }),
      /not supported/,
    ],
    [
      "an input that nothing makes",
      node({ inputs: ["z"] }),
      /^node "relu" \(Relu\): .*comes before, got "z"/,
    ],
    [
      "nodes in a circle",
      model({
        nodes: [
          { type: "Add", inputs: ["x", "b"], outputs: ["a"] },
          { type: "Relu", inputs: ["a"], outputs: ["b"] },
        ],
        outputs: [{ name: "a" }],
      }),
      /^node "add" \(Add\): .*comes before, got "b"/,
    ],
    [
      "a node that feeds itself",
      node({ inputs: ["y"] }),
      /^node "relu" \(Relu\): .*comes before, got "y"/,
    ],
    [
      "an output that nothing makes",
      model({ outputs: [{ name: "z" }] }),
      /^outputs: .*"z"/,
    ],
    [
      "a name made twice",
      model({ nodes: [relu, relu] }),
      /^node "relu" \(Relu\): .*"y" again/,
    ],
    [
      "an input twice",
      model({ inputs: [{ name: "x" }, { name: "x" }] }),
      /^input "x": .*again/,
    ],
    ["too few inputs", node({ inputs: [] }), /expected 1 input, got 0/],
    ["too many inputs", node({ inputs: ["x", "x"] }), /1 input, got 2/],
    ["an input left out", node({ inputs: [""] }), /with gaps/],
    ["too many outputs", node({ outputs: ["y", "z"] }), /1 outputs, got 2/],
    ["an old opset", model({ opset: 5 }), /^opset_import: .*6 to 23, got 5/],
    [
      "an attribute of another type",
      node({ type: "LeakyRelu", attributes: { alpha: "a" } }),
      /attribute alpha: expected a number, got "a"/,
    ],
    ["no axis", node({ type: "Concat" }), /attribute axis/],
    [
      "an input that is no tensor",
      model({ inputs: [{ name: "x", dtype: null }] }),
      /^input "x": .*data type 0/,
    ],
    [
      "constants that do not suit each other",
      node(
        { type: "Add", inputs: ["a", "b"] },
        {
          initializers: [
            { name: "a", shape: [2], data: [1, 2] },
            { name: "b", shape: [3], data: [1, 2, 3] },
          ],
        },
      ),
      /^node "add" \(Add\): .*\[2\] and \[3\]/,
    ],
  ])("%s", (_, bytes, expected) => {
    expect(() => load(bytes)).toThrow(FormatError);
    expect(() => load(bytes)).toThrow(expected);
  });

  test("none at all", () => {
    expect(() => load(new Uint8Array(0))).toThrow(/^graph: expected a model/);
  });
});

describe("a recurrent node is refused for", () => {
  const sizes = { gates: 4, inputSize: 2, hiddenSize: 3 };
  test.each<[string, Uint8Array, RegExp]>([
    [
      "another hidden_size",
      recurrentModel("LSTM", { hidden_size: 4 }),
      /W: expected \[1, 16, 2\], got \[1, 12, 2\]/,
    ],
    [
      "a direction",
      recurrentModel("LSTM", { direction: "both" }),
      /direction.*"both"/,
    ],
    [
      "weights of one direction",
      recurrentModel("LSTM", { direction: "bidirectional" }),
      /W: expected \[2, 12, 2\]/,
    ],
    [
      "weights of another cell",
      recurrentModel("GRU", {}, { initializers: weights(sizes) }),
      /W: expected \[1, 9, 2\]/,
    ],
    [
      "an activation",
      recurrentModel("LSTM", { activations: ["Sigmoid", "Tanh", "Gelu"] }),
      /Softplus, got "Gelu"/,
    ],
    [
      "an object's property",
      recurrentModel("RNN", { activations: ["constructor"] }),
      /got "constructor"/,
    ],
    [
      "too few activations",
      recurrentModel("LSTM", { activations: ["Tanh"] }),
      /3 activations, got 1/,
    ],
    ["a clip", recurrentModel("LSTM", { clip: { float: -1 } }), /clip.*-1/],
  ])("%s", (_, bytes, expected) => {
    expect(() => load(bytes)).toThrow(FormatError);
    expect(() => load(bytes)).toThrow(/^node "cell" \(\w+\)/);
    expect(() => load(bytes)).toThrow(expected);
  });
});

test("an opset newer than those known is read with a warning", () => {
  const { report } = load(model({ opset: 24 }));
  expect(report.warnings).toEqual([expect.stringContaining("opset 24")]);
  expect(load(model({ opset: 23 })).report.warnings).toEqual([]);
});

test("ai.onnx is the standard domain", () => {
  const { model: loaded } = load(node({ domain: "ai.onnx" }));
  expect([...loaded.run({ x: [-1, 1] }).y!.data]).toEqual([0, 1]);
});

test("weights that nodes make of constants make a layer at load", () => {
  const [W, R] = weights({ gates: 4, inputSize: 2, hiddenSize: 3 });
  const made = recurrentModel(
    "LSTM",
    {},
    {
      nodes: [
        {
          type: "Constant",
          inputs: [],
          outputs: ["axes"],
          attributes: { value_ints: [0] },
        },
        { type: "Unsqueeze", inputs: ["w", "axes"], outputs: ["W"] },
        {
          type: "Concat",
          inputs: ["b", "b"],
          outputs: ["bb"],
          attributes: { axis: 0 },
        },
        { type: "Unsqueeze", inputs: ["bb", "axes"], outputs: ["B"] },
        {
          type: "LSTM",
          name: "cell",
          inputs: ["X", "W", "R", "B"],
          outputs: ["Y", "hn"],
        },
      ],
      inputs: [{ name: "X", shape: ["steps", "batch", 2] }],
      initializers: [
        { name: "w", shape: [12, 2], data: W!.data },
        R!,
        { name: "b", shape: [12], data: ramp(12) },
      ],
    },
  );
  const { report } = load(made);
  expect(report.layers[0]!.sizes).toEqual({
    inputSize: 2,
    hiddenSize: 3,
    directions: 1,
  });
  expect(report.layers[0]!.convention).toMatch(/both biases/);
});

describe("a small file asks for little at load", () => {
  const timed = (bytes: Uint8Array): number =>
    processorTime(() => {
      try {
        load(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
      }
    });
  const shape = (name: string, ...data: number[]) =>
    ({ name, dtype: "int64", shape: [data.length], data }) as const;

  test.each<[string, Uint8Array]>([
    [
      "a constant of 2^40 numbers",
      model({
        nodes: [{ type: "ConstantOfShape", inputs: ["s"], outputs: ["y"] }],
        initializers: [shape("s", 2 ** 20, 2 ** 20)],
      }),
    ],
    [
      "an expansion of 2^28",
      model({
        nodes: [{ type: "Expand", inputs: ["s", "s"], outputs: ["y"] }],
        initializers: [shape("s", 2 ** 14, 2 ** 7)],
      }),
    ],
    [
      "doublings",
      model({
        nodes: Array.from({ length: 40 }, (_, i) => ({
          type: "Concat",
          inputs: [i ? `d${i}` : "s", i ? `d${i}` : "s"],
          outputs: [i === 39 ? "y" : `d${i + 1}`],
          attributes: { axis: 0 },
        })),
        initializers: [shape("s", 1, 2)],
      }),
    ],
    [
      "sums over and over",
      model({
        nodes: Array.from({ length: 5000 }, (_, i) => ({
          type: "ReduceSum",
          inputs: ["s"],
          outputs: [i ? `y${i}` : "y"],
        })),
        initializers: [{ name: "s", shape: [50_000], data: ramp(50_000) }],
      }),
    ],
    [
      "a matrix in thousands of products",
      model({
        nodes: Array.from({ length: 5000 }, (_, i) => ({
          type: i % 2 ? "MatMul" : "Gemm",
          inputs: ["x", "s"],
          outputs: [i ? `y${i}` : "y"],
        })),
        initializers: [{ name: "s", shape: [300, 300], data: ramp(300 * 300) }],
      }),
    ],
    [
      "weights in thousands of layers",
      recurrentModel(
        "RNN",
        {},
        {
          nodes: Array.from({ length: 5000 }, (_, i) => ({
            type: "RNN",
            inputs: ["X", "W", "R"],
            outputs: [i ? `Y${i}` : "Y", i ? `h${i}` : "hn"],
          })),
          initializers: weights({ gates: 1, inputSize: 2, hiddenSize: 300 }),
        },
      ),
    ],
    [
      "masks over and over",
      model({
        nodes: Array.from({ length: 5000 }, (_, i) => ({
          type: "Dropout",
          inputs: ["s"],
          outputs: [i ? `y${i}` : "y", `m${i}`],
        })),
        initializers: [{ name: "s", shape: [100_000], data: ramp(100_000) }],
      }),
    ],
    [
      "empty axes of 2^50",
      model({
        nodes: [
          { type: "ConstantOfShape", inputs: ["s"], outputs: ["e"] },
          {
            type: "Concat",
            inputs: ["e", "e"],
            outputs: ["c"],
            attributes: { axis: 1 },
          },
          {
            type: "Gather",
            inputs: ["c", "i"],
            outputs: ["g"],
            attributes: { axis: 1 },
          },
          {
            type: "Softmax",
            inputs: ["g"],
            outputs: ["m"],
            attributes: { axis: 1 },
          },
          { type: "Transpose", inputs: ["m"], outputs: ["t"] },
          { type: "Flatten", inputs: ["t"], outputs: ["y"] },
        ],
        initializers: [shape("s", 2 ** 50, 3, 0), shape("i", 0, 1)],
      }),
    ],
    [
      "tens of thousands of axes",
      model({
        nodes: [{ type: "Unsqueeze", inputs: ["s", "s"], outputs: ["y"] }],
        initializers: [
          shape("s", ...Array.from({ length: 30_000 }, (_, i) => i)),
        ],
      }),
    ],
  ])("%s", (_, bytes) => {
    expect(timed(bytes)).toBeLessThan(3000);
  });
});
