import { describe, expect, test } from "vitest";
import { Activation, GRU, Linear, Sequential } from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { activate } from "../support/linear.js";
import { Random } from "../support/random.js";

const FUNCTIONS = [
  "linear",
  "tanh",
  "sigmoid",
  "relu",
  "softmax",
  "softsign",
  "silu",
  { name: "leakyRelu", alpha: 0.3 },
] as const;

describe.each(backends)("Activation on %s", (backend) => {
  test.each(FUNCTIONS)("%j is the function, at every size", (activation) => {
    for (const size of [1, 2, 3, 4, 5, 7, 16, 17, 33, 70]) {
      const layer = new Activation({ activation, size, backend });
      const x = new Random(size).tensor([3, 5, size], -4, 4);
      const { output } = layer.forward(x);
      expect(output.shape).toEqual(x.shape);
      for (let from = 0; from < x.data.length; from += size) {
        const row = Array.from(x.data.slice(from, from + size));
        activate(activation, row).forEach((value, i) =>
          expect(output.data[from + i]).toBeCloseTo(value, 6),
        );
      }
    }
  });

  test("in models, streams and saved ones", () => {
    const model = new Sequential([
      new GRU({ inputSize: 3, hiddenSize: 6, backend }),
      new Activation({ activation: "relu", size: 6, backend }),
      new Linear({ inputSize: 6, outputSize: 5, backend }),
      new Activation({ activation: "softmax", size: 5, backend }),
    ]);
    const x = new Random(1).tensor([9, 3]);
    const { output } = model.forward(x);
    // the kernel is the host's choice again
    expect(Sequential.load(model.save()).save()).toEqual(model.save());
    const stream = model.stream();
    const steps = stream.run(x.data);
    expect(steps).toEqual(output.data);
    expect(`${model.layers[1]}`).toBe("Activation(6 → 6, relu)");
  });

  test("a NaN stays in its step; each row of a batch has its own end", () => {
    const layer = new Activation({ activation: "softmax", size: 3, backend });
    const { output } = layer.forward([
      [1, 2, 3],
      [NaN, 0, 0],
      [3, 2, 1],
    ]);
    expect(Array.from(output.data, Number.isNaN)).toEqual(
      [0, 0, 0, 1, 1, 1, 0, 0, 0].map(Boolean),
    );
  });
});

test("js has the bits of simd", () => {
  for (const activation of FUNCTIONS)
    for (const size of [1, 6, 19]) {
      const x = new Random(size).tensor([40, size], -90, 90);
      const [simd, js] = (["simd", "js"] as const).map(
        (backend) =>
          new Activation({ activation, size, backend }).forward(x).output,
      );
      expectSameTensor(js!, simd!);
    }
});

test("as ONNX", () => {
  const model = new Sequential([
    new Activation({ activation: "tanh", size: 4 }),
    new Linear({ inputSize: 4, outputSize: 3 }),
    new Activation({ activation: "softmax", size: 3 }),
  ]);
  const x = new Random(2).tensor([1, 6, 4]);
  const { output } = model.forward(x);
  const read = load(toOnnx(model)).model.forward(x).output;
  read.data.forEach((value, i) =>
    expect(value).toBeCloseTo(output.data[i]!, 6),
  );
});

test("what it is made with is checked", () => {
  expect(
    () => new Activation({ activation: "tan" as "tanh", size: 3 }),
  ).toThrow("activation: expected");
  expect(() => new Activation({ activation: "tanh", size: 0 })).toThrow(
    "size: expected",
  );
});
