import { describe, expect, test } from "vitest";
import {
  BatchNorm,
  Conv1d,
  GRU,
  LastStep,
  Linear,
  LSTM,
  Masking,
  Pooling,
  type PoolingOptions,
  Sequential,
  type Tensor,
} from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { expectClose, expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const KINDS: readonly Omit<PoolingOptions, "size">[] = (
  ["max", "average"] as const
).flatMap((kind) => [
  { kind },
  { kind, kernelSize: 3 },
  { kind, kernelSize: 2, stride: 1 },
  { kind, kernelSize: 3, padding: 1 },
  { kind, kernelSize: 4, stride: 2, padding: "same" },
  { kind, kernelSize: 2, stride: 3, padding: "same" },
]);

const rowsOf = ({ data }: Tensor, size: number): number[][] =>
  Array.from({ length: data.length / size }, (_, t) =>
    Array.from(data.slice(t * size, (t + 1) * size)),
  );

/** One row by the definition: what lies in each window, a zero for each step that padding adds. */
function textbook(options: PoolingOptions, x: number[][]): number[][] {
  const { kind, kernelSize, padding = "valid" } = options;
  const span = kernelSize ?? x.length;
  const stride = kernelSize ? (options.stride ?? span) : 1;
  const all =
    padding === "same"
      ? Math.max(
          0,
          (Math.ceil(x.length / stride) - 1) * stride + span - x.length,
        )
      : 0;
  const before = typeof padding === "number" ? padding : Math.floor(all / 2);
  const after = typeof padding === "number" ? padding : all - before;
  const result: number[][] = [];
  for (let from = -before; from + span <= x.length + after; from += stride) {
    const inside = x.slice(Math.max(0, from), Math.max(0, from + span));
    const count = typeof padding === "number" ? span : inside.length;
    result.push(
      Array.from({ length: options.size }, (_, i) => {
        const values = inside.map((step) => step[i]!);
        const sum = values.reduce((total, value) => total + value, 0);
        return kind === "max" ? Math.max(...values) : sum / count;
      }),
    );
  }
  return result;
}

describe("Pooling", () => {
  test.each(KINDS)("%j is the definition, a row as by itself", (kind) => {
    const layer = new Pooling({ ...kind, size: 3 });
    const x = new Random(1).tensor([2, 11, 3]);
    const lengths = [11, 7];
    const { output } = layer.forward(x, { lengths });
    const own = output.data.length / 2;
    lengths.forEach((length, row) => {
      const from = row * 33;
      const steps = rowsOf(
        { shape: [], data: x.data.slice(from, from + length * 3) },
        3,
      );
      const wanted = textbook(layer.options, steps).flat();
      expect(wanted.length / 3).toBe(layer.stepsOut(length));
      const got = output.data.slice(row * own, (row + 1) * own);
      expectClose(
        got.slice(0, wanted.length),
        Float32Array.from(wanted),
        1e-6,
        "",
      );
      expect(got.slice(wanted.length).every((value) => value === 0)).toBe(true);
    });
  });

  test("in models, saved ones and as ONNX", () => {
    for (const kind of KINDS) {
      const model = new Sequential([
        new Conv1d({ inputSize: 2, outputSize: 5, kernelSize: 3 }),
        new Pooling({ ...kind, size: 5 }),
        new Linear({ inputSize: 5, outputSize: 4 }),
      ]);
      const x = new Random(2).tensor([3, 19, 2]);
      const { output } = model.forward(x);
      expect(output.shape.length).toBe(kind.kernelSize ? 3 : 2);
      const saved = Sequential.load(model.save());
      expectSameTensor(saved.forward(x).output, output);
      const read = load(toOnnx(model)).model.forward(x).output;
      expect(read.shape).toEqual(output.shape);
      expectClose(read.data, output.data, 1e-5, "");
      expect(model.streamable).toBe(false);
    }
  });

  test("a mask's steps are no part of it", () => {
    const model = new Sequential([
      new Masking(),
      new GRU({ inputSize: 2, hiddenSize: 3 }),
      new Pooling({ kind: "average", size: 3 }),
    ]);
    const x = new Random(3).tensor([5, 2]);
    const longer = new Float32Array(14);
    longer.set(x.data);
    const masked = model.forward({ shape: [7, 2], data: longer }).output;
    expectClose(masked.data, model.forward(x).output.data, 1e-6, "");
    const windows = new Sequential([
      new Masking(),
      new Pooling({ kind: "max", size: 2, kernelSize: 2 }),
      new GRU({ inputSize: 2, hiddenSize: 3 }),
    ]);
    expect(() => windows.forward(x)).toThrow("mask: expected none before");
  });

  test("what it is made with is checked", () => {
    expect(() => new Pooling({ kind: "mean" as "max", size: 2 })).toThrow(
      'kind: expected "max" or "average", got "mean"',
    );
    const whole = { kind: "max", size: 2 } as const;
    expect(() => new Pooling({ ...whole, stride: 2 })).toThrow(
      new RangeError("stride: expected none without a kernelSize, got 2"),
    );
    expect(() => new Pooling({ ...whole, padding: "same" })).toThrow(
      'padding: expected "valid" without a kernelSize, got "same"',
    );
    expect(() => new Pooling({ ...whole, kernelSize: 2, padding: 2 })).toThrow(
      new RangeError("padding: expected less than kernelSize 2, got 2"),
    );
    const layer = new Pooling({ kind: "max", size: 2, kernelSize: 4 });
    expect(() => layer.forward(new Random(1).tensor([3, 2]))).toThrow(
      "input: expected at least 4 time steps for these layers, got 3",
    );
    expect(`${layer}`).toBe("Pooling(2 → 2, max, of 4, stride 4)");
  });
});

test("LastStep as ONNX, once and repeated", () => {
  for (const repeat of [null, 3]) {
    const model = new Sequential([
      new LSTM({ inputSize: 2, hiddenSize: 3 }),
      new LastStep({ size: 3, repeat }),
    ]);
    const x = new Random(4).tensor([2, 6, 2]);
    const { output } = model.forward(x);
    const read = load(toOnnx(model)).model.forward(x).output;
    expect(read.shape).toEqual(output.shape);
    expectClose(read.data, output.data, 1e-6, "");
  }
});

describe.each(backends)("BatchNorm on %s", (backend) => {
  test("is PyTorch's line for each feature", () => {
    for (const size of [1, 3, 4, 18]) {
      const layer = new BatchNorm({ size, epsilon: 1e-3, backend });
      const random = new Random(size);
      const tensor = (from: number) => random.tensor([size], from, 2);
      const dict = {
        "bn.weight": tensor(-2),
        "bn.bias": tensor(-2),
        "bn.running_mean": tensor(-2),
        "bn.running_var": tensor(0.1),
        "bn.num_batches_tracked": { shape: [], data: Float32Array.of(9) },
      };
      layer.loadStateDict(dict, { prefix: "bn." });
      expect(() => layer.loadStateDict(null as never)).toThrow(
        "dict: expected an object of tensors, got null",
      );
      const x = random.tensor([2, 5, size], -3, 3);
      const { output } = layer.forward(x);
      x.data.forEach((value, at) => {
        const [weight, bias, mean, variance] = Object.values(dict).map(
          ({ data }) => data[at % size]!,
        ) as [number, number, number, number];
        const wanted =
          ((value - mean) / Math.sqrt(variance + 1e-3)) * weight + bias;
        expect(Math.abs(output.data[at]! - wanted)).toBeLessThan(4e-6);
      });
    }
  });

  test("in models, streams, saved ones and as ONNX; new weights reach it", () => {
    const norm = new BatchNorm({ size: 4, backend });
    const model = new Sequential([
      new GRU({ inputSize: 2, hiddenSize: 4, backend }),
      norm,
    ]);
    const x = new Random(5).tensor([7, 2]);
    const before = model.forward(x).output;
    norm.loadStateDict({
      ...norm.stateDict(),
      bias: { shape: [4], data: new Float32Array(4).fill(1) },
    });
    const { output } = model.forward(x);
    expect(output.data[0]! - before.data[0]!).toBeCloseTo(1, 6);
    expect(model.stream().run(x.data)).toEqual(output.data);
    expect(Sequential.load(model.save()).save()).toEqual(model.save());
    const read = load(toOnnx(model)).model;
    const batch = { shape: [1, 7, 2], data: x.data };
    expectClose(read.forward(batch).output.data, output.data, 1e-5, "");
  });
});

test("a Linear streams by itself, without a state", () => {
  const layer = new Linear({ inputSize: 3, outputSize: 2 });
  const x = new Random(6).tensor([4, 3]);
  const stream = layer.stream();
  expect(stream.run(x.data)).toEqual(layer.forward(x).output.data);
  expect(stream.step(x.data.slice(0, 3))).toEqual(
    layer.forward(x).output.data.slice(0, 2),
  );
  expect(stream.state).toBe(null);
  stream.state = null;
  expect(() => {
    stream.state = {} as unknown as null;
  }).toThrow("state: expected null for a Linear");
});
