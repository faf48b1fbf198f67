import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/load/index.js";
import {
  Graph,
  load as loadGraphOf,
  toOnnx,
  toSequential,
} from "../../src/formats/onnx/index.js";
import * as gatewise from "../../src/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";
import { modelBytes, type ModelSpec, type NodeSpec } from "./support/build.js";
import { exportCases, exportInput } from "./support/export-cases.mjs";
import { ramp, weights } from "./support/small.js";

const { Embedding, GRU, Linear, LSTM, Sequential } = gatewise;

/** A sum begins with the bias in a Linear, and ends with it in a graph's Add. */
const TOLERANCE = 2e-6;

/** What ONNX needs more than one node for, some of which have two inputs that are not known. */
const GRAPHS =
  /^Linear .*(exponential|softsign|softplus|elu|selu|thresholdedRelu|hardSigmoid|silu|nam|rnnoise)|^mul of|processing|windows|repeated|learned states|skipped|^LSTM, GRU and Linear/;

describe.each(Object.entries(exportCases(gatewise)))("%s", (name, make) => {
  const own = make();
  const bytes = toOnnx(own);

  test("is the same as a graph and as it is read", () => {
    const { model: graph } = loadGraphOf(bytes);
    const { model } = load(bytes);
    expect(graph).toBeInstanceOf(Graph);
    for (const [batch, time] of [
      [2, 7],
      [1, 1],
    ] as const) {
      const input = exportInput(own, batch, time);
      const expected = graph.run({ input });
      const results = model.run({ input });
      expect(Object.keys(results)).toEqual(Object.keys(expected));
      expect(results["output"]!.shape).toEqual(expected["output"]!.shape);
      expectClose(results["output"]!.data, expected["output"]!.data, TOLERANCE);
    }
    const [input] = model.inputs;
    expect(input).toEqual(graph.inputs[0]);
    expect(model.outputs[0]).toEqual(graph.outputs[0]);
  });

  test.skipIf(GRAPHS.test(name))("is read as a chain", () => {
    expect(load(bytes).model).toBeInstanceOf(Sequential);
    expect(toSequential(loadGraphOf(bytes).model)).toBeInstanceOf(Sequential);
  });
});

/** A Linear that ends a graph goes to Y [.., 2]. */
const linear = (from: string, to = "y"): NodeSpec[] => [
  { type: "MatMul", inputs: [from, "M"], outputs: ["product"] },
  { type: "Add", inputs: ["product", "b"], outputs: [to] },
];
const matrices = [
  { name: "M", shape: [3, 2], data: ramp(6) },
  { name: "b", shape: [2], data: [0.5, -0.25] },
];
const swap: NodeSpec = {
  type: "Transpose",
  inputs: ["x"],
  outputs: ["steps"],
  attributes: { perm: [1, 0, 2] },
};
const gru = (inputs: readonly string[], outputs = ["Y", "h"]): NodeSpec => ({
  type: "GRU",
  name: "cell",
  inputs: ["steps", "W", "R", "B", ...inputs],
  outputs,
  attributes: { hidden_size: 3 },
});
const one = { name: "one", dtype: "int64", shape: [1], data: [1] } as const;
const squeeze: NodeSpec = {
  type: "Squeeze",
  inputs: ["Y", "one"],
  outputs: ["hidden"],
};
const back: NodeSpec = {
  type: "Transpose",
  inputs: ["hidden"],
  outputs: ["rows"],
  attributes: { perm: [1, 0, 2] },
};
const plain = {
  opset: 17,
  inputs: [{ name: "x", shape: ["batch", "time", 2] }],
  outputs: [{ name: "y", shape: ["batch", "time", 2] }],
  initializers: [
    ...weights({ gates: 3, inputSize: 2, hiddenSize: 3 }),
    ...matrices,
    one,
  ],
};
const fileOf = (nodes: readonly NodeSpec[], rest: Partial<ModelSpec> = {}) =>
  modelBytes({ ...plain, nodes, ...rest });
const straight = [swap, gru([]), squeeze, back, ...linear("rows")];

