import { describe, expect, test } from "vitest";
import {
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import {
  backends,
  cells,
  create,
  someGeneralCells,
} from "../support/layers.js";
import { Random } from "../support/random.js";
import { at, slice, stateOfRow, withEntry } from "../support/tensors.js";

// NaN and infinity are data: they flow as IEEE arithmetic says, and stay in their row of the batch and their stream.

const wild = [NaN, Infinity, -Infinity];

describe.each(backends)("NaN and infinity on %s", (backend) => {
  describe.each([...cells, ...someGeneralCells])(
    "$name",
    ({ kind, options }) => {
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
            const { output, state } = layer.forward(
              withEntry(clean, index(4), value),
            );
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
          layer.forward(withEntry(clean, index(4), NaN)).output,
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
          const { output, state } = layer.forward(
            withEntry(clean, index(4), value),
            {
              lengths,
            },
          );
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

      test("leave nothing behind in the layer's memory", () => {
        const layer = create(kind, { ...full, backend });
        const frames = at(clean, 0, 0);
        const expected = layer.forward(frames).output;
        const stream = layer.stream();
        const spoilt = {
          shape: [7, 30, 3],
          data: new Float32Array(630).fill(NaN),
        };
        for (let t = 0; t < 9; t++) {
          layer.stream().run(spoilt.data);
          layer.forward(spoilt);
          expectSameBits(
            stream.step(at(frames, 0, t).data),
            at(expected, 0, t).data,
            `step ${t}`,
          );
        }
        layer.forward(spoilt, { lengths: [30, 1, 2, 3, 4, 5, 6] });
        expectSameTensor(layer.forward(frames).output, expected);
        expectSameBits(layer.stream().run(frames.data), expected.data);
      });
    },
  );
});
