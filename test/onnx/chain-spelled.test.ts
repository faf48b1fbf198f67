/*
 * Layers that exporters write as several nodes, or in other words: read as a chain, with the numbers of the graph; and what
 * nearly is one.
 */
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/load/index.js";
import { Graph, load as loadGraphOf } from "../../src/formats/onnx/index.js";
import { Sequential } from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { Random } from "../support/random.js";
import { modelBytes, type NodeSpec, type TensorSpec } from "./support/build.js";

const TOLERANCE = 4e-6;
const [B, T, I] = [2, 9, 4];

type Named = TensorSpec & { name: string };

const random = new Random(7);
const vector = (name: string, shape = [I]): Named => ({
  name,
  shape,
  data: Array.from(random.tensor(shape).data),
});
const integers = (name: string, data: readonly number[]): Named => ({
  name,
  dtype: "int64",
  shape: [data.length],
  data,
});
const number = (name: string, value: number): Named => ({
  name,
  shape: [],
  data: [value],
});

const constants: Named[] = [
  vector("weight"),
  vector("bias"),
  vector("kernel", [3, I, 3]),
  number("two", 2),
  number("three", 3),
  number("epsilon", 0.01),
  number("zero", 0),
  number("half", 0.5),
  integers("first", [0]),
  integers("last axis", [-1]),
  integers("one", [1]),
  integers("ones", [1, 1, 1]),
  integers("five times", [1, 5, 1]),
  integers("two rows", [2, 5, 1]),
  integers("end", [-1]),
  integers("largest", [2 ** 31]),
  integers("in front", [0, 0, 4, 0, 0, 0]),
  integers("around", [0, 0, 1, 0, 0, 1]),
  integers("features", [0, 1, 0, 0, 1, 0]),
];

const node = (
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: NodeSpec["attributes"] = {},
): NodeSpec => ({ type, inputs, outputs: [output], attributes });

const mean = (x: string, output: string, axes: readonly number[] = [-1]) =>
  node("ReduceMean", [x], output, { axes });

/** x → y, by `square` and its axes. */
const norm = (
  square: NodeSpec,
  axes: readonly number[] = [-1],
  more: readonly NodeSpec[] = [],
): NodeSpec[] => [
  mean("x", "mean", axes),
  node("Sub", ["x", "mean"], "d"),
  ...more,
  square,
  mean("d2", "variance"),
  node("Add", ["variance", "epsilon"], "sum"),
  node("Sqrt", ["sum"], "deviation"),
  node("Div", ["d", "deviation"], "y0"),
];
const power = node("Pow", ["d", "two"], "d2");
const scaled = node("Mul", ["y0", "weight"], "y1");
const moved = node("Add", ["y1", "bias"], "y");

// a Sequential has a layer at least that the kernel runs
const relu = node("Relu", ["x"], "r");
const turned = node("Transpose", ["r"], "xt", { perm: [0, 2, 1] });
const back = node("Transpose", ["yt"], "y", { perm: [0, 2, 1] });
const pool = (type: string, attributes: NodeSpec["attributes"], x = "xt") => [
  node(type, [x], "yt", attributes),
  back,
];
const last: NodeSpec[] = [
  relu,
  node("Slice", ["r", "end", "largest", "one"], "step"),
];
const convolved = (x: string, attributes: NodeSpec["attributes"] = {}) => [
  node("Conv", [x, "kernel"], "yt", attributes),
  back,
];

const fileOf = (nodes: readonly NodeSpec[], opset = 16) =>
  modelBytes({
    ir: 8,
    opset,
    inputs: [{ name: "x", shape: ["batch", "time", I] }],
    outputs: [{ name: "y" }],
    initializers: constants,
    nodes,
  });

