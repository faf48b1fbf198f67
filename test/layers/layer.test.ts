import { inspect } from "node:util";
import { expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Layer,
  Linear,
  LSTM,
  Masking,
  RNN,
  Sequential,
} from "../../src/index.js";
import { Parameters } from "../../src/layers/parameters.js";
import { generalEverything } from "../support/models.js";

// A layer says what it is, and a model is the sum of its layers: nothing else in the house asks twice.

const layers: readonly (readonly [
  text: string,
  layer: Layer,
  facts: object,
])[] = [
  [
    "LSTM(1 → 32, 2 layers)",
    new LSTM({ inputSize: 1, hiddenSize: 32, numLayers: 2 }),
    { type: "LSTM", inputSize: 1, outputSize: 32, streamable: true },
  ],
  [
    "LSTM(3 → 8, bidirectional, last step only)",
    new LSTM({
      inputSize: 3,
      hiddenSize: 9,
      projSize: 4,
      direction: "bidirectional",
      returnSequences: false,
    }),
    { outputSize: 8, causal: false, lastOnly: true, streamable: false },
  ],
  [
    "GRU(2 → 3, reverse)",
    new GRU({ inputSize: 2, hiddenSize: 3, direction: "reverse" }),
    { type: "GRU", causal: false, streamable: false },
  ],
  [
    "RNN(2 → 3, last step only)",
    new RNN({ inputSize: 2, hiddenSize: 3, returnSequences: false }),
    { type: "RNN", lastOnly: true, streamable: true },
  ],
  [
    "Linear(3 → 4, softmax)",
    new Linear({ inputSize: 3, outputSize: 4, activation: "softmax" }),
    { type: "Linear", probabilities: true, streamable: true },
  ],
  [
    "Linear(3 → 4)",
    new Linear({ inputSize: 3, outputSize: 4 }),
    { probabilities: false, causal: true, masks: false, takesTokens: false },
  ],
  [
    "Embedding(30 tokens → 16)",
    new Embedding({ vocabSize: 30, size: 16 }),
    { inputSize: 1, outputSize: 16, takesTokens: true, streamable: true },
  ],
  [
    "Embedding(30 tokens → 16, 0 masked)",
    new Embedding({ vocabSize: 30, size: 16, maskZero: true }),
    { masks: true, causal: true, streamable: false },
  ],
  [
    "Masking(steps of -1)",
    new Masking({ maskValue: -1 }),
    { inputSize: 0, outputSize: 0, masks: true, streamable: false },
  ],
];

test.each(layers)("%s says so, in a console too", (text, layer, facts) => {
  expect(layer).toBeInstanceOf(Layer);
  expect(`${layer}`).toBe(text);
  expect(inspect(layer)).toBe(text);
  expect(inspect({ layers: [layer] })).toBe(`{ layers: [ ${text} ] }`);
  for (const [name, value] of Object.entries(facts))
    expect(layer[name as keyof Layer], name).toEqual(value);
});

test("a model is what its layers are in all", () => {
  const gru = new GRU({ inputSize: 16, hiddenSize: 4 });
  const last = new GRU({ inputSize: 4, hiddenSize: 5, returnSequences: false });
  const embedding = new Embedding({ vocabSize: 30, size: 16 });
  expect(new Sequential([embedding, gru])).toMatchObject({
    inputSize: 1,
    outputSize: 4,
    takesTokens: true,
    causal: true,
    masks: false,
    lastOnly: false,
    streamable: true,
  });
  expect(new Sequential([gru, last])).toMatchObject({
    inputSize: 16,
    outputSize: 5,
    takesTokens: false,
    lastOnly: true,
    streamable: true,
  });
  expect(new Sequential([new Masking(), gru])).toMatchObject({
    inputSize: 16,
    outputSize: 4,
    masks: true,
    causal: true,
    streamable: false,
  });
  expect(new Sequential(generalEverything)).toMatchObject({
    causal: false,
    streamable: false,
  });
});

test.each([
  [[new Masking()], "at least one layer that computes", "Masking"],
  [
    [new Masking(), new Embedding({ vocabSize: 3, size: 2 })],
    "a layer that takes features",
    "Embedding",
  ],
  [
    [
      new Linear({ inputSize: 2, outputSize: 1 }),
      new Embedding({ vocabSize: 3, size: 2 }),
    ],
    "a layer that takes features",
    "Embedding",
  ],
  [[new Embedding({ vocabSize: 3, size: 2 })], "that computes", "Embedding"],
  [[], "that computes", "none"],
])("chain %#: what is wrong is told as it is", (wrong, expected, got) => {
  const pattern = new RegExp(`^layers.*: expected .*${expected}.*, got ${got}`);
  expect(() => new Sequential(wrong)).toThrow(pattern);
});

/** A layer of a type that nobody knows, which runs as two Linears do. */
class Twice extends Layer {
  readonly options = {};

  constructor() {
    const linear = new Linear({ inputSize: 2, outputSize: 2, seed: 4 });
    super({
      type: "Twice",
      inputSize: 2,
      outputSize: 2,
      parameters: new Parameters([], () => new Float32Array()),
      stages: [...linear.stages, ...linear.stages],
    });
  }

  forward(): never {
    throw new Error("not in this test");
  }
}

test("a layer of an unknown type runs as what it states, and is not saved as another", () => {
  const linear = () => new Linear({ inputSize: 2, outputSize: 2, seed: 4 });
  const model = new Sequential([new Twice()]);
  const twice = new Sequential([linear(), linear()]);
  const input = [[1, -2]];
  expect(model.forward(input).output).toEqual(twice.forward(input).output);
  expect(() => model.save()).toThrow(
    /^layers\[0\]: expected one of Activation, .*, got Twice$/,
  );
});

test("sizes that no memory holds are refused when the layer is made", () => {
  const size = 10_000;
  expect(() => new LSTM({ inputSize: size, hiddenSize: size })).toThrow(
    /^weight_hh_l0: expected parameters of fewer than \d+ numbers in all/,
  );
  expect(
    () => new GRU({ inputSize: 1, hiddenSize: 1, numLayers: 1e9 }),
  ).toThrow(/^numLayers: expected at most 1024, got 1000000000$/);
  const half = () => new LSTM({ inputSize: 7500, hiddenSize: 7500 });
  expect(() => new Sequential([half(), half()])).toThrow(
    /^layers: expected parameters of fewer than/,
  );
});
