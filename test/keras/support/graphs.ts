/*
 * Functional models of small layers, whose outputs are computed by hand.
 */
import { expect } from "vitest";
import { load } from "../../../src/formats/tfjs/index.js";
import type { Graph } from "../../../src/graph/index.js";
import {
  Sequential,
  type Tensor,
  tensor,
  type TensorLike,
} from "../../../src/index.js";
import { filled, layersModel } from "../../tfjs/build.js";

/** A layer of a functional model: its class, name, config, the layers that it takes, and its weights. */
export type Built = readonly [
  className: string,
  name: string,
  config: object,
  from: readonly unknown[],
  weights?: Record<string, Tensor>,
];

/** The graph of layers that are wired as they say, and what it gives. */
export function run(
  inputs: Record<string, Tensor | number[][] | number[][][]>,
  layers: readonly Built[],
  outputs: readonly (readonly [string, number])[],
  version = "2.15.0",
): number[][] {
  const given = Object.entries(inputs).map(([name, value]) => {
    const { shape } = Array.isArray(value) ? tensor(value) : value;
    return { name, batch_input_shape: [null, ...shape.slice(1)] };
  });
  const call = (from: unknown) =>
    typeof from === "string" ? [from, 0, 0, {}] : from;
  const built = layers.map(([class_name, name, config, from, weights]) => ({
    class_name,
    config: { name, ...config },
    weights: weights ?? {},
    name,
    inbound_nodes: [from.map(call)],
  }));
  const config = {
    layers: [
      ...given.map((each) => ({
        class_name: "InputLayer",
        name: each.name,
        config: each,
        inbound_nodes: [],
      })),
      ...built.map((layer) => ({ ...layer, weights: undefined })),
    ],
    input_layers: given.map(({ name }) => [name, 0, 0]),
    output_layers: outputs.map(([name, output]) => [name, 0, output]),
  };
  const files = layersModel(built, {
    version,
    model: { class_name: "Functional", config },
  });
  const { model } = load(files, { backend: "simd" });
  if (model instanceof Sequential) {
    const [input] = Object.values(inputs);
    return [[...model.forward(input as TensorLike).output.data]];
  }
  const graph = model as Graph;
  const results = graph.run(inputs);
  return graph.outputs.map(({ name }) => [...results[name]!.data]);
}

export const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
export const softmax = (scores: readonly number[]) => {
  const most = Math.max(...scores);
  const powers = scores.map((x) => Math.exp(x - most));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((x) => x / sum);
};

export const UNITS = 2;
export const [W, U, B] = [0.5, 0.25, 0.125];
export const lstmConfig = {
  units: UNITS,
  activation: "tanh",
  recurrent_activation: "sigmoid",
  return_sequences: true,
};
export const lstmWeights = (inputs: number, prefix = "") => ({
  [`${prefix}kernel`]: filled(W, inputs, 4 * UNITS),
  [`${prefix}recurrent_kernel`]: filled(U, UNITS, 4 * UNITS),
  [`${prefix}bias`]: filled(B, 4 * UNITS),
});

/** An LSTM all of whose weights are alike, so that its units and gates are: h and c of one unit after each step. */
export function lstm(
  steps: readonly number[][],
  { h = 0, c = 0, mask = [] as number[] } = {},
) {
  return steps.map((x, t) => {
    if (mask[t] !== 0) {
      const z = W * x.reduce((a, b) => a + b) + U * UNITS * h + B;
      c = sigmoid(z) * c + sigmoid(z) * Math.tanh(z);
      h = sigmoid(z) * Math.tanh(c);
    }
    return { h, c };
  });
}

export function expectClose(
  got: number[] | undefined,
  expected: readonly number[],
) {
  expect(got).toHaveLength(expected.length);
  expected.forEach((x, i) => expect(got![i]).toBeCloseTo(x, 5));
}

export const x = [
  [
    [1, -1],
    [0.5, 0.25],
    [-2, 1],
  ],
];
export const steps = x[0]!;
export const twice = (values: readonly number[]) =>
  values.flatMap((v) => [v, v]);