test("takes the names of its file, keeps them when it is saved, and streams", () => {
  const { model } = load(fileOf(straight));
  if (!(model instanceof Sequential)) return expect.fail("a graph");
  expect(model.layers.map(String)).toEqual(["GRU(2 → 3)", "Linear(3 → 2)"]);
  const ports = ({ inputs, outputs }: gatewise.Model) =>
    [...inputs, ...outputs].map(({ name, shape }) => [name, ...shape]);
  expect(ports(model)).toEqual([
    ["x", "batch", "time", 2],
    ["y", "batch", "time", 2],
  ]);
  const saved = model.save();
  const x = new Random(3).tensor([2, 5, 2]);
  const { y } = model.run({ x });
  for (const again of [Sequential.load(saved), load(saved).model]) {
    expect(ports(again)).toEqual(ports(model));
    expectSameTensor(again.run({ x })["y"]!, y!);
  }
  const frames = model.stream().run(x.data.subarray(0, 10));
  expectClose(frames, y!.data.subarray(0, 10), TOLERANCE);
  expect(() => model.run({ input: x })).toThrow(/^inputs/);
  expect(() => model.run({})).toThrow(/^inputs\["x"\]: expected a tensor/);
});

test("states that are zeros however they are made are none", () => {
  const zeros: NodeSpec[] = [
    { type: "Shape", inputs: ["x"], outputs: ["shape"] },
    { type: "Gather", inputs: ["shape", "first"], outputs: ["batch"] },
    {
      type: "Concat",
      inputs: ["one", "batch", "three"],
      outputs: ["sizes"],
      attributes: { axis: 0 },
    },
    { type: "ConstantOfShape", inputs: ["sizes"], outputs: ["fill"] },
    { type: "Identity", inputs: ["fill"], outputs: ["h0"] },
  ];
  const initializers = [
    ...plain.initializers,
    { name: "first", dtype: "int64", shape: [1], data: [0] } as const,
    { name: "three", dtype: "int64", shape: [1], data: [3] } as const,
  ];
  const nodes = [
    swap,
    ...zeros,
    gru(["", "h0"]),
    squeeze,
    back,
    ...linear("rows"),
  ];
  const { model } = load(fileOf(nodes, { initializers }));
  expect(model).toBeInstanceOf(Sequential);
});

test("integers of any list are tokens", () => {
  const tokens = new Sequential([
    new Embedding({ vocabSize: 5, size: 2, seed: 1 }),
    new LSTM({ inputSize: 2, hiddenSize: 3, seed: 2 }),
    new Linear({ inputSize: 3, outputSize: 5, seed: 3, activation: "softmax" }),
  ]);
  const { model } = load(toOnnx(tokens));
  expect(model).toBeInstanceOf(Sequential);
  const data = [0, 4, 2, 1];
  const { output } = tokens.forward({
    shape: [1, 4],
    data: Float32Array.from(data),
  });
  for (const given of [
    data,
    BigInt64Array.from(data.map(BigInt)),
    Int32Array.from(data),
  ]) {
    const input = { shape: [1, 4], data: given };
    expectClose(model.run({ input })["output"]!.data, output.data, TOLERANCE);
  }
});

