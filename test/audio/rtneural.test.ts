import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/rtneural/index.js";
import { GRU, Linear, Sequential, tensor } from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { Random } from "../support/random.js";
import {
  bytesOf,
  expectRefused,
  rtneuralFile,
  rtneuralLayer,
} from "./files.js";

const file = (inputs: number, layers: unknown[], more: object = {}) => ({
  in_shape: [null, null, inputs],
  layers,
  ...more,
});
const [input] = [new Random(9).tensor([40, 3])];
const single = new Random(8).tensor([40, 1]);
const outputOf = (value: unknown, of = input) =>
  load(bytesOf(value), { backend: "simd" }).model.forward(of).output.data;
const changed = (change: (value: any) => void) => {
  const value = structuredClone(rtneuralFile());
  change(value);
  return value;
};

describe("layers", () => {
  test("an activation behind a dense layer without one is that layer's own", () => {
    const dense = (name: string) => rtneuralLayer("dense", 3, 4, name);
    const alone = { type: "activation", shape: [null, null, 4], weights: [] };
    for (const name of ["tanh", "relu", "sigmoid", "softmax", "elu"]) {
      const split = [dense(""), { ...alone, activation: name }];
      const { model } = load(bytesOf(file(3, split)));
      expect(model.layers).toHaveLength(1);
      expect(outputOf(file(3, split))).toEqual(
        outputOf(file(3, [dense(name)])),
      );
    }
  });

  test("an activation by itself changes each feature and no more", () => {
    const gru = rtneuralLayer("gru", 3, 5);
    const alone = {
      type: "activation",
      activation: "relu",
      shape: [null, null, 5],
      weights: [],
    };
    const plain = outputOf(file(3, [gru]));
    expect(outputOf(file(3, [gru, alone]))).toEqual(
      plain.map((x) => Math.max(x, 0)),
    );
    const squashed = [gru, { ...alone, activation: "tanh" }];
    expectClose(outputOf(file(3, squashed)), plain.map(Math.tanh), 1e-6);
  });

  test.each([
    [
      [2, 0.5, 1],
      [1, -1, 0.25],
    ],
    [null, null],
  ])("batchnorm, with scale and offset %j", (gamma, beta) => {
    const [mean, variance] = [
      [0.5, -1, 2],
      [1, 3, 0.25],
    ];
    const weights = gamma ? [gamma, beta, mean, variance] : [mean, variance];
    const layer = {
      type: "batchnorm",
      activation: "",
      epsilon: 0.5,
      shape: [null, null, 3],
      weights,
    };
    const expected = input!.data.map((x, i) => {
      const f = i % 3;
      const y = (x - mean[f]!) / Math.sqrt(variance[f]! + 0.5);
      return gamma ? gamma[f]! * y + beta![f]! : y;
    });
    expectClose(outputOf(file(3, [layer])), expected, 1e-6);
    const squashed = { ...layer, activation: "tanh" };
    expectClose(outputOf(file(3, [squashed])), expected.map(Math.tanh), 1e-6);
  });

  test("gains go into a batchnorm, alone or with others", () => {
    const layer = {
      type: "batchnorm",
      activation: "",
      epsilon: 0.5,
      shape: [null, null, 3],
      weights: [
        [2, 0.5, 1],
        [1, -1, 0.25],
        [0.5, -1, 2],
        [1, 3, 0.25],
      ],
    };
    const given = { in_gain: 6, out_gain: -4 };
    const [inGain, outGain] = [10 ** (6 / 20), 10 ** (-4 / 20)];
    const expected = input!.data.map((x, i) => {
      const f = i % 3;
      const [gamma, beta, mean, variance] = layer.weights.map((w) => w[f]!);
      const scaled = f === 0 ? x * inGain : x;
      const y = ((scaled - mean!) / Math.sqrt(variance! + 0.5)) * gamma!;
      return (y + beta!) * outGain;
    });
    expectClose(outputOf(file(3, [layer], given)), expected, 2e-6);
  });

  test.each([[[[0.5, -0.25, 3]]], [[[0.1]]]])("prelu %j", (weights) => {
    const layer = {
      type: "prelu",
      activation: "",
      shape: [null, null, 3],
      weights: [weights],
    };
    const slopes = weights[0]!;
    const expected = input!.data.map((x, i) =>
      x > 0 ? x : x * Math.fround(slopes[slopes.length > 1 ? i % 3 : 0]!),
    );
    expectClose(outputOf(file(3, [layer])), expected, 1e-7);
  });

  test("elu is that of Keras and RTNeural, with alpha 1", () => {
    const plain = outputOf(file(3, [rtneuralLayer("dense", 3, 4, "")]));
    expectClose(
      outputOf(file(3, [rtneuralLayer("dense", 3, 4, "elu")])),
      plain.map((x) => (x > 0 ? x : Math.expm1(x))),
      1e-6,
    );
  });

  test("a dense layer may have no bias", () => {
    const dense = rtneuralLayer("dense", 3, 2);
    const zero = { ...dense, weights: [dense.weights[0], [0, 0]] };
    const none = { ...dense, weights: [dense.weights[0]] };
    expect(outputOf(file(3, [none]))).toEqual(outputOf(file(3, [zero])));
  });

  test("the report tells what each layer was", () => {
    const { report, sampleRate, cases } = load(bytesOf(rtneuralFile()));
    expect(report.format).toBe("rtneural");
    expect(report.layers).toEqual([
      {
        name: "layers[0]",
        type: "lstm",
        sizes: { inputSize: 1, hiddenSize: 5 },
        convention: "Keras: gates i f c o, kernels [in, 4H], one bias",
      },
      {
        name: "layers[1]",
        type: "dense",
        sizes: { inputSize: 5, outputSize: 1 },
        convention: "Keras: kernel [in, out], bias",
      },
    ]);
    expect(sampleRate).toBeNull();
    expect(cases).toEqual([]);
    expect(`${report}`).toContain("gates i f c o");
  });
});

