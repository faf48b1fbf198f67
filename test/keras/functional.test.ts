import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/tfjs/index.js";
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
      config: { name: "in" },
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
      /^layer "b": expected one input, got several/,
    ],
    [
      "two inputs of a layer, Keras 3",
      { a: three("in"), b: [{ args: [[tensor("a"), tensor("in")]] }] },
      {},
      /^layer "b": expected one input, got several/,
    ],
    [
      "a branch",
      { a: two("in"), b: two("a"), c: two("a") },
      {},
      /^layer "c": Dense is not in the chain from input to output$/,
    ],
    [
      "a layer called twice",
      { a: two("in"), b: [...two("a"), ...two("in")] },
      {},
      /inbound_nodes: expected a layer that is called once, got "2 calls"$/,
    ],
    [
      "a circle",
      { a: two("b"), b: two("a") },
      {},
      /^layer "b": expected a layer of the model's, once$/,
    ],
    [
      "nothing there",
      { a: two("x"), b: two("a") },
      {},
      /^layer "x": expected a layer of the model's, once$/,
    ],
    [
      "a state for an input",
      { a: two("in"), b: two("a", 1) },
      {},
      /^layer "b": expected the output of the layer before, got its state$/,
    ],
    [
      "an initial state as a keyword",
      { a: two("in"), b: two("a", 0, { initial_state: ["in", 0, 0] }) },
      {},
      /expected no tensors as keywords, got "initial_state"$/,
    ],
    [
      "an initial state as a keyword, Keras 3",
      { a: three("in"), b: three("a", { initial_state: [tensor("in")] }) },
      {},
      /expected no tensors as keywords, got "initial_state"$/,
    ],
    [
      "two inputs",
      { a: two("in"), b: two("a") },
      {
        input_layers: [
          ["in", 0, 0],
          ["in2", 0, 0],
        ],
      },
      /^layer "in2": expected one input$/,
    ],
    [
      "two outputs",
      { a: two("in"), b: two("a") },
      {
        output_layers: [
          ["b", 0, 0],
          ["a", 0, 0],
        ],
      },
      /^layer "a": expected one output, and its states$/,
    ],
    [
      "a mask from nowhere",
      { a: three("in"), b: three("a", { mask: tensor("in") }) },
      {},
      /^layer "b": expected the mask of an Embedding or a Masking$/,
    ],
    [
      "an operation in the chain",
      { a: three("in"), b: three("op") },
      {
        more: [
          {
            class_name: "Add",
            module: "keras.src.ops.numpy",
            name: "op",
            config: {},
            inbound_nodes: three("a"),
          },
        ],
      },
      /^"op": expected a layer, got an operation$/,
    ],
    [
      "an operation beside it",
      { a: three("in"), b: three("a") },
      {
        more: [
          {
            class_name: "Add",
            module: "keras.src.ops.numpy",
            name: "op",
            config: {},
            inbound_nodes: three("a"),
          },
        ],
      },
      /^layer "op": Add is not in the chain/,
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
