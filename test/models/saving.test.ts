import { beforeAll, describe, expect, test } from "vitest";
import {
  FormatError,
  init,
  Linear,
  LSTM,
  Sequential,
} from "../../src/index.js";
import { parse, serialize } from "../../src/safetensors.js";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { anyModels, everything, generalEverything } from "../support/models.js";
import { Random } from "../support/random.js";
import { clone } from "../support/tensors.js";

const tokens = [
  [1, 8, 0, 3],
  [2, 2, 7, 5],
];

describe("weights of a model", () => {
  test("have the names of PyTorch's nn.Sequential", () => {
    const model = new Sequential([
      new LSTM({ inputSize: 2, hiddenSize: 3 }),
      new Linear({ inputSize: 3, outputSize: 1 }),
    ]);
    const shapes = Object.entries(model.stateDict()).map(
      ([name, { shape }]) => [name, shape],
    );
    expect(Object.fromEntries(shapes)).toEqual({
      "0.weight_ih_l0": [12, 2],
      "0.weight_hh_l0": [12, 3],
      "0.bias_ih_l0": [12],
      "0.bias_hh_l0": [12],
      "1.weight": [1, 3],
      "1.bias": [1],
    });
    expect(new Sequential(everything).stateDict()["0.weight"]!.shape).toEqual([
      9, 3,
    ]);
  });

  test.each(Object.entries(anyModels))(
    "%s: a state dict moves them to another model",
    (_, make) => {
      const from = new Sequential(make());
      const to = new Sequential(make());
      const random = new Random(6);
      const weights = Object.entries(from.stateDict()).map(
        ([name, { shape }]) => [name, random.tensor(shape)] as const,
      );
      from.loadStateDict(Object.fromEntries(weights));
      expect(to.loadStateDict(from.stateDict())).toBe(to);
      expect(Object.fromEntries(weights)).toEqual(to.stateDict());
      const input = random.tensor([2, 6, 3]);
      expectSameTensor(to.forward(input).output, from.forward(input).output);
    },
  );
});

describe.each(backends)("a saved model on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test("loads with the same layers and gives the same bits", () => {
    const model = new Sequential(everything);
    const bytes = model.save();
    const loaded = Sequential.load(bytes);
    expect(loaded.layers.map((layer) => layer.constructor.name)).toEqual([
      "Embedding",
      "LSTM",
      "GRU",
      "RNN",
      "Linear",
    ]);
    loaded.layers.forEach((layer, i) => {
      // The seed has done its work and the backend is the host's choice: neither needs to be in the file.
      const {
        seed: _seed,
        backend: _backend,
        ...options
      } = { backend, seed: 0, ...everything[i]!.options };
      expect(layer.options, `layer ${i}`).toMatchObject(options);
    });
    expect(loaded.stateDict()).toEqual(model.stateDict());
    expectSameTensor(
      loaded.forward(tokens).output,
      model.forward(tokens).output,
    );
    expect(loaded.save()).toEqual(bytes);
  });

  test("keeps the options that few cells have", () => {
    const model = new Sequential(generalEverything);
    const loaded = Sequential.load(model.save());
    expect(loaded.layers.map(({ savedOptions }) => savedOptions)).toEqual(
      generalEverything.map(({ savedOptions }) => savedOptions),
    );
    expect(loaded.stateDict()).toEqual(model.stateDict());
    const input = new Random(1).tensor([2, 4, 3]);
    expectSameTensor(loaded.forward(input).output, model.forward(input).output);
  });
});

describe("the file", () => {
  test("says nothing of options that a model does not use, as files of 0.1 do not", () => {
    const model = new Sequential([new LSTM({ inputSize: 2, hiddenSize: 3 })]);
    const { metadata } = parse(model.save());
    expect(metadata.gatewise).toBe(
      '{"version":1,"layers":[{"type":"LSTM","options":{"inputSize":2,"hiddenSize":3,"numLayers":1,"bias":true,"direction":"forward","returnSequences":true,"projSize":0}}]}',
    );
  });

  test("is safetensors: the state dict, the metadata given, and the layers' options as JSON", () => {
    const model = new Sequential(everything);
    const { tensors, metadata } = parse(
      model.save({ author: "Ada", note: "π ≈ 3" }),
    );
    expect(tensors).toEqual(model.stateDict());
    const { gatewise, ...rest } = metadata;
    expect(rest).toEqual({ author: "Ada", note: "π ≈ 3" });
    const text = JSON.stringify(JSON.parse(gatewise!));
    for (const option of [
      '"hiddenSize":5',
      '"projSize":2',
      '"updateGate":"replace"',
      '"activation":"sigmoid"',
      '"vocabSize":9',
    ])
      expect(text).toContain(option);
  });

  test("loads from an ArrayBuffer and from the middle of a larger one", () => {
    const model = new Sequential(everything);
    const bytes = model.save();
    const larger = new Uint8Array(bytes.length + 10);
    larger.set(bytes, 3);
    const sources = [
      larger.slice(3, 3 + bytes.length).buffer,
      larger.subarray(3, 3 + bytes.length),
    ];
    for (const source of sources)
      expect(Sequential.load(source).stateDict()).toEqual(model.stateDict());
  });

  test("is a copy: the model may change afterwards", () => {
    const model = new Sequential([new Linear({ inputSize: 2, outputSize: 2 })]);
    const before = clone(model.stateDict()["0.weight"]!);
    const bytes = model.save();
    model.loadStateDict(
      new Sequential([
        new Linear({ inputSize: 2, outputSize: 2, seed: 1 }),
      ]).stateDict(),
    );
    expect(Sequential.load(bytes).stateDict()["0.weight"]).toEqual(before);
  });
});

test.each([
  [
    "a graph",
    '{"version":1,"graph":{}}',
    /a chain of layers, got a graph, which load of gatewise\/load/,
  ],
  ["no layers", '{"version":1}', /layers: expected an array/],
  ["no object", "3", /model: expected an object, got 3/],
])("a file of %s is refused by name", (_, gatewise, reason) => {
  const bytes = serialize({}, { gatewise });
  expect(() => Sequential.load(bytes)).toThrow(FormatError);
  expect(() => Sequential.load(bytes)).toThrow(reason);
});
