import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { factorOf } from "../../src/formats/tflite/translate/factor.js";
import { GraphBuilder } from "../../src/graph/index.js";
import { scaled } from "../../src/graph/operations/requantize.js";

/** gemmlowp's two roundings, in integers of any size. */
function reference(x: number, multiplier: number, shift: number): number {
  const left = BigInt(Math.max(shift, 0));
  const right = BigInt(Math.max(-shift, 0));
  const product = (BigInt(x) << left) * BigInt(multiplier);
  const nudge = product >= 0n ? 1n << 30n : 1n - (1n << 30n);
  const high = (product + nudge) / (1n << 31n); // towards 0, as C divides
  const mask = (1n << right) - 1n;
  const rest = high & mask;
  const half = (mask >> 1n) + (high < 0n ? 1n : 0n);
  return Number((high >> right) + (rest > half ? 1n : 0n));
}

const factor = fc.record({
  multiplier: fc.integer({ min: 2 ** 30, max: 2 ** 31 - 1 }),
  shift: fc.integer({ min: -31, max: 6 }),
});

describe("Requantize", () => {
  test("rounds as gemmlowp does, ties and ends too", () => {
    const sums = fc.oneof(
      fc.integer({ min: -(2 ** 24), max: 2 ** 24 }),
      fc.constantFrom(0, 1, -1, 2 ** 24, -(2 ** 24)),
    );
    fc.assert(
      fc.property(sums, factor, (x, { multiplier, shift }) => {
        expect(scaled(x, multiplier, shift) + 0).toBe(
          reference(x, multiplier, shift),
        );
      }),
      { numRuns: 3000, seed: 1 },
    );
    // a power of two has ties: 2^30 · 2^(shift - 31) is a half
    for (let x = -20; x <= 20; x++)
      for (let shift = -6; shift <= 2; shift++)
        expect(scaled(x, 2 ** 30, shift) + 0).toBe(
          reference(x, 2 ** 30, shift),
        );
  });

  test("a factor is a multiplier from 2^30 to 2^31 and a shift", () => {
    const reals = fc.double({ min: 1e-9, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(reals, (real) => {
        const { multiplier, shift } = factorOf(real);
        expect(multiplier).toBeGreaterThanOrEqual(2 ** 30);
        expect(multiplier).toBeLessThan(2 ** 31);
        const back = multiplier * 2 ** (shift - 31);
        expect(Math.abs(back / real - 1)).toBeLessThan(2 ** -30);
      }),
    );
    expect(factorOf(1)).toEqual({ multiplier: 2 ** 30, shift: 1 });
    expect(factorOf(0)).toEqual({ multiplier: 0, shift: 0 });
    // beyond what a shift of 30 has, and below what one of -31 has
    const largest = { multiplier: 2 ** 31 - 1, shift: 30 };
    expect(factorOf(2 ** 31)).toEqual(largest);
    expect(factorOf(2 ** 40)).toEqual(largest);
    expect(factorOf(2 ** -33)).toEqual({ multiplier: 0, shift: 0 });
  });

  test("adds sums and a bias of each place, and holds the result in its range", () => {
    const builder = new GraphBuilder();
    const [a, b] = ["a", "b"].map((name) => builder.input(name, ["n", 2]));
    const y = builder.add("Requantize", [a as string, b as string], {
      multipliers: [2 ** 30, 2 ** 30],
      shifts: [1, 0], // × 1, × 1/2
      bias: [10, -1],
      axis: 1,
      zero_point: 5,
      least: -100,
      most: 100,
      to: "int8",
    });
    builder.output(y, { name: "y", type: "int8" });
    const graph = builder.build();
    const rows = [
      [1, 4],
      [200, -500],
    ];
    const { y: found } = graph.run({
      a: rows,
      b: [
        [2, 4],
        [0, 0],
      ],
    });
    // 1 + 2 + 10 + 5; (4 + 4 - 1) / 2, halves up, + 5; both ends
    expect(Array.from(found!.data)).toEqual([18, 9, 100, -100]);
    expect(() => graph.run({ a: rows, b: [[1, 2]] })).toThrow(
      "sums of one size",
    );
  });
});