describe("what AIDA-X adds", () => {
  test("in_gain and out_gain are decibels, before the first layer and behind the last", () => {
    const louder = { shape: [40, 1], data: single.data.map((x) => x * 2) };
    const gains = { in_gain: 20 * Math.log10(2), out_gain: 20 };
    expectClose(
      outputOf(rtneuralFile(1, gains), single),
      outputOf(rtneuralFile(), louder).map((y) => y * 10),
      1e-5,
    );
  });

  test("a knob is not amplified", () => {
    const knob = new Random(7).tensor([40, 2]);
    const doubled = knob.data.map((x, i) => (i % 2 ? x : x * 2));
    const gain = { in_gain: 20 * Math.log10(2) };
    expectClose(
      outputOf(rtneuralFile(2, gain), knob),
      outputOf(rtneuralFile(2), { shape: [40, 2], data: doubled }),
      1e-6,
    );
  });

  test("the samples that the file tests itself with come as a case", () => {
    const more = {
      input_batch: [[0.5], [0.25]],
      output_batch: [0.125, -1],
      metadata: { name: "amp", samplerate: "44100" },
    };
    const { cases, sampleRate, report } = load(bytesOf(rtneuralFile(1, more)));
    expect(sampleRate).toBe(44100);
    expect(report.producer).toBe("AIDA-X");
    expect(cases).toEqual([
      {
        input: { shape: [2, 1], data: Float32Array.of(0.5, 0.25) },
        output: { shape: [2, 1], data: Float32Array.of(0.125, -1) },
      },
    ]);
    const odd = { ...more, output_batch: [1, 2, 3] };
    expect(load(bytesOf(rtneuralFile(1, odd))).cases).toEqual([]);
  });
});

describe("a PyTorch state dict as JSON", () => {
  const random = new Random(6);
  const rows = (count: number, columns: number) =>
    Array.from({ length: count }, () => [...random.floats(columns)]);
  const dict = {
    "rnn.weight_ih_l0": rows(9, 2),
    "rnn.weight_hh_l0": rows(9, 3),
    "rnn.bias_ih_l0": rows(1, 9)[0],
    "rnn.bias_hh_l0": rows(1, 9)[0],
    "out.weight": rows(1, 3),
    "out.bias": [0.5],
  };

  test("is read by its names, as fromStateDict reads it", () => {
    const tensors = Object.fromEntries(
      Object.entries(dict).map(([name, value]) => [name, tensor(value!)]),
    );
    const gru = GRU.fromStateDict(tensors, { prefix: "rnn." });
    const linear = Linear.fromStateDict(tensors, { prefix: "out." });
    const frames = new Random(7).tensor([20, 2]);
    const { model, report } = load(bytesOf(dict));
    expect(model.forward(frames).output).toEqual(
      new Sequential([gru, linear]).forward(frames).output,
    );
    expect(report.layers.map(({ name, type }) => [name, type])).toEqual([
      ["rnn", "GRU"],
      ["out", "Linear"],
    ]);
  });

  test("is refused where it does not tell what follows what", () => {
    const branches = {
      ...dict,
      "side.weight": rows(2, 3),
      "side.bias": [1, 2],
    };
    expectRefused(
      load,
      branches,
      /^state dict: expected layers that form one chain by their names/,
    );
    const chain = load(bytesOf(branches), { chain: ["rnn", "side"] });
    expect(chain.model.outputSize).toBe(2);
    expectRefused(
      load,
      { ...dict, "out.weight": [[1, 2], [3]] },
      '"out.weight"[1]: expected a list of length 2, got an array of length 1',
    );
    expectRefused(load, { ...dict, "out.bias": [] }, '"out.bias": expected');
  });
});

