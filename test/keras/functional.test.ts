import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/tfjs/index.js";
import { Graph, loadGraph } from "../../src/graph/index.js";
import { filled, layersModel } from "../tfjs/build.js";

/** A functional model of Dense layers, wired as `inbound` says. */
function dense(
  inbound: Record<string, unknown>,
  {
    output = "b",
    more = [] as unknown[],
    ...ends
  }: Record<string, unknown> & { more?: unknown[] } = {},
) {
  const names = Object.keys(inbound);
  const built = names.map((name) => ({
    class_name: "Dense",
    config: { name, units: 2, activation: "linear" },
    weights: { kernel: filled(1, 2, 2), bias: filled(1, 2) },
  }));
  const layers = [
    {
      class_name: "InputLayer",
      name: "in",
      config: { name: "in", batch_input_shape: [null, 2] },
      inbound_nodes: [],
    },
    ...built.map(({ class_name, config }) => ({
      class_name,
      config,
      name: config.name,
      inbound_nodes: inbound[config.name],
    })),
    ...more,
  ];
  const config = {
    layers,
    input_layers: [["in", 0, 0]],
    output_layers: [[output, 0, 0]],
    ...ends,
  };
  return layersModel(built, { model: { class_name: "Functional", config } });
}

const two = (from: string, index = 0, keywords = {}) => [
  [[from, 0, index, keywords]],
];
const tensor = (from: string, index = 0) => ({
  class_name: "__keras_tensor__",
  config: { keras_history: [from, 0, index] },
});
const three = (from: string, kwargs = {}) => [{ args: [tensor(from)], kwargs }];