const states = { name: "h0", shape: [1, "batch", 3] };
test.each<[string, Uint8Array]>([
  [
    "time in front",
    fileOf(
      [
        { ...gru([]), inputs: ["x", "W", "R", "B"] },
        squeeze,
        ...linear("hidden"),
      ],
      { inputs: [{ name: "x", shape: ["time", "batch", 2] }] },
    ),
  ],
  [
    "time in front of the output alone",
    fileOf([swap, gru([]), squeeze, ...linear("hidden")]),
  ],
  [
    "the last state as an output too",
    fileOf(straight, {
      outputs: [...plain.outputs, { name: "h", shape: [1, "batch", 3] }],
    }),
  ],
  [
    "a state as an input",
    fileOf([swap, gru(["", "h0"]), squeeze, back, ...linear("rows")], {
      inputs: [...plain.inputs, states],
    }),
  ],
  [
    "a state that is not 0",
    fileOf([swap, gru(["", "h0"]), squeeze, back, ...linear("rows")], {
      initializers: [
        ...plain.initializers,
        { name: "h0", shape: [1, 2, 3], data: [0, 0.5, 0, 0, 0, 1] },
      ],
    }),
  ],
  [
    "lengths",
    fileOf([swap, gru(["lengths"]), squeeze, back, ...linear("rows")], {
      initializers: [
        ...plain.initializers,
        { name: "lengths", dtype: "int32", shape: [2], data: [2, 3] },
      ],
    }),
  ],
  [
    "an output that goes around",
    fileOf([
      ...straight.slice(0, -1),
      { type: "Add", inputs: ["product", "x"], outputs: ["y"] },
    ]),
  ],
  [
    "a sum for each step",
    fileOf(straight, {
      initializers: [
        ...plain.initializers.filter(({ name }) => name !== "b"),
        { name: "b", shape: [5, 1], data: ramp(5) },
      ],
    }),
  ],
  [
    "the first step",
    fileOf(
      [
        swap,
        gru([]),
        squeeze,
        {
          type: "Gather",
          inputs: ["hidden", "zero"],
          outputs: ["rows"],
          attributes: { axis: 0 },
        },
        ...linear("rows"),
      ],
      {
        initializers: [
          ...plain.initializers,
          { name: "zero", dtype: "int64", shape: [], data: [0] },
        ],
        outputs: [{ name: "y", shape: ["batch", 2] }],
      },
    ),
  ],
])("%s: stays a graph", (_, bytes) => {
  const { model } = load(bytes);
  expect(model).toBeInstanceOf(Graph);
  model.run(
    Object.fromEntries(
      model.inputs.map(({ name }) => [
        name,
        new Random(1).tensor(name === "h0" ? [1, 2, 3] : [2, 5, 2]),
      ]),
    ),
  );
});

test("sizes that do not fit are a graph's to refuse, which names the node", () => {
  const bytes = fileOf(straight, {
    inputs: [{ name: "x", shape: ["batch", "time", 4] }],
  });
  const { model } = load(bytes);
  const run = () => model.run({ x: new Random(1).tensor([2, 5, 4]) });
  expect(run).toThrow(/^node "cell" \(GRU\)/);
});

test("a chain of int8 has the integers of the graph", () => {
  const bytes = toOnnx(
    new Sequential([
      new GRU({ inputSize: 5, hiddenSize: 24, seed: 1 }),
      new Linear({ inputSize: 24, outputSize: 3, seed: 2, bias: false }),
    ]),
  );
  const options = { precision: "int8" } as const;
  const { model } = load(bytes, options);
  expect(String(model)).toMatch(/^Sequential.*\n.*int8.*\n.*int8/);
  const input = new Random(1).tensor([2, 12, 5]);
  const { output } = loadGraphOf(bytes, options).model.run({
    input,
  });
  expectSameTensor(model.run({ input })["output"]!, output!);
});

// Files of others: whatever is read as a chain is what the graph is.
const folders = ["models/onnx", "onnx-files/burn", "onnx-files/cntk"].map(
  (name) => new URL(`../../../shared/conformance/${name}/`, import.meta.url),
);
const files = [new URL("fixtures/torch/", import.meta.url), ...folders]
  .filter((folder) => existsSync(folder))
  .flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".onnx"))
      .map((file) => new URL(file, folder)),
  );

test("PyTorch's exports of a chain are one, and no other file changes", () => {
  const chains = files.flatMap((file) => {
    const bytes = readFileSync(file);
    const { model } = load(bytes);
    const { model: graph } = loadGraphOf(bytes);
    expect(model.inputs.map(({ name }) => name)).toEqual(
      graph.inputs.map(({ name }) => name),
    );
    expect(model.outputs.map(({ name }) => name)).toEqual(
      graph.outputs.map(({ name }) => name),
    );
    if (!(model instanceof Sequential)) return [];
    const { name, shape, type } = model.inputs[0]!;
    const sizes = shape.map((size, i) =>
      typeof size === "number" ? size : 2 + 3 * i,
    );
    const random = new Random(5).tensor(sizes);
    const data =
      type === "int64" ? random.data.map((_, i) => (i * 3) % 7) : random.data;
    const given = { [name]: { shape: sizes, data } };
    const [got, wanted] = [model.run(given), graph.run(given)];
    for (const [key, { shape: own, data: numbers }] of Object.entries(wanted)) {
      expect(got[key]!.shape).toEqual(own);
      expectClose(got[key]!.data, numbers, TOLERANCE);
    }
    return [file.pathname.split("/").at(-1)];
  });
  for (const opset of [9, 11, 13, 16])
    expect(chains).toContain(`classifier-${opset}.onnx`);
});
