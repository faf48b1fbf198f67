import { describe, expect, test } from "vitest";
import {
  Activation,
  Embedding,
  GRU,
  LastStep,
  LayerNorm,
  Linear,
  LSTM,
  Masking,
  Sequential,
} from "../../src/index.js";
import { quantize } from "../../src/quantize/index.js";
import { Trainer } from "../../src/training/index.js";
import { expectSameTensor, worstError } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const model = () =>
  new Sequential([
    new LSTM({ inputSize: 6, hiddenSize: 40, numLayers: 2, seed: 1 }),
    new LayerNorm({ size: 40 }),
    new GRU({ inputSize: 40, hiddenSize: 32, seed: 2 }),
    new Linear({ inputSize: 32, outputSize: 5, seed: 3 }),
  ]);
const data = [new Random(1).tensor([3, 20, 6]), new Random(2).tensor([9, 6])];

describe.each(["int8", "int8-fast"] as const)("%s", (precision) => {
  test("a Sequential near the float32 one, which stays as it is, and the same on every backend", () => {
    const float32 = model();
    const before = float32.forward(data[0]!).output;
    const { model: quantized } = quantize(float32, { precision });
    expect(quantized).toBeInstanceOf(Sequential);
    expectSameTensor(float32.forward(data[0]!).output, before);
    const { output } = quantized.forward(data[0]!);
    const error = worstError(output.data, before.data);
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(precision === "int8" ? 0.01 : 0.05);
    for (const backend of backends) {
      const layers = model().layers.map((layer) => {
        const Type = layer.constructor as new (options: object) => LSTM;
        return new Type({ ...layer.options, backend });
      });
      const same = quantize(new Sequential(layers), { precision }).model;
      expectSameTensor(same.forward(data[0]!).output, output);
    }
  });

  test("the report says what it costs, layer by layer and at the output", () => {
    const float32 = model();
    const { model: quantized, report } = quantize(float32, {
      precision,
      calibrate: data,
    });
    const expected = data.map((x) => float32.forward(x).output.data);
    const actual = data.map((x) => quantized.forward(x).output.data);
    const worst = Math.max(
      ...actual.map((y, i) => worstError(y, expected[i]!)),
    );
    expect(report.output?.max).toBeCloseTo(worst, 12);
    const [lstm, norm, gru, linear] = report.layers;
    expect(norm).toMatchObject({ precision: "float32", error: null });
    for (const layer of [lstm, gru, linear]) {
      expect(layer?.precision).toBe(precision);
      expect(layer!.error!.relative).toBeGreaterThan(0);
      expect(layer!.sensitivity!.rms).toBeLessThan(3 * report.output!.rms);
      expect(layer!.bytes.before / layer!.bytes.after).toBeGreaterThan(2.5);
    }
    expect(report.bytes.before).toBe(
      4 *
        Object.values(float32.stateDict()).reduce(
          (n, t) => n + t.data.length,
          0,
        ),
    );
    const file = quantized.save().length;
    expect(Math.abs(file - report.bytes.after)).toBeLessThan(2500);
    expect(report.time!.quantized).toBeGreaterThan(0);
    expect(`${report}`).toMatch(/LSTM\(6 → 40, 2 layers, int8/);
  });

  test("keep leaves layers as they are", () => {
    const float32 = model();
    const { model: quantized, report } = quantize(float32, {
      precision,
      keep: ["0", "3"],
      calibrate: data,
    });
    expect(quantized.layers[0]).toBe(float32.layers[0]);
    expect(quantized.layers[3]).toBe(float32.layers[3]);
    expect(report.layers.map((layer) => layer.precision)).toEqual([
      "float32",
      "float32",
      precision,
      "float32",
    ]);
  });

  test("saved and loaded it is the same, streams too, state and fork included", () => {
    const { model: quantized } = quantize(model(), { precision });
    const loaded = Sequential.load(quantized.save({ by: "test" }));
    expectSameTensor(
      loaded.forward(data[0]!).output,
      quantized.forward(data[0]!).output,
    );
    const whole = quantized.forward(data[1]!).output;
    const stream = loaded.stream();
    stream.run(data[1]!.data.subarray(0, 5 * 6));
    const fork = stream.fork();
    const { state } = stream;
    const rest = data[1]!.data.subarray(5 * 6);
    const tail = whole.data.slice(5 * 5);
    expect(stream.run(rest)).toEqual(tail);
    expect(fork.run(rest)).toEqual(tail);
    stream.state = state;
    expect(stream.run(rest)).toEqual(tail);
  });

  test("tokens, masks and last steps", () => {
    const tokens = new Sequential([
      new Embedding({ vocabSize: 9, size: 12, seed: 1 }),
      new GRU({ inputSize: 12, hiddenSize: 24, seed: 1 }),
      new LastStep({ size: 24 }),
      new Linear({ inputSize: 24, outputSize: 9, activation: "softmax" }),
    ]);
    const of = { precision, calibrate: [[1, 2, 3, 4]] };
    const { report } = quantize(tokens, of);
    expect(report.output!.max).toBeLessThan(0.02);
    const masked = new Sequential([
      new Masking(),
      new LSTM({ inputSize: 3, hiddenSize: 20, seed: 1 }),
      new Activation({ activation: "relu", size: 20 }),
    ]);
    const x = [
      [
        [1, 2, 3],
        [0, 0, 0],
        [4, 5, 6],
      ],
    ];
    const two = quantize(masked, { precision, calibrate: [x] });
    expect(two.report.layers[1]!.error!.max).toBeGreaterThan(0);
  });
});

test("input and output keep their names", () => {
  const names = { input: { name: "x" }, output: { name: "y" } };
  const layers = [new Linear({ inputSize: 3, outputSize: 2 })];
  const { model } = quantize(new Sequential(layers, { names }));
  expect(Object.keys(model.run({ x: [[1, 2, 3]] }))).toEqual(["y"]);
});

test("the file is a quarter of the size", () => {
  const big = new Sequential([
    new LSTM({ inputSize: 128, hiddenSize: 256, seed: 1 }),
    new Linear({ inputSize: 256, outputSize: 64, seed: 1 }),
  ]);
  const ratio = big.save().length / quantize(big).model.save().length;
  expect(ratio).toBeGreaterThan(3.8);
});

test("a sensitive small layer is suggested to stay", () => {
  const linear = new Linear({ inputSize: 64, outputSize: 1, seed: 3 });
  const dict = linear.stateDict();
  // one weight that makes all others coarse
  dict["weight"]!.data.set(dict["weight"]!.data.map((w, i) => (i ? w : 60)));
  linear.loadStateDict(dict);
  const chain = new Sequential([
    new LSTM({ inputSize: 4, hiddenSize: 64, seed: 1 }),
    linear,
  ]);
  const { report } = quantize(chain, {
    calibrate: [new Random(3).tensor([40, 4])],
  });
  expect(report.suggestKeep).toEqual(["1"]);
  expect(`${report}`).toContain('keep: ["1"]');
});

test("what is refused says so", () => {
  const lstm = model();
  expect(() => quantize({} as never)).toThrow(/^model: expected a Sequential/);
  expect(() => quantize(lstm, { precision: "int4" as never })).toThrow(
    RangeError,
  );
  expect(() => quantize(lstm, { keep: ["9"] })).toThrow(
    'keep: expected places of layers, "0" to "3", got "9"',
  );
  expect(() => quantize(lstm, { calibrate: [] })).toThrow(
    "calibrate: expected at least one input, got none",
  );
  expect(() => quantize(lstm, { calibrate: [[[1, 2]]] })).toThrow(
    /^input: expected/,
  );
  for (const given of ["ab", new Float32Array(4), { length: 1 }, () => []])
    expect(() => quantize(lstm, { calibrate: given as never })).toThrow(
      "calibrate: expected inputs of the model, as an array or another iterable",
    );
  expect(() => quantize(new Sequential([new LayerNorm({ size: 3 })]))).toThrow(
    /^model: expected a layer with matrices/,
  );
  expect(() => quantize(lstm, { keep: ["0", "2", "3"] })).toThrow(RangeError);
});

test("data to calibrate on may come from any iterable", () => {
  const lstm = model();
  const inputs = [new Random(5).tensor([9, 6]), new Random(6).tensor([4, 6])];
  const all = [inputs, new Set(inputs), inputs.values()].map((calibrate) =>
    quantize(lstm, { calibrate }).model.save(),
  );
  expect(all[1]).toEqual(all[0]);
  expect(all[2]).toEqual(all[0]);
});

test("what would silently be float32 is refused: training", () => {
  const { model: rounded } = quantize(model());
  const expected =
    /^layer 0: expected float32.*, got LSTM\(6 → 40, 2 layers, int8\)$/;
  expect(() => new Trainer(rounded, { loss: "mse" })).toThrow(expected);
});
