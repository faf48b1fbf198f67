import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load as loadNam, toNam } from "../../src/formats/nam/index.js";
import {
  load as loadRTNeural,
  toRTNeural,
} from "../../src/formats/rtneural/index.js";
import {
  Activation,
  BatchNorm,
  Conv1d,
  GRU,
  LayerNorm,
  Linear,
  LSTM,
  Sequential,
} from "../../src/index.js";
import { numbers } from "../training/support.js";

const input = numbers(1, 40, 1);

/** The largest difference of what two models give. */
function difference(a: Sequential, b: Sequential): number {
  const [x, y] = [a.forward(input).output.data, b.forward(input).output.data];
  return x.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (y[i] as number))),
    0,
  );
}

describe.each([
  ["toNam", toNam],
  ["toRTNeural", toRTNeural],
])("%s", (_, write) => {
  test("refuses weights that JSON does not have", () => {
    const head = new Linear({ inputSize: 5, outputSize: 1 });
    const weight = { shape: [1, 5], data: new Float32Array(5).fill(NaN) };
    const bias = { shape: [1], data: new Float32Array(1) };
    head.loadStateDict({ weight, bias });
    const lstm = new LSTM({ inputSize: 1, hiddenSize: 5 });
    expect(() => write(new Sequential([lstm, head]))).toThrow(
      new RangeError("model: expected finite weights, got NaN"),
    );
  });
});

describe("toNam", () => {
  test("writes a head of more weights than a call has room for arguments", () => {
    const model = new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: 50 }),
      new Linear({ inputSize: 50, outputSize: 4000 }),
    ]);
    const { model: read } = loadNam(toNam(model));
    expect(read.outputSize).toBe(4000);
  });

  test("is read back as the same model", () => {
    const model = new Sequential([
      new LSTM({
        inputSize: 1,
        hiddenSize: 5,
        numLayers: 2,
        learnedState: true,
      }),
      new Linear({ inputSize: 5, outputSize: 1 }),
    ]);
    const { model: read, sampleRate } = loadNam(
      toNam(model, { sample_rate: 44100, name: "mine" }),
    );
    expect(sampleRate).toBe(44100);
    expect(difference(read, model)).toBeLessThan(1e-6);
    expect(loadNam(toNam(model, { sample_rate: 1 })).sampleRate).toBe(1);
    for (const sample_rate of [0, -1, NaN, Infinity])
      expect(() => toNam(model, { sample_rate })).toThrow(
        `metadata.sample_rate: expected a number above 0, got ${sample_rate}`,
      );
  });

  const file = new URL(
    "../../../shared/conformance/nam/lstm.nam",
    import.meta.url,
  );
  test.runIf(existsSync(file))(
    "writes a file of NAM's own again, number by number",
    () => {
      const original = JSON.parse(readFileSync(file, "utf8"));
      const { model } = loadNam(readFileSync(file));
      const { sample_rate, metadata } = original;
      const written = JSON.parse(
        new TextDecoder().decode(toNam(model, { ...metadata, sample_rate })),
      );
      expect(Object.keys(written).sort()).toEqual(Object.keys(original).sort());
      expect({ ...written, weights: 0 }).toEqual({ ...original, weights: 0 });
      expect(Array.from(written.weights, Math.fround)).toEqual(
        Array.from(original.weights, Math.fround),
      );
    },
  );

  test("refuses what NAM has not, by name", () => {
    const head = new Linear({ inputSize: 4, outputSize: 1 });
    const gru = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 4 }),
      head,
    ]);
    expect(() => toNam(gru)).toThrow(
      "model: expected an LSTM and a Linear, got GRU, Linear",
    );
    const peeping = new Sequential([
      new LSTM({ inputSize: 1, hiddenSize: 4, peepholes: true }),
      head,
    ]);
    expect(() => toNam(peeping)).toThrow(
      "layers[0].peepholes: expected false, got true",
    );
  });
});

