import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import { Graph } from "../../src/graph/index.js";
import { FormatError } from "../../src/index.js";
import { filled, layersModel } from "../tfjs/build.js";

/** What keras.ops makes of x [1, 3, 2], which is 1 to 6: a class, its arguments by their places, then by their names. */
type Step = readonly [className: string, args: unknown[], kwargs?: object];

const x = { shape: [1, 3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) };

/** The result of the step before, in arguments. */
const IT = Symbol();
const tensor = (name: string) => ({
  class_name: "__keras_tensor__",
  config: { keras_history: [name, 0, 0] },
});
const slice = (start: number | null, stop: number | null, step = 1) => ({
  class_name: "__slice__",
  config: { start, stop, step },
});

/** Of the last step, and of a Dense of ones behind it: its weights say how large each axis is known to be. */
function run(steps: readonly Step[]) {
  const names = ["x", ...steps.map((_, i) => `step${i}`)];
  const layers: unknown[] = steps.map(([class_name, args, kwargs = {}], i) => {
    const filledIn = (value: unknown): unknown => {
      if (value === IT) return tensor(names[i]!);
      if (value === "x") return tensor("x");
      return Array.isArray(value) ? value.map(filledIn) : value;
    };
    return {
      class_name,
      module: "keras.src.ops.numpy",
      name: names[i + 1],
      config: { name: names[i + 1] },
      inbound_nodes: [{ args: args.map(filledIn), kwargs }],
    };
  });
  const build = (size: number) => {
    const flat = { class_name: "Flatten", config: { name: "flat" } };
    const sum = {
      class_name: "Dense",
      config: { name: "sum", units: 1, activation: "linear", use_bias: false },
      weights: { kernel: filled(1, size, 1) },
    };
    const node = (from: string) => [{ args: [tensor(from)], kwargs: {} }];
    const config = {
      layers: [
        {
          class_name: "InputLayer",
          name: "x",
          config: { name: "x", batch_input_shape: [null, 3, 2] },
          inbound_nodes: [],
        },
        ...layers,
        { ...flat, name: "flat", inbound_nodes: node(names.at(-1)!) },
        {
          class_name: "Dense",
          config: sum.config,
          name: "sum",
          inbound_nodes: node("flat"),
        },
      ],
      input_layers: [["x", 0, 0]],
      output_layers: [
        [names.at(-1), 0, 0],
        ["sum", 0, 0],
      ],
    };
    return layersModel([sum], {
      version: "3.5.0",
      model: { class_name: "Functional", config },
    });
  };
  return (size: number) => {
    const { model } = load(build(size));
    expect(model).toBeInstanceOf(Graph);
    const [found, sum] = Object.values((model as Graph).run({ x }));
    return { found: found!, sum: sum!.data[0]! };
  };
}

