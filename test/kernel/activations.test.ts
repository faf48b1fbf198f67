import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import {
  init,
  Linear,
  Sequential,
  type StandardActivation,
  type CellActivation,
} from "../../src/index.js";
import { expectClose, expectSameBits } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { activationNames, functionOf } from "../support/functions.js";
import { Random } from "../support/random.js";
import { tolerances } from "../support/tolerances.js";

/** Both signs of every binade: subnormals and ±0 (exponent 0), powers of two, the last of each binade, and some between. */
function sweep(perBinade: number): Float32Array {
  const random = new Random(1);
  const bits: number[] = [];
  for (let exponent = 0; exponent < 255; exponent++)
    for (const sign of [0, 0x80000000])
      for (let i = 0; i < perBinade; i++) {
        const mantissa =
          i === 0
            ? 0
            : i === 1
              ? 0x7fffff
              : i === 2
                ? 1
                : random.integer(0, 0x7fffff);
        bits.push((sign | (exponent << 23) | mantissa) >>> 0);
      }
  return new Float32Array(Uint32Array.from(bits).buffer);
}

/** Where the functions bend, evenly. */
function grid(from: number, to: number, count: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => from + ((to - from) * i) / (count - 1),
  );
}

/** f of every entry, through a Linear layer of weight 1 and bias 0. */
function apply(
  activation: StandardActivation | CellActivation,
  values: Float32Array,
): Float32Array {
  const layer = new Linear({ inputSize: 1, outputSize: 1, activation });
  layer.loadStateDict({
    weight: { shape: [1, 1], data: Float32Array.of(1) },
    bias: { shape: [1], data: Float32Array.of(0) },
  });
  return new Sequential([layer]).forward({
    shape: [values.length, 1],
    data: values,
  }).output.data;
}

/** Those that only the general path has. */
const curves = activationNames.filter(
  (name) => !["linear", "tanh", "sigmoid", "relu"].includes(name),
);

/** Those that have constants, none at its default. */
const parametric: CellActivation[] = [
  { name: "elu", alpha: 1.7 },
  { name: "leakyRelu", alpha: -0.3 },
  { name: "thresholdedRelu", alpha: -0.5 },
  { name: "hardSigmoid", alpha: 1 / 6, beta: 0.5 },
  { name: "affine", alpha: -2.5, beta: 0.3 },
  { name: "scaledTanh", alpha: 1.7159, beta: 0.6667 },
];

const inputs = [sweep(400), grid(-20, 20, 150_001), grid(-110, 110, 50_001)];

const fewer = [sweep(40), grid(-20, 20, 15_001), grid(-110, 110, 5_001)];

/** The largest error in units of the value. */
function worstOf(
  activation: CellActivation,
  exact: (x: number) => number,
  unit: (y: number) => number,
): { error: number; x: number } {
  let worst = { error: 0, x: 0 };
  for (const values of fewer)
    apply(activation, values).forEach((y, i) => {
      const x = values[i]!;
      const expected = exact(x);
      if (y === Math.fround(expected)) return;
      const error = Math.abs(y - expected) / unit(expected);
      if (!(error <= worst.error)) worst = { error, x };
    });
  return worst;
}

