import { describe, expect, test } from "vitest";
import {
  Conv1d,
  type Conv1dOptions,
  LSTM,
  LayerNorm,
  Sequential,
} from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { quantize } from "../../src/quantize/index.js";
import { expectSameTensor, worstError } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const SHAPES: readonly Conv1dOptions[] = [
  { inputSize: 1, outputSize: 1, kernelSize: 1 },
  { inputSize: 1, outputSize: 5, kernelSize: 4 },
  { inputSize: 3, outputSize: 35, kernelSize: 3 },
  { inputSize: 6, outputSize: 16, kernelSize: 2, dilation: 3 },
  { inputSize: 5, outputSize: 18, kernelSize: 3, dilation: 2, bias: false },
  { inputSize: 64, outputSize: 40, kernelSize: 9 },
  { inputSize: 3, outputSize: 6, kernelSize: 3, activation: "softmax" },
  { inputSize: 3, outputSize: 6, kernelSize: 3, stride: 2, padding: 2 },
  { inputSize: 3, outputSize: 6, kernelSize: 3, stride: 3, padding: "same" },
  { inputSize: 6, outputSize: 48, kernelSize: 3, groups: 3 },
  { inputSize: 20, outputSize: 64, kernelSize: 5, groups: 2, dilation: 2 },
];

const precisions = ["int8", "int8-fast"] as const;

describe.each(precisions)("%s", (precision) => {
  test.each(SHAPES)("%j", (shape) => {
    const options = { padding: "causal", seed: 1, ...shape } as const;
    const layer = new Conv1d({ ...options, precision });
    // in float32, of the integers times their scales
    const wide = new Conv1d(options).loadStateDict(layer.stateDict());
    for (const steps of [3, 41]) {
      const x = new Random(steps).tensor([3, steps, shape.inputSize]);
      const { output } = layer.forward(x);
      const expected = wide.forward(x).output;
      const tolerance = precision === "int8" ? 2e-4 : 0.02;
      expect(worstError(output.data, expected.data)).toBeLessThan(tolerance);
      for (const backend of backends) {
        const same = new Conv1d({ ...options, precision, backend });
        same.loadStateDict(layer.stateDict());
        expectSameTensor(same.forward(x).output, output);
      }
      const size = output.data.length / 3;
      const alone = layer.forward({
        shape: [steps, shape.inputSize],
        data: x.data
          .subarray(steps * shape.inputSize)
          .slice(0, x.data.length / 3),
      });
      expect(alone.output.data).toEqual(output.data.slice(size, 2 * size));
    }
  });

  const model = () =>
    new Sequential([
      new Conv1d({
        inputSize: 4,
        outputSize: 24,
        kernelSize: 5,
        padding: "causal",
        activation: "relu",
        seed: 1,
      }),
      new LayerNorm({ size: 24 }),
      new Conv1d({
        inputSize: 24,
        outputSize: 20,
        kernelSize: 3,
        dilation: 4,
        padding: "causal",
        seed: 2,
      }),
      new LSTM({ inputSize: 20, hiddenSize: 16, seed: 3 }),
    ]);

  test("quantized with its error, saved, loaded, streamed in pieces", () => {
    const x = new Random(4).tensor([30, 4]);
    const float32 = model();
    const { model: rounded, report } = quantize(float32, {
      precision,
      calibrate: [x],
    });
    expect(report.layers.map((layer) => layer.precision)).toEqual([
      precision,
      "float32",
      precision,
      precision,
    ]);
    expect(report.layers[0]!.error!.relative).toBeGreaterThan(0);
    expect(report.layers[2]!.error!.relative).toBeLessThan(0.03);
    expect(`${rounded.layers[0]}`).toBe(
      `Conv1d(4 → 24, kernel 5, causal, relu, ${precision})`,
    );
    const { output } = rounded.forward(x);
    const loaded = Sequential.load(rounded.save());
    expectSameTensor(loaded.forward(x).output, output);
    const stream = loaded.stream();
    const [first, second] = [7, 23].map((n, i) =>
      stream.run(x.data.subarray(i ? 28 : 0, (i ? 28 : 0) + n * 4)).slice(),
    );
    expect([...first!, ...second!]).toEqual([...output.data]);
  });

  test("by way of ONNX its integers are the same", () => {
    const { model: rounded } = quantize(model(), { precision });
    const x = new Random(6).tensor([2, 30, 4]);
    const { model: read, report } = load(toOnnx(rounded), { precision });
    expect(report.converted).toEqual([]);
    const error = worstError(
      read.forward(x).output.data,
      rounded.forward(x).output.data,
    );
    expect(error).toBeLessThan(1e-5);
  });

  test("a NaN stays in the steps that it is part of", () => {
    const layer = new Conv1d({
      inputSize: 4,
      outputSize: 20,
      kernelSize: 3,
      padding: "causal",
      precision,
    });
    const x = new Random(5).tensor([2, 12, 4]);
    const { output } = layer.forward(x);
    x.data[5 * 4] = Number.NaN;
    const after = layer.forward(x).output;
    after.data.forEach((y, i) => {
      const step = Math.floor(i / 20);
      if (step >= 5 && step < 8) expect(y).toBeNaN();
      else expect(y).toBe(output.data[i]);
    });
  });
});

test("a calibrated range is that of every group", () => {
  const options = { inputSize: 8, outputSize: 32, kernelSize: 3, groups: 2 };
  const x = new Random(3).tensor([20, 8]);
  const outputs = backends.map((backend) => {
    const own = { precision: "int8" as const, seed: 2, backend };
    const ranges = { weight: [-0.5, 0.5] as const };
    const free = new Conv1d({ ...options, ...own }).forward(x).output;
    const { output } = new Conv1d({ ...options, ...own, ranges }).forward(x);
    const cut = new Conv1d({ ...options, ...own }).forward({
      shape: x.shape,
      data: x.data.map((value) => Math.max(-0.5, Math.min(0.5, value))),
    }).output;
    expect(worstError(output.data, cut.data)).toBeLessThan(1e-3);
    expect(worstError(output.data, free.data)).toBeGreaterThan(0.1);
    return output;
  });
  for (const output of outputs) expectSameTensor(output, outputs[0]!);
});

test("small groups are refused in integers, and stay float32 when a model is quantized", () => {
  const options = { inputSize: 4, outputSize: 8, kernelSize: 3, groups: 2 };
  expect(() => new Conv1d({ ...options, precision: "int8" })).toThrow(
    'precision: expected "float32" with 2 groups of 2 inputs and 4 outputs (an even number and a multiple of 16 may be integers), got "int8"',
  );
  const { report } = quantize(
    new Sequential([
      new Conv1d(options),
      new Conv1d({ inputSize: 8, outputSize: 32, kernelSize: 3 }),
      new Conv1d({ inputSize: 32, outputSize: 32, kernelSize: 3, groups: 2 }),
    ]),
  );
  expect(report.layers.map(({ precision }) => precision)).toEqual([
    "float32",
    "int8",
    "int8",
  ]);
});
