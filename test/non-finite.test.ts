import { describe, expect, test } from "vitest";
import {
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "./support/compare.js";
import { backends, cells, create, randomState } from "./support/layers.js";
import { Random } from "./support/random.js";
import { at, clone, slice, stateOfRow } from "./support/tensors.js";
import { expectTextbook } from "./support/expect-textbook.js";
import { tolerances } from "./support/tolerances.js";
import type { Tensor } from "../src/index.js";

// NaN and infinity are data: they flow as IEEE arithmetic says, and stay in their row of the batch and their stream.

const wild = [NaN, Infinity, -Infinity];
const set = (t: Tensor, index: number, value: number): Tensor => {
  const copy = clone(t);
  copy.data[index] = value;
  return copy;
};

describe.each(backends)("NaN and infinity on %s", (backend) => {
  describe.each(cells)("$name", ({ kind, options }) => {
    const full = { inputSize: 3, hiddenSize: 7, numLayers: 2, ...options };
    const clean = new Random(1).tensor([5, 9, 3]);
    const row = 2;
    const index = (time: number) => (row * 9 + time) * 3 + 1;

    test.each(["forward", "reverse", "bidirectional"] as const)(
      "stay in their row of a batch, %s",
      (direction) => {
        const layer = create(kind, { ...full, direction, backend });
        const expected = layer.forward(clean);
        for (const value of wild) {
          const { output, state } = layer.forward(set(clean, index(4), value));
          for (const b of [0, 1, 3, 4]) {
            expectSameTensor(
              at(output, 0, b),
              at(expected.output, 0, b),
              `${value}: row ${b}`,
            );
            expectSameState(
              stateOfRow(state, b),
              stateOfRow(expected.state, b),
              `${value}: state of row ${b}`,
            );
          }
        }
        expectSameTensor(
          layer.forward(clean).output,
          expected.output,
          "the next clean run",
        );
      },
    );

    test("leave the steps before them alone, and NaN is seen in those after", () => {
      const layer = create(kind, { ...full, backend });
      const before = slice(at(layer.forward(clean).output, 0, row), 0, 0, 4);
      const spoilt = at(
        layer.forward(set(clean, index(4), NaN)).output,
        0,
        row,
      );
      expectSameTensor(slice(spoilt, 0, 0, 4), before);
      expect(slice(spoilt, 0, 4, 9).data.every(Number.isNaN)).toBe(true);
    });

    test("do not matter past a sequence's end", () => {
      const layer = create(kind, {
        ...full,
        direction: "bidirectional",
        backend,
      });
      const lengths = [9, 9, 4, 1, 9];
      const expected = layer.forward(clean, { lengths });
      for (const value of wild) {
        const { output, state } = layer.forward(set(clean, index(4), value), {
          lengths,
        });
        expectSameTensor(output, expected.output, `${value}: output`);
        expectSameState(state, expected.state, `${value}: state`);
      }
    });

    test("stay in their stream, and leave it with reset or a new state", () => {
      const layer = create(kind, { ...full, backend });
      const frames = at(clean, 0, 0).data;
      const expected = layer.stream().run(frames);
      for (const value of wild) {
        const streams = Array.from({ length: 100 }, () => layer.stream());
        const healthy = layer.stream();
        expectSameBits(
          healthy.run(frames.subarray(0, 12)),
          expected.subarray(0, 28),
          "before",
        );
        for (const stream of streams)
          stream.run([value, 1, value, value, 2, 3]);
        expectSameBits(
          healthy.run(frames.subarray(12)),
          expected.subarray(28),
          `${value}: another stream`,
        );
        streams[0]!.reset();
        expectSameBits(
          streams[0]!.run(frames),
          expected,
          `${value}: after reset`,
        );
        streams[1]!.state = layer.stream().state;
        expectSameBits(
          streams[1]!.run(frames),
          expected,
          `${value}: after a new state`,
        );
        for (const stream of streams) stream.dispose();
        expectSameBits(
          layer.stream().run(frames),
          expected,
          `${value}: a new stream`,
        );
      }
    });

    test("infinite inputs give what IEEE arithmetic gives, for every H from 1 to 9", () => {
      for (let H = 1; H <= 9; H++)
        for (const [name, input] of Object.entries(infinite))
          for (const direction of ["forward", "bidirectional"] as const) {
            const layer = create(kind, {
              ...full,
              hiddenSize: H,
              direction,
              seed: H,
              backend,
            });
            expectTextbook(
              layer,
              input,
              {},
              tolerances.equations,
              `${name}, H = ${H}, ${direction}`,
            );
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
  });

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
    ] as const)
      for (const [name, input] of Object.entries(infinite)) {
        const layer = create("LSTM", {
          inputSize: 3,
          hiddenSize,
          projSize,
          numLayers: 2,
          backend,
        });
        expectTextbook(
          layer,
          input,
          {},
          tolerances.equations,
          `${name}, H = ${hiddenSize}, P = ${projSize}`,
        );
      }
  });
});

/** [B, T, 3] with infinities; signs that meet in one sum make NaN, which must show in the same places. */
const infinite: Record<string, Tensor> = {
  "one feature": set(new Random(4).tensor([3, 6, 3]), 18 + 6, Infinity),
  "one feature, minus": set(new Random(5).tensor([3, 6, 3]), 18 + 8, -Infinity),
  "two features": set(
    set(new Random(6).tensor([3, 6, 3]), 18 + 6, Infinity),
    18 + 7,
    Infinity,
  ),
  "first and last step": set(
    set(new Random(7).tensor([2, 4, 3]), 1, Infinity),
    11,
    -Infinity,
  ),
};