describe("read as a chain", () => {
  test.each<[string, readonly NodeSpec[], readonly string[]]>([
    [
      "a norm with a power",
      [...norm(power), scaled, moved],
      ["LayerNorm(4 → 4)"],
    ],
    [
      "a norm with a product, and its axis counted from the front",
      [...norm(node("Mul", ["d", "d"], "d2"), [2]), scaled, moved],
      ["LayerNorm(4 → 4)"],
    ],
    [
      "a norm whose difference is computed twice",
      [
        ...norm(
          node("Pow", ["again", "two"], "d2"),
          [-1],
          [node("Sub", ["x", "mean"], "again")],
        ),
        scaled,
        moved,
      ],
      ["LayerNorm(4 → 4)"],
    ],
    [
      "a norm without weights",
      [...norm(power), node("Relu", ["y0"], "y")],
      ["LayerNorm(4 → 4)", "Activation(4 → 4, relu)"],
    ],
    [
      "a norm and a sum before a product",
      [
        ...norm(power),
        node("Add", ["y0", "bias"], "y1"),
        node("Mul", ["y1", "weight"], "y"),
      ],
      ["LayerNorm(4 → 4)", "BatchNorm(4 → 4)"],
    ],
    [
      "the largest of windows",
      [relu, turned, ...pool("MaxPool", { kernel_shape: [3], strides: [2] })],
      ["Activation(4 → 4, relu)", "Pooling(4 → 4, max, of 3, stride 2)"],
    ],
    [
      "the largest of windows with padding",
      [relu, turned, ...pool("MaxPool", { kernel_shape: [3], pads: [1, 1] })],
      [
        "Activation(4 → 4, relu)",
        "Pooling(4 → 4, max, of 3, stride 1, padding 1)",
      ],
    ],
    [
      "means of windows with zeros before and behind",
      [
        relu,
        turned,
        node("Pad", ["xt", "around"], "padded"),
        ...pool("AveragePool", { kernel_shape: [3], strides: [2] }, "padded"),
      ],
      [
        "Activation(4 → 4, relu)",
        "Pooling(4 → 4, average, of 3, stride 2, padding 1)",
      ],
    ],
    [
      "means of windows that count their padding",
      [
        relu,
        turned,
        ...pool("AveragePool", {
          kernel_shape: [3],
          pads: [1, 1],
          count_include_pad: 1,
        }),
      ],
      [
        "Activation(4 → 4, relu)",
        "Pooling(4 → 4, average, of 3, stride 1, padding 1)",
      ],
    ],
    [
      "a causal convolution with a Pad",
      [
        relu,
        turned,
        node("Pad", ["xt", "in front", "zero"], "padded"),
        ...convolved("padded", { dilations: [2] }),
      ],
      [
        "Activation(4 → 4, relu)",
        "Conv1d(4 → 3, kernel 3, dilation 2, causal)",
      ],
    ],
    [
      "the last step again and again",
      [
        ...last,
        node("Expand", ["step", "ones"], "same"),
        node("Tile", ["same", "five times"], "y"),
      ],
      ["Activation(4 → 4, relu)", "LastStep(4 → 4)"],
    ],
  ])("%s", (_, nodes, layers) => {
    const bytes = fileOf(nodes);
    const { model } = load(bytes);
    if (!(model instanceof Sequential)) return expect.fail("a graph");
    expect(model.layers.map(String)).toEqual(layers);
    const x = random.tensor([B, T, I]);
    const y = model.run({ x })["y"]!;
    const expected = loadGraphOf(bytes).model.run({ x })["y"]!;
    expect(y.shape).toEqual(expected.shape);
    expectClose(y.data, expected.data, TOLERANCE);
    const again = Sequential.load(model.save()).run({ x })["y"]!;
    expect(again).toEqual(y);
  });

  test("a norm whose axes are an input, as from opset 18 on", () => {
    const nodes = [...norm(power), scaled, moved].map((own) =>
      own.type === "ReduceMean"
        ? { ...own, inputs: [...own.inputs, "last axis"], attributes: {} }
        : own,
    );
    expect(load(fileOf(nodes, 18)).model).toBeInstanceOf(Sequential);
  });
});

describe("stays a graph", () => {
  test.each<[string, readonly NodeSpec[]]>([
    ["a mean over time", [...norm(power, [1]), scaled, moved]],
    ["a cube", [...norm(node("Pow", ["d", "three"], "d2")), scaled, moved]],
    [
      "a square of x itself",
      [...norm(node("Pow", ["x", "two"], "d2")), scaled, moved],
    ],
    [
      "a product of the difference and x",
      [...norm(node("Mul", ["d", "x"], "d2")), scaled, moved],
    ],
    [
      "the largest of windows of zeros too",
      [
        relu,
        turned,
        node("Pad", ["xt", "around"], "padded"),
        ...pool("MaxPool", { kernel_shape: [3] }, "padded"),
      ],
    ],
    [
      "means of windows that leave their padding out",
      [
        relu,
        turned,
        ...pool("AveragePool", { kernel_shape: [3], pads: [1, 1] }),
      ],
    ],
    [
      "windows that are not whole",
      [
        relu,
        turned,
        ...pool("MaxPool", { kernel_shape: [2], strides: [2], ceil_mode: 1 }),
      ],
    ],
    [
      "padding around the features",
      [
        relu,
        turned,
        node("Pad", ["xt", "features"], "padded"),
        node("Transpose", ["padded"], "y", { perm: [0, 2, 1] }),
      ],
    ],
    [
      "padding that is no zeros",
      [
        relu,
        turned,
        node("Pad", ["xt", "in front", "half"], "padded"),
        ...convolved("padded", { dilations: [2] }),
      ],
    ],
    [
      "padding by itself",
      [
        relu,
        turned,
        node("Pad", ["xt", "around"], "padded"),
        node("Transpose", ["padded"], "y", { perm: [0, 2, 1] }),
      ],
    ],
    [
      "rows again and again",
      [...last, node("Tile", ["step", "two rows"], "y")],
    ],
    ["steps again and again", [node("Tile", ["x", "five times"], "y")]],
  ])("%s", (_, nodes) => {
    const { model } = load(fileOf(nodes));
    expect(model).toBeInstanceOf(Graph);
    model.run({ x: random.tensor([B, T, I]) });
  });
});
