import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import { messageOf } from "../support/refusals.js";
import { type BuiltLayer, filled, layersModel } from "../tfjs/build.js";
import { type Built, lstmConfig, lstmWeights, run } from "./support/graphs.js";

/*
 * What a refused layer's message says: the layer, what was expected, and what came.
 */

const layer = (class_name: string, config: object = {}): BuiltLayer => ({
  class_name,
  config: { ...config },
});
const nested = (config: object = {}) => ({
  class_name: "LSTM",
  config: { ...lstmConfig, name: "inner", ...config },
});
const twoCells = {
  ...layer("RNN", {
    return_sequences: true,
    cell: layer("StackedRNNCells", {
      cells: [layer("LSTMCell", lstmConfig), layer("LSTMCell", lstmConfig)],
    }),
  }),
};

describe("in a chain", () => {
  test.each<[string, BuiltLayer[], string]>([
    [
      "Bidirectional, forward",
      [layer("Bidirectional", { layer: nested({ go_backwards: true }) })],
      'layer "layer0" (Bidirectional): expected go_backwards false of the forward layer, got true',
    ],
    [
      "Bidirectional, backward",
      [
        layer("Bidirectional", {
          layer: nested(),
          backward_layer: nested({ return_sequences: false }),
        }),
      ],
      'layer "layer0" (Bidirectional): expected go_backwards true and return_sequences true in backward_layer, got false and false',
    ],
    [
      "Bidirectional of two cells",
      [
        layer("Bidirectional", {
          layer: { ...twoCells, config: { ...twoCells.config, name: "two" } },
        }),
      ],
      'layer "two" (RNN): expected one cell in a Bidirectional, got 2',
    ],
    [
      "a mask before two cells",
      [layer("Masking"), twoCells],
      'layer "layer1" (RNN): expected no mask, because TensorFlow.js mixes up the states of several cells, got one and 2 cells',
    ],
  ])("%s", (_, layers, message) => {
    expect(messageOf(() => load(layersModel(layers)))).toBe(message);
  });
});

const two = { a: [[1, 2, 3]] };
const steps = {
  a: [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ],
};
const pair = {
  a: [[1, 2, 3]],
  b: [
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
  ],
};

