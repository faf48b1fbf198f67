import { expect, test } from "vitest";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import { GRU, Linear, Sequential } from "../../src/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { roundRow } from "../../src/kernel/model.js";
import { quantize } from "../../src/quantize/index.js";
import { parse } from "../../src/safetensors.js";
import { Random } from "../support/random.js";

const SIZE = 40;

/** The squared error of a row as integers of this scale. */
const errorOf = (row: Float32Array, scale: number, values: ArrayLike<number>) =>
  row.reduce((sum, value, i) => sum + (scale * values[i]! - value) ** 2, 0);

/** Rounded by the row's largest number, in a scale of 16 bits too. */
const byLargest = (row: Float32Array) => {
  const exact = Math.max(...row.map(Math.abs)) / 127;
  const last = 2 ** (Math.floor(Math.log2(exact)) - 15);
  const scale = Math.ceil(exact / last) * last;
  return errorOf(
    row,
    scale,
    row.map((value) => Math.round(value / scale)),
  );
};

test("no row errs more than by its largest number, and all together less", () => {
  for (const apart of [1, 1.5]) {
    const random = new Random(1);
    let [sum, others] = [0, 0];
    for (let row = 0; row < 64; row++) {
      const own = random.floats(SIZE);
      own[0] = apart;
      const values = new Int8Array(SIZE);
      const error = errorOf(own, roundRow(own, 0, SIZE, values, 0), values);
      expect(error).toBeLessThanOrEqual(byLargest(own) * (1 + 1e-9));
      expect(Math.max(...values.map(Math.abs))).toBe(127);
      sum += error;
      others += byLargest(own);
    }
    expect(sum).toBeLessThan(0.98 * others);
  }
});

test("what is rounded is found again from its numbers, to the bit", () => {
  const random = new Random(2);
  for (const size of [1, 2, 63, 64, 65, 300])
    for (let row = 0; row < 20; row++) {
      const own = random.floats(size);
      const values = new Int8Array(size);
      const scale = roundRow(own, 0, size, values, 0);
      const numbers = Float32Array.from(values, (value) => value * scale);
      const again = new Int8Array(size + 3);
      expect(roundRow(numbers, 0, size, again, 3)).toBe(scale);
      expect([...again.subarray(3)]).toEqual([...values]);
    }
});

test("layers, graphs and quantize round alike", () => {
  const [gru, linear] = [
    new GRU({ inputSize: 20, hiddenSize: 24, seed: 1 }),
    new Linear({ inputSize: 24, outputSize: 9, seed: 2 }),
  ] as const;
  const model = new Sequential([gru, linear]);
  const layers = [
    new GRU({ ...gru.options, precision: "int8" }),
    new Linear({ ...linear.options, precision: "int8" }),
  ];
  layers[0]!.loadStateDict(gru.stateDict());
  layers[1]!.loadStateDict(linear.stateDict());
  const scalesOf = (bytes: Uint8Array) =>
    Object.values(parse(bytes).tensors)
      .flatMap(({ integers }: Partial<IntegerTensor>) =>
        integers ? [...integers.scales] : [],
      )
      .sort();
  const scales = scalesOf(new Sequential(layers).save());
  expect(scales.length).toBe(2 * 72 + 9);
  expect(scalesOf(quantize(model).model.save())).toEqual(scales);
  const graph = load(toOnnx(model), { precision: "int8" }).model;
  expect(scalesOf(graph.save())).toEqual(scales);
});

test("zeros, NaN and infinities", () => {
  const data = Float32Array.of(0, 0, Number.NaN, 1, Infinity, 1);
  const values = new Int8Array(6);
  const scales = [0, 2, 4].map((at) => roundRow(data, at, 2, values, at));
  expect(scales).toEqual([0, Number.NaN, Infinity]);
  expect([...values]).toEqual([0, 0, 0, 0, 0, 0]);
});