describe("keras.ops among the layers", () => {
  test.each<[string, Step[], number[], number[]]>([
    ["Sum of an axis", [["Sum", [IT, 1]]], [1, 2], [9, 12]],
    ["Sum, by name", [["Sum", [IT], { axis: 1 }]], [1, 2], [9, 12]],
    [
      "Mean that keeps the axis",
      [["Mean", [IT], { axis: 1, keepdims: true }]],
      [1, 1, 2],
      [3, 4],
    ],
    ["Max of the last", [["Max", [IT, -1]]], [1, 3], [2, 4, 6]],
    ["Min of the last", [["Min", [IT, -1]]], [1, 3], [1, 3, 5]],
    [
      "Transpose",
      [["Transpose", [IT, [0, 2, 1]]]],
      [1, 2, 3],
      [1, 3, 5, 2, 4, 6],
    ],
    ["Reshape", [["Reshape", [IT, [-1, 6]]]], [1, 6], [1, 2, 3, 4, 5, 6]],
    ["ExpandDims", [["ExpandDims", [IT, 2]]], [1, 3, 1, 2], [1, 2, 3, 4, 5, 6]],
    [
      "Squeeze of one axis of two",
      [
        ["ExpandDims", [IT, 1]],
        ["ExpandDims", [IT, -1]],
        ["Squeeze", [IT, 1]],
      ],
      [1, 3, 2, 1],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      "Squeeze of all",
      [
        ["ExpandDims", [IT, 1]],
        ["ExpandDims", [IT, -1]],
        ["Squeeze", [IT]],
      ],
      [1, 3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      "Concatenate of an axis by its place",
      [["Concatenate", [[IT, "x"], 1]]],
      [1, 6, 2],
      [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6],
    ],
    [
      "Concatenate of another",
      [["Concatenate", [[IT, "x"]], { axis: -1 }]],
      [1, 3, 4],
      [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6],
    ],
    [
      "Stack",
      [["Stack", [[IT, "x"], 2]]],
      [1, 3, 2, 2],
      [1, 2, 1, 2, 3, 4, 3, 4, 5, 6, 5, 6],
    ],
    [
      "Matmul",
      [
        ["Transpose", [IT, [0, 2, 1]]],
        ["Matmul", [IT, "x"]],
      ],
      [1, 2, 2],
      [35, 44, 44, 56],
    ],
    [
      "Add of what is the same at each step",
      [
        ["Sum", [IT], { axis: 1, keepdims: true }],
        ["Add", ["x", IT]],
      ],
      [1, 3, 2],
      [10, 14, 12, 16, 14, 18],
    ],
    [
      "Subtract of fewer axes",
      [
        ["Sum", [IT, 1]],
        ["Subtract", ["x", IT]],
      ],
      [1, 3, 2],
      [-8, -10, -6, -8, -4, -6],
    ],
    [
      "Where",
      [
        ["Greater", [IT, 2]],
        ["Where", [IT, "x", 0]],
      ],
      [1, 3, 2],
      [0, 0, 3, 4, 5, 6],
    ],
    [
      "Softmax of an axis",
      [
        ["Multiply", [IT, 0]],
        ["Softmax", [IT, 1]],
      ],
      [1, 3, 2],
      Array(6).fill(1 / 3),
    ],
    ["an index", [["GetItem", [IT, [slice(null, null), 1]]]], [1, 2], [3, 4]],
    [
      "a slice from the end",
      [["GetItem", [IT, [slice(null, null), slice(-2, null)]]]],
      [1, 2, 2],
      [3, 4, 5, 6],
    ],
    [
      "a slice backwards",
      [["GetItem", [IT, [slice(null, null), slice(null, null, -1)]]]],
      [1, 3, 2],
      [5, 6, 3, 4, 1, 2],
    ],
    [
      "a slice backwards to a step",
      [["GetItem", [IT, [slice(null, null), slice(-1, 0, -1)]]]],
      [1, 2, 2],
      [5, 6, 3, 4],
    ],
    [
      "a slice backwards from before the beginning, which is empty in Python",
      [
        ["GetItem", [IT, [slice(null, null), slice(-9, null, -1)]]],
        ["Concatenate", [[IT, "x"]], { axis: 1 }],
      ],
      [1, 3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    [
      "every second, past the end",
      [["GetItem", [IT, [slice(null, null), slice(0, 9, 2)]]]],
      [1, 2, 2],
      [1, 2, 5, 6],
    ],
  ])("%s", (_, steps, shape, data) => {
    const { found, sum } = run(steps)(data.length);
    expect(found.shape).toEqual(shape);
    expect([...found.data]).toEqual(data.map(Math.fround));
    expect(sum).toBeCloseTo(
      data.reduce((all, value) => all + value),
      4,
    );
  });
});

describe("keras.ops that are refused say what came", () => {
  const all = slice(null, null);
  test.each<[string, Step, string]>([
    [
      "axes",
      ["Sum", [IT, [1, 5]]],
      `layer "step0" (Sum): expected some of the input's 3 axes, got [1, 5]`,
    ],
    [
      "an axis",
      ["Concatenate", [[IT, "x"]], { axis: 4 }],
      `layer "step0" (Concatenate): expected one of the input's 3 axes, got 4`,
    ],
    [
      "a second tensor",
      ["Add", [IT, "text"]],
      'layer "step0" (Add): expected a tensor or a number as argument 2, got "text"',
    ],
    [
      "an order of axes",
      ["Transpose", [IT, [0, 1, 1]]],
      'layer "step0" (Transpose): expected each axis once, got [0, 1, 1]',
    ],
    [
      "a shape",
      ["Reshape", [IT, [1.5, 2]]],
      'layer "step0" (Reshape): expected a shape of integers, got [1.5, 2]',
    ],
    [
      "a shape without the batch",
      ["Reshape", [IT, [6, -1]]],
      'layer "step0" (Reshape): expected a shape that keeps the batch, got [6, -1]',
    ],
    [
      "indices",
      ["GetItem", [IT, [all, 1, 1, 1]]],
      'layer "step0" (GetItem): expected at most 3 indices, got 4',
    ],
    [
      "an index",
      ["GetItem", [IT, [all, "first"]]],
      'layer "step0" (GetItem): expected slices and integers, got "first"',
    ],
    [
      "a slice",
      ["GetItem", [IT, [{ ...all, config: { start: 0.5 } }]]],
      'layer "step0" (GetItem): expected slices of integers, got start 0.5',
    ],
  ])("%s", (_, step, message) => {
    expect(() => run([step])(1)).toThrow(FormatError);
    expect(() => run([step])(1)).toThrow(message);
  });
});
