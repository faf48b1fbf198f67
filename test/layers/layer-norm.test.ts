import { describe, expect, test } from "vitest";
import { GRU, LayerNorm, Linear, Sequential } from "../../src/index.js";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import type { LayerNormOptions, Tensor } from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

const SIZES = [1, 2, 3, 4, 5, 7, 16, 17, 33, 70];

/** By the definition, in float64. */
function textbook(layer: LayerNorm, x: Tensor): number[] {
  const { size, epsilon } = layer.options;
  const { weight, bias } = layer.stateDict();
  const result: number[] = [];
  for (let from = 0; from < x.data.length; from += size) {
    const row = Array.from(x.data.slice(from, from + size));
    const mean = row.reduce((sum, value) => sum + value, 0) / size;
    const variance =
      row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / size;
    row.forEach((value, i) => {
      const normal = (value - mean) / Math.sqrt(variance + epsilon);
      result.push(normal * weight!.data[i]! + (bias?.data[i] ?? 0));
    });
  }
  return result;
}

/** With weights of every sign. */
function made(size: number, options: object): LayerNorm {
  const layer = new LayerNorm({ size, ...options });
  const random = new Random(size);
  const dict = Object.entries(layer.stateDict()).map(([name, { shape }]) => [
    name,
    random.tensor([...shape], -2, 2),
  ]);
  return layer.loadStateDict(Object.fromEntries(dict));
}

describe.each(backends)("LayerNorm on %s", (backend) => {
  test.each<[Partial<LayerNormOptions>, number]>([
    [{}, 0],
    [{ bias: false }, 0],
    [{ epsilon: 0.5 }, 0],
    [{ epsilon: 0 }, 0],
    // as much on top as float32 has digits for
    [{}, 3000],
  ])("%j is the definition at every size, around %i", (options, around) => {
    for (const size of SIZES) {
      // of one number ε is all that it is divided by
      if (size === 1 && (around || options.epsilon === 0)) continue;
      const layer = made(size, { ...options, backend });
      const x = new Random(size).tensor([3, 5, size], around - 4, around + 4);
      const { output } = layer.forward(x);
      expect(output.shape).toEqual(x.shape);
      textbook(layer, x).forEach((value, i) =>
        expect(Math.abs(output.data[i]! - value)).toBeLessThan(3e-6),
      );
    }
  });

  test("in models, streams and saved ones, a row of a batch as by itself", () => {
    const model = new Sequential([
      new GRU({ inputSize: 3, hiddenSize: 6, backend }),
      made(6, { epsilon: 1e-3, backend }),
      new Linear({ inputSize: 6, outputSize: 5, backend }),
    ]);
    const x = new Random(1).tensor([2, 9, 3]);
    const { output } = model.forward(x, { lengths: [9, 4] });
    const first = { shape: [9, 3], data: x.data.slice(0, 27) };
    const second = { shape: [4, 3], data: x.data.slice(27, 39) };
    const alone = [first, second].map((row) => model.forward(row).output.data);
    expect(output.data.slice(0, 45)).toEqual(alone[0]);
    expect(output.data.slice(45, 65)).toEqual(alone[1]);
    expect(output.data.slice(65)).toEqual(new Float32Array(25));
    expect(model.stream().run(first.data)).toEqual(alone[0]);
    const saved = Sequential.load(model.save());
    expect(saved.save()).toEqual(model.save());
    expect(saved.forward(first).output.shape).toEqual([9, 5]);
    expect(`${model.layers[1]}`).toBe("LayerNorm(6 → 6)");
  });

  test("a NaN stays in its step", () => {
    const layer = new LayerNorm({ size: 3, backend });
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
  for (const size of SIZES) {
    const x = new Random(size).tensor([40, size], -90, 90);
    const [simd, js] = (["simd", "js"] as const).map(
      (backend) => made(size, { backend }).forward(x).output,
    );
    expectSameTensor(js!, simd!);
  }
});

test("as ONNX", () => {
  for (const bias of [true, false]) {
    const model = new Sequential([
      made(5, { bias, epsilon: 1e-3 }),
      new Linear({ inputSize: 5, outputSize: 3 }),
    ]);
    const x = new Random(2).tensor([2, 6, 5]);
    const { output } = model.forward(x);
    const read = load(toOnnx(model)).model.forward(x).output;
    read.data.forEach((value, i) =>
      expect(value).toBeCloseTo(output.data[i]!, 6),
    );
  }
});

test("what it is made with is checked", () => {
  expect(() => new LayerNorm({ size: 0 })).toThrow("size: expected");
  expect(() => new LayerNorm({ size: 2, epsilon: -1 })).toThrow(
    "epsilon: expected a finite number of at least 0, got -1",
  );
  expect(() => new LayerNorm({ size: 2, eps: 1 } as { size: number })).toThrow(
    'options: expected gatewise\'s names, got "eps"; did you mean epsilon?',
  );
});