describe("refused", () => {
  test.each(["conv2d", "batchnorm2d", "x"])("a layer %s, by name", (type) => {
    const other = { type, shape: [null, null, 4], weights: [] };
    expectRefused(
      load,
      file(3, [rtneuralLayer("dense", 3, 4), other]),
      `layers[1].type: expected one of lstm, gru, dense, time-distributed-dense, conv1d, activation, batchnorm, prelu, got "${type}"`,
    );
  });

  const refusals: [string, string | RegExp, (value: any) => void][] = [
    [
      "weights of another size",
      "layers[0].weights[1]: expected a list of length 5, got an array of length 4",
      (value) => value.layers[0].weights[1].pop(),
    ],
    [
      "a ragged matrix",
      "layers[0].weights[1][3]: expected a list of length 20, got an array of length 19",
      (value) => value.layers[0].weights[1][3].pop(),
    ],
    [
      "a text among numbers",
      'layers[1].weights[1][0]: expected a number, got "1"',
      (value) => (value.layers[1].weights[1][0] = "1"),
    ],
    [
      "null among numbers, as NaN is written",
      "layers[1].weights[0][2][0]: expected a number, got null",
      (value) => (value.layers[1].weights[0][2][0] = NaN),
    ],
    [
      "a number beyond float32",
      "layers[1].weights[0][2][0]: expected a number within float32, got 1e+39",
      (value) => (value.layers[1].weights[0][2][0] = 1e39),
    ],
    [
      "a GRU with one bias",
      "layers[0].weights[2]: expected a list of length 2, got an array of length 15",
      (value) => {
        const gru = rtneuralLayer("gru", 1, 5);
        gru.weights[2] = (gru.weights[2] as number[][])[0]!;
        value.layers[0] = gru;
      },
    ],
    [
      "another activation in an LSTM",
      'layers[0].activation: expected tanh, which is what RTNeural computes, got "relu"',
      (value) => (value.layers[0].activation = "relu"),
    ],
    [
      "an unknown activation",
      'layers[1].activation: expected one of linear, tanh, relu, sigmoid, softmax, elu, got "gelu"',
      (value) => (value.layers[1].activation = "gelu"),
    ],
    [
      "no layers",
      "layers: expected at least one layer, got an array of length 0",
      (value) => (value.layers = []),
    ],
    [
      "no in_shape",
      "in_shape: expected a list, got nothing",
      (value) => delete value.in_shape,
    ],
    [
      "an input with two dimensions",
      "in_shape: expected [batch, time, features], got [1, null, 2, 3]",
      (value) => (value.in_shape = [1, null, 2, 3]),
    ],
    [
      "gains that are no decibels",
      'in_gain: expected decibels from -200 to 200, got "loud"',
      (value) => (value.in_gain = "loud"),
    ],
    [
      "a sample rate of 0",
      'metadata.samplerate: expected hertz, got "0"',
      (value) => (value.metadata = { samplerate: "0" }),
    ],
    [
      "huge sizes, before anything is made",
      "layers[0].weights[0][0]: expected a list of length 4000000000000, got an array of length 20",
      (value) => (value.layers[0].shape = [null, null, 1e12]),
    ],
    [
      "huge matrices, which a few bytes of text could ask for",
      "layers[0]: the file expands to more than 67108864 bytes",
      (value) => {
        value.in_shape = [null, null, 1e9];
        const shape = [null, null, 1e9];
        value.layers = [
          { type: "prelu", activation: "", shape, weights: [[0.5]] },
        ];
      },
    ],
    [
      "an activation of another size",
      "layers[1].shape: expected 5, the features of the previous layer, got 1",
      (value) => (value.layers[1].type = "activation"),
    ],
    [
      "a layer that is none",
      "layers[1]: expected an object, got null",
      (value) => (value.layers[1] = null),
    ],
  ];
  test.each(refusals)("%s", (_, message, change) => {
    expectRefused(load, changed(change), message);
  });

  test("what is not JSON, and what is no object", () => {
    const bytes = (text: string) => new TextEncoder().encode(text);
    expectRefused(load, bytes("{"), "file: expected JSON in UTF-8, got ");
    expectRefused(load, bytes('{"a": NaN}'), "file: expected JSON in UTF-8");
    expectRefused(load, bytes("[]"), "file: expected an object, got an array");
    expectRefused(
      load,
      Uint8Array.of(0x22, 0xff, 0x22),
      /^file: expected JSON/,
    );
    expectRefused(load, bytes("[".repeat(1e5)), "file: expected ");
    expectRefused(
      load,
      bytes("[".repeat(1e5) + "]".repeat(1e5)),
      "file: expected ",
    );
  });

  test("arguments of another kind", () => {
    expect(() => load("{}" as never)).toThrow(
      'bytes: expected a Uint8Array or an ArrayBuffer, got "{}"',
    );
    const bytes = bytesOf(rtneuralFile());
    expect(() => load(bytes, { backend: "gpu" as never })).toThrow(RangeError);
    expect(() => load(bytes, 3 as never)).toThrow(TypeError);
    expect(() => load(bytesOf(rtneuralFile()), { chian: [] } as never)).toThrow(
      RangeError,
    );
  });
});