describe("toRTNeural", () => {
  test("is read back as the same model", () => {
    const model = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 6, numLayers: 2 }),
      new LSTM({ inputSize: 6, hiddenSize: 4 }),
      new Linear({ inputSize: 4, outputSize: 3, activation: "tanh" }),
      new Linear({ inputSize: 3, outputSize: 1, bias: false }),
    ]);
    const read = loadRTNeural(toRTNeural(model)).model;
    expect(difference(read as Sequential, model)).toBeLessThan(1e-6);
  });

  test("is read back as the same convolutions, normalisation and activations", () => {
    const norm = new BatchNorm({ size: 6, epsilon: 0.25 });
    norm.loadStateDict({
      weight: { shape: [6], data: numbers(1, 6).data },
      bias: { shape: [6], data: numbers(1, 6).data },
      running_mean: { shape: [6], data: numbers(1, 6).data },
      running_var: { shape: [6], data: numbers(1, 6).data.map((x) => x * x) },
    });
    const model = new Sequential([
      new Conv1d({
        inputSize: 1,
        outputSize: 6,
        kernelSize: 3,
        dilation: 2,
        padding: "causal",
        activation: "tanh",
      }),
      norm,
      new Activation({ activation: "elu", size: 6 }),
      new Conv1d({
        inputSize: 6,
        outputSize: 4,
        kernelSize: 2,
        groups: 2,
        padding: "causal",
        bias: false,
      }),
      new Linear({ inputSize: 4, outputSize: 1 }),
    ]);
    const read = loadRTNeural(toRTNeural(model)).model as Sequential;
    expect(read.layers.map(({ type }) => type)).toEqual(
      model.layers.map(({ type }) => type),
    );
    expect(difference(read, model)).toBeLessThan(1e-6);
  });

  test("and so is a normalisation without epsilon", () => {
    const model = new Sequential([
      new BatchNorm({ size: 1, epsilon: 0 }).loadStateDict({
        weight: { shape: [1], data: Float32Array.of(1) },
        bias: { shape: [1], data: Float32Array.of(0) },
        running_mean: { shape: [1], data: Float32Array.of(0) },
        running_var: { shape: [1], data: Float32Array.of(1e-6) },
      }),
    ]);
    const read = loadRTNeural(toRTNeural(model)).model as Sequential;
    expect(difference(read, model)).toBe(0);
  });

  const folder = new URL(
    "../../../shared/conformance/rtneural/",
    import.meta.url,
  );
  test.runIf(existsSync(folder)).each(["gru_1d.json", "lstm_1d.json"])(
    "has the form of %s",
    (name) => {
      const original = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
      const { model } = loadRTNeural(readFileSync(new URL(name, folder)));
      const written = JSON.parse(
        new TextDecoder().decode(toRTNeural(model as Sequential)),
      );
      const layer = original.layers.find(({ type }: { type: string }) =>
        /gru|lstm/.test(type),
      );
      const own = written.layers.find(
        ({ type }: { type: string }) => type === layer.type,
      );
      expect(own.shape.at(-1)).toBe(layer.shape.at(-1));
      expect(own.weights.length).toBe(layer.weights.length);
      own.weights[0].forEach((row: number[], i: number) =>
        row.forEach((value, j) =>
          expect(value).toBeCloseTo(layer.weights[0][i][j], 6),
        ),
      );
      expect(
        difference(
          loadRTNeural(toRTNeural(model as Sequential)).model as Sequential,
          model as Sequential,
        ),
      ).toBeLessThan(1e-6);
    },
  );

  test("refuses what RTNeural has not, by name", () => {
    const model = new Sequential([
      new GRU({ inputSize: 1, hiddenSize: 4, resetAfter: false }),
    ]);
    expect(() => toRTNeural(model)).toThrow(
      "layers[0].resetAfter: expected true, got false",
    );
    const refused = (layer: Conv1d | LayerNorm | Activation, words: string) =>
      expect(() => toRTNeural(new Sequential([layer]))).toThrow(words);
    const sizes = { inputSize: 1, outputSize: 1, kernelSize: 3 };
    refused(
      new Conv1d({ ...sizes, padding: "same" }),
      "layers[0].padding: expected causal, got same",
    );
    refused(
      new Conv1d({ ...sizes, padding: "causal", stride: 2 }),
      "layers[0].stride: expected 1, got 2",
    );
    refused(
      new Activation({ activation: "selu", size: 1 }),
      "layers[0].activation: expected linear, tanh, relu, sigmoid, softmax, elu, got",
    );
    refused(
      new LayerNorm({ size: 1 }),
      "layers[0]: expected one of RTNeural's layers, LSTM, GRU, Linear, Conv1d, BatchNorm, Activation, got LayerNorm",
    );
  });
});