describe("functional models", () => {
  const input = { shape: [1, 2], data: Float32Array.of(1, 2) };
  test.each([
    ["of Keras 2", { a: two("in"), b: two("a") }, {}],
    ["of Keras 2, in another order", { b: two("a"), a: two("in") }, {}],
    [
      "with calls that are not in lists",
      { a: [["in", 0, 0]], b: [["a", 0, 0, {}]] },
      {},
    ],
    [
      "of Keras 3",
      { a: three("in"), b: three("a", { training: false, mask: null }) },
      {},
    ],
    [
      "of Keras 3, its ends not in lists",
      { a: three("in"), b: three("a") },
      { input_layers: ["in", 0, 0], output_layers: ["b", 0, 0] },
    ],
    [
      "whose states are outputs too",
      { a: two("in"), b: two("a") },
      {
        output_layers: [
          ["b", 0, 0],
          ["b", 0, 1],
        ],
      },
    ],
  ])("%s", (_, inbound, ends) => {
    const { model } = load(dense(inbound, ends));
    expect([...model.forward(input).output.data]).toEqual([9, 9]);
  });

  const ops = "keras.src.ops.numpy";
  const operation = (
    class_name: string,
    name: string,
    args: unknown[],
    config = {},
  ) => ({
    class_name,
    module: ops,
    name,
    config: { name, ...config },
    inbound_nodes: [{ args, kwargs: {} }],
  });
  const layer = (
    class_name: string,
    name: string,
    inbound_nodes: unknown,
    config = {},
  ) => ({ class_name, name, config: { name, ...config }, inbound_nodes });

  // of 1 and 2 a makes 4 and 4, b of that 9 and 9
  test.each<
    [
      string,
      Record<string, unknown>,
      Record<string, unknown> & { more?: unknown[] },
      Record<string, number[]>,
    ]
  >([
    [
      "whose layers have other branches behind them",
      { a: two("in"), b: two("a"), c: two("a") },
      {},
      { b: [9, 9] },
    ],
    [
      "with two outputs",
      { a: two("in"), b: two("a") },
      {
        output_layers: [
          ["b", 0, 0],
          ["a", 0, 0],
        ],
      },
      { b: [9, 9], a: [4, 4] },
    ],
    [
      "with a layer that is called twice",
      { a: two("in"), b: [...two("a"), ...two("in")] },
      {
        output_layers: [
          ["b", 0, 0],
          ["b", 1, 0],
        ],
      },
      { b: [9, 9], "b'": [4, 4] },
    ],
    [
      "that add, Keras 2",
      { a: two("in"), b: two("a") },
      {
        output: "sum",
        more: [
          layer("Add", "sum", [
            [
              ["a", 0, 0],
              ["in", 0, 0],
            ],
          ]),
        ],
      },
      { sum: [5, 6] },
    ],
    [
      "that add, Keras 3",
      { a: three("in"), b: three("a") },
      {
        output: "sum",
        more: [
          layer("Add", "sum", [
            { args: [[tensor("a"), tensor("b"), tensor("in")]], kwargs: {} },
          ]),
        ],
      },
      { sum: [14, 15] },
    ],
    [
      "with operators on tensors",
      { a: three("in"), b: three("a") },
      {
        output: "half",
        more: [
          operation("Subtract", "less", [tensor("b"), tensor("in")]),
          operation("Multiply", "half", [0.5, tensor("less")]),
        ],
      },
      { half: [4, 3.5] },
    ],
    [
      "with TensorFlow's functions",
      { a: two("in"), b: two("a") },
      {
        output: "sum",
        more: [
          layer(
            "TFOpLambda",
            "sum",
            [["a", 0, 0, { y: ["in", 0, 0], name: null }]],
            {
              function: "__operators__.add",
            },
          ),
        ],
      },
      { sum: [5, 6] },
    ],
    [
      "with an index, Keras 2",
      { a: two("in"), b: two("a") },
      {
        output: "last",
        more: [
          layer(
            "SlicingOpLambda",
            "last",
            [
              [
                "in",
                0,
                0,
                {
                  slice_spec: [
                    { start: null, stop: null, step: null },
                    { start: -1, stop: null, step: null },
                  ],
                },
              ],
            ],
            {
              function: "__operators__.getitem",
            },
          ),
        ],
      },
      { last: [2] },
    ],
    [
      "in any order",
      { b: three("a"), a: three("in") },
      {
        output: "sum",
        more: [
          layer("Add", "sum", [
            { args: [tensor("a"), tensor("b")], kwargs: {} },
          ]),
        ],
      },
      { sum: [13, 13] },
    ],
  ])("%s", (_, inbound, ends, expected) => {
    const { model } = load(dense(inbound, ends));
    expect(model).toBeInstanceOf(Graph);
    const results = (model as Graph).run({ in: input });
    expect(
      Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, [...data]]),
      ),
    ).toEqual(expected);
  });

  test("of two inputs have them by their names", () => {
    const more = [
      layer("InputLayer", "in2", [], { batch_input_shape: [null, 2] }),
      layer("Subtract", "less", [
        [
          ["in2", 0, 0],
          ["in", 0, 0],
        ],
      ]),
    ];
    const input_layers = [
      ["in", 0, 0],
      ["in2", 0, 0],
    ];
    const files = dense(
      { a: two("in"), b: two("a") },
      { output: "less", input_layers, more },
    );
    const graph = load(files).model as Graph;
    expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([
      ["in", ["batch", 2]],
      ["in2", ["batch", 2]],
    ]);
    const { less } = graph.run({ in: input, in2: [[10, 20]] });
    expect([...less!.data]).toEqual([9, 18]);
    const again = loadGraph(graph.save());
    expect(again.run({ in: input, in2: [[10, 20]] })).toEqual({ less });
  });

  test.each<
    [
      string,
      Record<string, unknown>,
      Record<string, unknown> & { more?: unknown[] },
      RegExp,
    ]
  >([
    [
      "two inputs of a layer",
      {
        a: two("in"),
        b: [
          [
            ["a", 0, 0],
            ["in", 0, 0],
          ],
        ],
      },
      {},
      /^layer "b" \(Dense\): expected one input, got 2$/,
    ],
    [
      "two inputs of a layer, Keras 3",
      { a: three("in"), b: [{ args: [[tensor("a"), tensor("in")]] }] },
      {},
      /^layer "b" \(Dense\): expected one input, got 2$/,
    ],
    [
      "a circle",
      { a: two("b"), b: two("a") },
      {},
      /^layer "a" \(Dense\): expected inputs that come before it, got a circle/,
    ],
    [
      "nothing there",
      { a: two("x"), b: two("a") },
      {},
      /^layer "a" \(Dense\): expected inputs that come before it, .*not there$/,
    ],
    [
      "a state for an input",
      { a: two("in"), b: two("a", 1) },
      {},
      /^layer "a": expected an output 1 of its call 0, got 1 output$/,
    ],
    [
      "an initial state as a keyword",
      { a: two("in"), b: two("a", 0, { initial_state: ["in", 0, 0] }) },
      {},
      /^layer "b" \(Dense\): expected no tensor as keyword "initial_state", got one$/,
    ],
    [
      "an initial state as a keyword, Keras 3",
      { a: three("in"), b: three("a", { initial_state: [tensor("in")] }) },
      {},
      /^layer "b" \(Dense\): expected no tensor as keyword "initial_state", got one$/,
    ],
    [
      "an input that is no InputLayer",
      { a: two("in"), b: two("a") },
      {
        input_layers: [
          ["in", 0, 0],
          ["in2", 0, 0],
        ],
      },
      /^layer "in2": expected an InputLayer, got none$/,
    ],
    [
      "a mask that is none",
      { a: three("in"), b: three("a", { mask: tensor("in") }) },
      {},
      /^layer "b" \(Dense\): expected a mask of truth values, got float32$/,
    ],
    [
      "an unknown function",
      { a: three("in"), b: three("op") },
      { more: [operation("Erfinv", "op", [tensor("a")])] },
      /^layer "op" \(Erfinv\): expected a supported layer, got another one; /,
    ],
    [
      "a function without what it takes",
      { a: three("in"), b: three("op") },
      { more: [operation("Add", "op", [tensor("a")])] },
      /^layer "op" \(Add\): expected a tensor or a number as argument 2, got none$/,
    ],
    [
      "several unknown layers, each by its name",
      { a: three("in"), b: three("a") },
      {
        more: [
          layer("Mine", "x", three("a")),
          layer("Lambda", "y", three("x")),
        ],
      },
      /^layer "x" \(Mine\): .* \(also unsupported: "y" \(Lambda\)\); export the model as ONNX instead, in Python: import tf2onnx; /,
    ],
  ])("are refused for %s", (_, inbound, ends, message) => {
    let error: unknown;
    try {
      load(dense(inbound, ends));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(message);
  });
});