describe("in a graph", () => {
  test.each<[string, object, Built, string]>([
    [
      "Softmax",
      two,
      ["Softmax", "y", { axis: [0, 7] }, ["a"]],
      `layer "y" (Softmax): expected one of the input's 2 axes, got [0, 7]`,
    ],
    [
      "Attention",
      steps,
      ["Attention", "y", {}, ["a"]],
      'layer "y" (Attention): expected [query, value] or [query, value, key], got 1 tensor',
    ],
    [
      "Attention, scores",
      steps,
      [
        "Attention",
        "y",
        {},
        ["a", ["a", 0, 0, { return_attention_scores: true }]],
      ],
      'layer "y" (Attention): expected return_attention_scores false, got true',
    ],
    [
      "Attention, mode",
      steps,
      ["Attention", "y", { score_mode: "sum" }, ["a", "a"]],
      'layer "y" (Attention): expected score_mode dot or concat, got "sum"',
    ],
    [
      "MultiHeadAttention",
      steps,
      [
        "MultiHeadAttention",
        "y",
        { num_heads: 1, key_dim: 2, attention_axes: [2] },
        ["a"],
      ],
      'layer "y" (MultiHeadAttention): expected attention over the steps, axis 1, got [2]',
    ],
    [
      "Conv1D, format",
      steps,
      [
        "Conv1D",
        "y",
        { filters: 2, kernel_size: 2, data_format: "channels_first" },
        ["a"],
        { kernel: filled(1, 2, 2, 2), bias: filled(1, 2) },
      ],
      'layer "y" (Conv1D): expected data_format channels_last, got "channels_first"',
    ],
    [
      "Conv1D, rank",
      two,
      [
        "Conv1D",
        "y",
        { filters: 2, kernel_size: 2 },
        ["a"],
        { kernel: filled(1, 2, 2, 2), bias: filled(1, 2) },
      ],
      'layer "y" (Conv1D): expected [B, T, features], got [?, 3]',
    ],
    [
      "MaxPooling1D",
      two,
      ["MaxPooling1D", "y", { pool_size: 2 }, ["a"]],
      'layer "y" (MaxPooling1D): expected [B, T, features], got [?, 3]',
    ],
    [
      "GlobalAveragePooling1D",
      two,
      ["GlobalAveragePooling1D", "y", {}, ["a"]],
      'layer "y" (GlobalAveragePooling1D): expected [B, T, features], got [?, 3]',
    ],
    [
      "Concatenate",
      pair,
      ["Concatenate", "y", { axis: 3 }, ["a", "b"]],
      'layer "y" (Concatenate): expected inputs of as many axes, and one of these other than the batch, got axis 3 of [?, 3] and [?, 3, 2]',
    ],
    [
      "Dot of three",
      pair,
      ["Dot", "y", { axes: 1 }, ["a", "b", "b"]],
      'layer "y" (Dot): expected two inputs, got 3',
    ],
    [
      "Dot",
      pair,
      ["Dot", "y", { axes: [1, 5] }, ["a", "b"]],
      'layer "y" (Dot): expected axes of inputs [B, T, features] or [B, features], got [1, 5] of [?, 3] and [?, 3, 2]',
    ],
    [
      "LayerNormalization, rms",
      two,
      ["LayerNormalization", "y", { rms_scaling: true }, ["a"]],
      'layer "y" (LayerNormalization): expected rms_scaling false, got true',
    ],
    [
      "LayerNormalization, axis",
      two,
      [
        "LayerNormalization",
        "y",
        { axis: [1, 0], scale: false, center: false },
        ["a"],
      ],
      `layer "y" (LayerNormalization): expected some of the input's 2 axes in their order, not the batch, got [1, 0]`,
    ],
    [
      "LSTM",
      two,
      ["LSTM", "y", lstmConfig, ["a"], lstmWeights(3)],
      'layer "y" (LSTM): expected a sequence [B, T, features], got [?, 3]',
    ],
    [
      "ZeroPadding1D",
      two,
      ["ZeroPadding1D", "y", { padding: 1 }, ["a"]],
      'layer "y" (ZeroPadding1D): expected a sequence [B, T, features], got [?, 3]',
    ],
    [
      "Flatten",
      steps,
      ["Flatten", "y", { data_format: "channels_first" }, ["a"]],
      'layer "y" (Flatten): expected features last, got [?, 3, 2] with channels_first',
    ],
    [
      "Reshape",
      two,
      ["Reshape", "y", { target_shape: [-1, -1] }, ["a"]],
      'layer "y" (Reshape): expected sizes of at least 1, one of them -1 at most, got [-1, -1]',
    ],
    [
      "Permute",
      steps,
      ["Permute", "y", { dims: [1, 1] }, ["a"]],
      'layer "y" (Permute): expected dims to name each axis but the batch once, got [1, 1] for [?, 3, 2]',
    ],
    [
      "RepeatVector",
      steps,
      ["RepeatVector", "y", { n: 2 }, ["a"]],
      'layer "y" (RepeatVector): expected [B, features], got [?, 3, 2]',
    ],
    [
      "TimeDistributed",
      two,
      [
        "TimeDistributed",
        "y",
        { layer: { class_name: "Flatten", config: { name: "f" } } },
        ["a"],
      ],
      'layer "y" (TimeDistributed): expected a sequence [B, T, …], got [?, 3]',
    ],
    [
      "UpSampling1D",
      two,
      ["UpSampling1D", "y", { size: 2 }, ["a"]],
      'layer "y" (UpSampling1D): expected a sequence [B, T, features], got [?, 3]',
    ],
  ])("%s", (_, inputs, built, message) => {
    expect(messageOf(() => run(inputs as never, [built], [["y", 0]]))).toBe(
      message,
    );
  });
});
