import { describe, expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import {
  backends,
  cells,
  create,
  someGeneralCells,
  randomState,
} from "../support/layers.js";
import { expectTextbook } from "../support/expect-textbook.js";
import { Random } from "../support/random.js";
import { at, withEntry } from "../support/tensors.js";
import { tolerances } from "../support/tolerances.js";

// Infinity is a number like any other: what it gives, and where it gives NaN, is what IEEE arithmetic says.

describe.each(backends)("infinity on %s", (backend) => {
  describe.each([...cells, ...someGeneralCells])(
    "$name",
    ({ kind, options }) => {
      const full = { inputSize: 3, hiddenSize: 7, numLayers: 2, ...options };

      test("infinite inputs give what IEEE arithmetic gives, for every H from 1 to 9", () => {
        for (let H = 1; H <= 9; H++)
          for (const direction of ["forward", "bidirectional"] as const) {
            const own = { ...full, hiddenSize: H, direction, seed: H, backend };
            const layer = create(kind, own);
            for (const [name, input] of Object.entries(infinite)) {
              const what = `${name}, H = ${H}, ${direction}`;
              expectTextbook(layer, input, {}, tolerances.equations, what);
            }
          }
      });

      test("an infinite input on a weight that is exactly 0 is NaN there, as 0 · ∞ is", () => {
        const layer = create(kind, {
          ...full,
          hiddenSize: 5,
          numLayers: 1,
          backend,
        });
        const dict = layer.stateDict();
        dict.weight_ih_l0!.data[1] = 0;
        layer.loadStateDict(dict);
        expectTextbook(
          layer,
          infinite["one feature"]!,
          {},
          tolerances.equations,
          "0 · ∞",
        );
      });
    },
  );

  test("RNN tanh: W · ∞ is ±1, and the steps after it are finite", () => {
    for (const hiddenSize of [4, 5]) {
      const layer = create("RNN", { inputSize: 1, hiddenSize, backend });
      const { output } = layer.forward([[0.5], [Infinity], [0.5], [-0.5]]);
      const { data } = layer.stateDict().weight_ih_l0!;
      expect([...at(output, 0, 1).data]).toEqual([...data].map(Math.sign));
      expect(output.data.every(Number.isFinite)).toBe(true);
    }
  });

  // Not GRU: there h itself is multiplied by a gate, and whether σ(-∞) · ∞ is NaN depends on the limit of σ.
  test.each(cells.filter(({ kind }) => kind !== "GRU"))(
    "$name: an infinite initial state",
    ({ kind, options }) => {
      for (const hiddenSize of [6, 8]) {
        const full = { inputSize: 3, hiddenSize, numLayers: 2, ...options };
        const state = randomState(new Random(3), kind, full, 5);
        state.hidden.data[2 * hiddenSize + 1] = Infinity;
        expectTextbook(
          create(kind, { ...full, backend }),
          new Random(1).tensor([5, 9, 3]),
          { state },
          tolerances.equations,
          "h0 = ∞",
        );
      }
    },
  );

  test("an LSTM with a projection passes infinity on as IEEE arithmetic does", () => {
    for (const [hiddenSize, projSize] of [
      [5, 3],
      [8, 4],
      [9, 1],
      [7, 6],
    ] as const) {
      const layer = create("LSTM", {
        inputSize: 3,
        hiddenSize,
        projSize,
        numLayers: 2,
        backend,
      });
      for (const [name, input] of Object.entries(infinite)) {
        const what = `${name}, H = ${hiddenSize}, P = ${projSize}`;
        expectTextbook(layer, input, {}, tolerances.equations, what);
      }
    }
  });
});

/** [B, T, 3] with infinities; signs that meet in one sum make NaN, which must show in the same places. */
const infinite: Record<string, Tensor> = {
  "one feature": withEntry(new Random(4).tensor([3, 6, 3]), 18 + 6, Infinity),
  "one feature, minus": withEntry(
    new Random(5).tensor([3, 6, 3]),
    18 + 8,
    -Infinity,
  ),
  "two features": withEntry(
    withEntry(new Random(6).tensor([3, 6, 3]), 18 + 6, Infinity),
    18 + 7,
    Infinity,
  ),
  "first and last step": withEntry(
    withEntry(new Random(7).tensor([2, 4, 3]), 1, Infinity),
    11,
    -Infinity,
  ),
};
