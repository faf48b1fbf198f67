import { beforeAll, describe, expect, test } from "vitest";
import {
  GRU,
  init,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type Layer,
  type Tensor,
} from "../../src/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { linear } from "../support/linear.js";
import { Random } from "../support/random.js";
import { at } from "../support/tensors.js";
import { textbook } from "../support/textbook.js";
import { tolerances } from "../support/tolerances.js";

// Infinity between the layers of a model: sizes that are no multiple of 4 must not turn it into NaN.

const models: Record<string, () => Layer[]> = {
  "RNN tanh, Linear": () => [
    new RNN({ inputSize: 3, hiddenSize: 5 }),
    new Linear({ inputSize: 5, outputSize: 3 }),
  ],
  "RNN relu, Linear": () => [
    new RNN({ inputSize: 3, hiddenSize: 6, nonlinearity: "relu" }),
    new Linear({ inputSize: 6, outputSize: 2, activation: "tanh" }),
  ],
  "Linear, RNN, Linear": () => [
    new Linear({ inputSize: 3, outputSize: 5 }),
    new RNN({ inputSize: 5, hiddenSize: 3, seed: 1 }),
    new Linear({ inputSize: 3, outputSize: 1, seed: 2 }),
  ],
  "Linear relu, LSTM, Linear": () => [
    new Linear({ inputSize: 3, outputSize: 7, activation: "relu" }),
    new LSTM({ inputSize: 7, hiddenSize: 9, seed: 1 }),
    new Linear({ inputSize: 9, outputSize: 5, seed: 2 }),
  ],
  "Linear sigmoid, bidirectional GRU, Linear": () => [
    new Linear({ inputSize: 3, outputSize: 2, activation: "sigmoid" }),
    new GRU({
      inputSize: 2,
      hiddenSize: 5,
      direction: "bidirectional",
      seed: 1,
    }),
    new Linear({ inputSize: 10, outputSize: 6, seed: 2 }),
  ],
};

/** In float64, each layer's result rounded to float32 before the next one. */
function inTheory(layers: readonly Layer[], input: Tensor): Tensor {
  let x = input;
  for (const layer of layers) {
    const weights = layer.stateDict();
    let values: ArrayLike<number>;
    if (layer instanceof Linear)
      values = linear(weights, layer.options.activation, x).flat();
    else if (layer instanceof RNN)
      values = textbook("RNN", layer.options as never, weights, x).output;
    else
      values = textbook(
        layer instanceof LSTM ? "LSTM" : "GRU",
        layer.options as never,
        weights,
        x,
      ).output;
    const size = values.length / (x.shape[0]! * x.shape[1]!);
    x = {
      shape: [x.shape[0]!, x.shape[1]!, size],
      data: Float32Array.from(values),
    };
  }
  return x;
}

describe.each(backends)("infinite inputs of models on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each(Object.entries(models))(
    "%s: as IEEE arithmetic says, in their own row of the batch",
    (_, make) => {
      const model = new Sequential(make());
      const clean = new Random(1).tensor([3, 7, 3]);
      const expected = model.forward(clean).output;
      for (const value of [Infinity, -Infinity]) {
        const input = { shape: clean.shape, data: clean.data.slice() };
        input.data[21 + 6] = value;
        const { output } = model.forward(input);
        expectClose(
          output.data,
          inTheory(model.layers, input).data,
          tolerances.equations,
          `${value}`,
        );
        for (const row of [0, 2])
          expectSameTensor(
            at(output, 0, row),
            at(expected, 0, row),
            `${value}: row ${row}`,
          );
      }
    },
  );
});

test("these models tell an infinity from the NaN that a padded sum would make of it", () => {
  const model = new Sequential(models["RNN tanh, Linear"]!());
  const output = inTheory(model.layers, {
    shape: [1, 1, 3],
    data: Float32Array.of(0, Infinity, 0),
  });
  expect(output.data.every(Number.isFinite)).toBe(true);
});
