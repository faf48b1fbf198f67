import { describe, expect, test, vi } from "vitest";
import {
  Embedding,
  GRU,
  init,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import { createPool } from "../../src/worker/index.js";
import { expectRefusal } from "../support/refusals.js";

// An option that does not exist is an error that names those that do: a misspelt one must not be ignored in silence.

const sizes = { inputSize: 2, hiddenSize: 3, seed: 0 };
const lstm = new LSTM(sizes);
const linear = { inputSize: 3, outputSize: 2 };
const dict = lstm.stateDict();
const model = new Sequential([
  new Embedding({ vocabSize: 4, size: 2 }),
  lstm,
  new Linear({ inputSize: 3, outputSize: 4 }),
]);
const numbers = new Sequential([lstm]);
const input = [[1, 2]];
const wrong = <T extends object>(options: T) =>
  ({ ...options, bogus: 1 }) as never;

const calls: [what: string, call: () => unknown, one: string][] = [
  ["new RNN", () => new RNN(wrong(sizes)), "nonlinearity"],
  ["new LSTM", () => new LSTM(wrong(sizes)), "projSize"],
  ["new GRU", () => new GRU(wrong(sizes)), "resetAfter"],
  ["new Linear", () => new Linear(wrong(linear)), "activation"],
  [
    "new Embedding",
    () => new Embedding(wrong({ vocabSize: 4, size: 2 })),
    "vocabSize",
  ],
  ["new Sequential", () => new Sequential([lstm], wrong({})), "skip"],
  [
    "LSTM.fromStateDict",
    () => LSTM.fromStateDict(dict, wrong({ prefix: "" })),
    "projSize",
  ],
  [
    "Linear.fromStateDict",
    () => Linear.fromStateDict(new Linear(linear).stateDict(), wrong({})),
    "activation",
  ],
  [
    "Embedding.fromStateDict",
    () =>
      Embedding.fromStateDict(
        { weight: { shape: [4, 2], data: new Float32Array(8) } },
        wrong({}),
      ),
    "vocabSize",
  ],
  ["loadStateDict", () => lstm.loadStateDict(dict, wrong({})), "prefix"],
  ["forward", () => lstm.forward(input, wrong({})), "lengths"],
  ["stream", () => lstm.stream(wrong({})), "state"],
  [
    "forward of a Sequential",
    () => numbers.forward(input, wrong({})),
    "lengths",
  ],
  ["stream of a Sequential", () => numbers.stream(wrong({})), "state"],
  ["generate", () => model.generate(wrong({ prompt: [1] })), "temperature"],
  ["createPool", () => createPool(wrong({ create: vi.fn() })), "workers"],
];

test.each(calls)("%s names an unknown option", (what, call, one) => {
  const expected = new RegExp(`^options: .*\\b${one}\\b.*, got "bogus"$`);
  expectRefusal([what, call, RangeError, expected]);
});

test("init names an unknown option", async () => {
  await expect(init(wrong({}))).rejects.toThrow(
    new RangeError(
      'options: expected only backend, deterministic, module, got "bogus"',
    ),
  );
});

describe("one record of options may serve all kinds of layers", () => {
  const shared = {
    ...sizes,
    nonlinearity: "tanh",
    projSize: 0,
    peepholes: false,
    coupledGates: false,
    resetAfter: true,
    updateGate: "keep",
    bogus: undefined,
  } as const;

  test.each([RNN, LSTM, GRU])("%o takes others' options at rest", (Layer) => {
    const { options } = new Layer(shared);
    expect(options).toEqual(new Layer(sizes).options);
  });

  test.each([
    [GRU, { projSize: 1 }],
    [LSTM, { nonlinearity: "relu" }],
    [RNN, { resetAfter: false }],
  ] as const)("%o refuses %o, which it has not", (Layer, asking) => {
    const [name] = Object.keys(asking);
    expectRefusal([
      `${name}`,
      () => new Layer({ ...shared, ...asking } as never),
      RangeError,
      new RegExp(`^options: expected only .*, got "${name}"$`),
    ]);
  });
});

describe("the weights of another kind of layer", () => {
  const [rnn, gru] = [new RNN(sizes), new GRU({ ...sizes, hiddenSize: 4 })];

  test.each([
    [GRU, dict, "[12, 2], 4 gates of 3 units"],
    [RNN, dict, "[12, 2], 4 gates of 3 units"],
    [LSTM, gru.stateDict(), "[12, 2], 3 gates of 4 units"],
    [RNN, gru.stateDict(), "[12, 2], 3 gates of 4 units"],
    [LSTM, rnn.stateDict(), "[3, 2], 1 gate of 3 units"],
    [GRU, rnn.stateDict(), "[3, 2], 1 gate of 3 units"],
  ])("%o.fromStateDict says whose they are: %o", (Layer, weights, got) => {
    expect(() => Layer.fromStateDict(weights, { prefix: "" })).toThrow(
      new RegExp(
        `^dict\\["weight_ih_l0"\\]: expected \\[\\d · H, I\\], got ${got.replace(/[[\]()]/g, "\\$&")}$`,
      ),
    );
  });
});
