import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import {
  backends,
  cells,
  create,
  randomState,
  scaleWeights,
  type AnyOptions,
  type Cell,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectTextbook, float32Error } from "../support/expect-textbook.js";
import { tolerances } from "../support/tolerances.js";

const sizes = Array.from({ length: 40 }, (_, i) => i + 1);

/** A random run of width H: every other one starts from a random state. */
function problem({ kind, options }: Cell, H: number) {
  const random = new Random(H);
  const full: AnyOptions = {
    ...options,
    inputSize: 1 + ((H * 5) % 13),
    hiddenSize: H,
    seed: H,
  };
  const batch = [1, 2, 3, 5][H % 4]!;
  const input = random.tensor([batch, 5 + (H % 5), full.inputSize], -2, 2);
  const start = H % 2 ? {} : { state: randomState(random, kind, full, batch) };
  return { kind, options: full, input, start };
}

describe.each(backends)(
  "the textbook's equations in float64, on %s",
  (backend) => {
    function check(cell: Cell, H: number, scale = 1): void {
      const { kind, options, input, start } = problem(cell, H);
      const layer = create(kind, { ...options, backend });
      if (scale === 1)
        expectTextbook(layer, input, start, tolerances.equations, `H = ${H}`);
      else {
        scaleWeights(layer, scale);
        // such weights can make much of a rounding error, whoever makes it
        const tolerance = tolerances.reference(
          float32Error(layer, input, start),
        );
        expectTextbook(layer, input, start, tolerance, `H = ${H}`);
      }
    }

    test.each(cells)("$name, every H from 1 to 40", (cell) => {
      for (const H of sizes) check(cell, H);
    });

    test.each(cells)("$name, some wider ones", (cell) => {
      for (const H of [48, 63, 64, 65, 130]) check(cell, H);
    });

    test("LSTM with a projection, every H from 2 to 40", () => {
      for (const H of sizes.slice(1))
        check(
          { kind: "LSTM", options: { projSize: 1 + ((H * 7) % (H - 1)) } },
          H,
        );
    });

    test.each(cells.filter(({ name }) => name !== "RNN relu"))(
      "$name, saturated: weights 4 times as large",
      (cell) => {
        for (const H of [3, 8, 19]) check(cell, H, 4);
      },
    );

    test.each(cells.filter(({ kind }) => kind !== "RNN"))(
      "$name over 10 000 steps",
      ({ kind, options }) => {
        const full: AnyOptions = {
          ...options,
          inputSize: 3,
          hiddenSize: 22,
          seed: 11,
        };
        const input: Tensor = new Random(10).tensor([10_000, 3], -2, 2);
        const layer = create(kind, { ...full, backend });
        expectTextbook(layer, input, {}, tolerances.manySteps, "10 000 steps");
      },
    );
  },
);

test("the weights of the runs above are no zeros", () => {
  for (const { kind, options } of cells) {
    const weights = create(kind, {
      ...options,
      inputSize: 3,
      hiddenSize: 5,
    }).stateDict();
    for (const [name, { data }] of Object.entries(weights))
      expect(
        data.every((w) => w !== 0),
        name,
      ).toBe(true);
  }
});