describe.each(backends)("activations on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each([
    ["tanh", -1, 1],
    ["sigmoid", 0, 1],
  ] as const)(
    "%s is within 4e-7 of float64 and within %d … %d over all float32 inputs",
    (name, low, high) => {
      const exact = functionOf(name);
      let worst = { error: 0, x: 0 };
      for (const values of inputs)
        apply(name, values).forEach((y, i) => {
          const x = values[i]!;
          if (!(y >= low && y <= high))
            expect.fail(`${name}(${x}) = ${y} is not within ${low} … ${high}`);
          const error = Math.abs(y - exact(x));
          if (error > worst.error) worst = { error, x };
        });
      expect(worst.error, `${name}(${worst.x})`).toBeLessThanOrEqual(
        tolerances.activation,
      );
      expect(worst.error, "float32 cannot be exact").toBeGreaterThan(0);
    },
  );

  test.each([...curves, ...parametric])(
    "%j is within 4e-7 of float64, of its value where that is larger than 1, over all float32 inputs",
    (activation) => {
      const exact = functionOf(activation);
      const worst = worstOf(activation, exact, (y) => Math.max(Math.abs(y), 1));
      expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(
        tolerances.activation,
      );
    },
  );

  test.each(["exponential", "softplus", "elu", "selu"] as const)(
    "%s is within 4e-7 of its value however small that is",
    (name) => {
      // Below it float32 has fewer digits.
      const normal = 2 ** -126;
      const unit = (y: number) => Math.max(Math.abs(y), normal);
      const worst = worstOf(name, functionOf(name), unit);
      expect(worst.error, `at ${worst.x}`).toBeLessThanOrEqual(
        tolerances.activation,
      );
      expect(worst.error, "float32 cannot be exact").toBeGreaterThan(0);
    },
  );

  test("relu is max(x, 0), to the bit for all x > 0", () => {
    for (const values of inputs) {
      const y = apply("relu", values);
      // -0 and +0 are the same number here.
      const differs = y.findIndex((v, i) => v !== Math.max(values[i]!, 0));
      expect(differs, `relu(${values[differs]}) = ${y[differs]}`).toBe(-1);
    }
  });

  test("NaN stays NaN, among its neighbours too", () => {
    const values = Float32Array.of(1, NaN, -1, 2, 3, NaN);
    for (const name of activationNames)
      expect([...apply(name, values)].map(Number.isNaN), name).toEqual([
        false,
        true,
        false,
        false,
        false,
        true,
      ]);
  });

  test("infinity gives the limits", () => {
    const values = Float32Array.of(Infinity, -Infinity);
    expect([...apply("tanh", values)]).toEqual([1, -1]);
    expect([...apply("relu", values)]).toEqual([Infinity, 0]);
    const [one, zero] = apply("sigmoid", values);
    expect(one).toBe(1);
    expect(zero).toBeGreaterThanOrEqual(0);
    expect(zero).toBeLessThanOrEqual(tolerances.sigmoidLimit);
  });

  test.each([...curves, ...parametric])(
    "%j of infinity is what IEEE arithmetic makes of it",
    (activation) => {
      const values = Float32Array.of(Infinity, -Infinity);
      const expected = [...values].map(functionOf(activation));
      const given = [...apply(activation, values)];
      expectClose(given, expected, tolerances.activation);
    },
  );
});

/** RNNoise's tansig_approx up to 0.1.1: tanh of every 0.04, and a step of second order from there. */
function rnnoiseTableTanh(value: number): number {
  const x = Math.min(Math.abs(value), 8);
  const i = Math.floor(0.5 + 25 * x);
  const y = Math.tanh(0.04 * i);
  const rest = x - 0.04 * i;
  return Math.sign(value) * (y + rest * (1 - y * y) * (1 - y * rest));
}

test("rnnoiseTanh is RNNoise's from 0.2 on: as far from its table before as docs/cells.md says", () => {
  const docs = readFileSync(
    new URL("../../docs/cells.md", import.meta.url),
    "utf8",
  );
  const [, told] =
    /from version 0\.2 on; up to 0\.1\.1 .* up to ([\d.e-]+)\)/.exec(docs)!;
  const values = grid(-12, 12, 20_001);
  const errors = apply("rnnoiseTanh", values).map((y, i) =>
    Math.abs(y - rnnoiseTableTanh(values[i]!)),
  );
  expect(Math.max(...errors).toPrecision(2)).toBe(Number(told).toPrecision(2));
});

const standard = ["tanh", "sigmoid", "relu"] as const;
test.each<[CellActivation, Float32Array[]]>([
  ...standard.map((name) => [name, inputs] as [CellActivation, Float32Array[]]),
  ...[...curves, ...parametric].map(
    (curve) => [curve, fewer] as [CellActivation, Float32Array[]],
  ),
])("%j: js equals simd to the last bit over all binades", async (name, all) => {
  for (const values of all) {
    await init({ backend: "simd" });
    const simd = apply(name, values);
    await init({ backend: "js" });
    expectSameBits(apply(name, values), simd);
  }
});
