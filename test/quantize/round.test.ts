import { expect, test } from "vitest";
import { Linear } from "../../src/index.js";
import type { IntegerTensor } from "../../src/integers.js";
import { rounded } from "../../src/quantize/round.js";
import { Random } from "../support/random.js";

const SIZE = 40;
const errorOf = (own: ArrayLike<number>, exact: Float32Array) =>
  exact.reduce((sum, value, i) => sum + (own[i]! - value) ** 2, 0);

/** As a layer rounds what it loads, by the largest number of a row. */
const byLargest = (
  weight: IntegerTensor | { shape: number[]; data: Float32Array },
) =>
  new Linear({
    inputSize: SIZE,
    outputSize: 64,
    bias: false,
    precision: "int8",
  })
    .loadStateDict({ weight })
    .stateDict()["weight"] as IntegerTensor;

test("no row errs more than by its largest number, and all together less", () => {
  for (const apart of [1, 1.5]) {
    const data = new Random(1).floats(64 * SIZE);
    for (let row = 0; row < 64; row++) data[row * SIZE] = apart;
    const weight = { shape: [64, SIZE], data };
    const best = rounded({ weight })["weight"]!.data;
    const largest = byLargest(weight).data;
    let [sum, others] = [0, 0];
    for (let row = 0; row < 64; row++) {
      const part = <T extends Float32Array>(numbers: T) =>
        numbers.subarray(row * SIZE, (row + 1) * SIZE);
      const [own, other] = [best, largest].map((numbers) =>
        errorOf(part(numbers), part(data)),
      );
      expect(own).toBeLessThanOrEqual(other! * (1 + 1e-6));
      sum += own!;
      others += other!;
    }
    expect(sum).toBeLessThan(0.98 * others);
  }
});

test("what is rounded is found again from its numbers, and integers stay", () => {
  const weight = new Random(2).tensor([64, SIZE]);
  const first = rounded({ weight })["weight"] as IntegerTensor;
  const { shape, data } = first;
  const again = rounded({ weight: { shape, data } })["weight"];
  expect((again as IntegerTensor).integers).toEqual(first.integers);
  expect(rounded({ weight: first })["weight"]).toBe(first);
  expect(byLargest(first).integers).toEqual(first.integers);
});

test("vectors, zeros, NaN and infinities", () => {
  const bias = new Random(3).tensor([8]);
  expect(rounded({ bias })["bias"]).toBe(bias);
  const data = Float32Array.of(0, 0, Number.NaN, 1, Infinity, 1);
  const { integers } = rounded({ weight: { shape: [3, 2], data } })[
    "weight"
  ] as IntegerTensor;
  expect([...integers.scales]).toEqual([0, Number.NaN, Infinity]);
});
