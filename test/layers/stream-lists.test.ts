import { describe, expect, test } from "vitest";
import { Embedding, GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import { backends } from "../support/layers.js";

const floats = (size: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i));

/** A list in which reading `index` for the `time`th time calls `then`, which may throw. */
function trap(
  values: number[],
  index: number,
  time: number,
  then: () => void,
): number[] {
  const value = values[index] as number;
  let reads = 0;
  return Object.defineProperty(values, index, {
    get: () => {
      if (++reads === time) then();
      return value;
    },
  });
}

const fail = () => {
  throw new Error("boom");
};

describe.each(backends)("lists that call back, on %s", (backend) => {
  const lstm = new LSTM({ inputSize: 2, hiddenSize: 3, backend });

  test.each([1, 2])(
    "run: a getter that throws when read for time %i leaves the state",
    (time) => {
      const stream = lstm.stream();
      stream.step([1, 2]);
      const before = stream.state;
      const blocks = Array.from(floats(40_000));
      const frames = trap(blocks, blocks.length - 1, time, fail);
      try {
        stream.run(frames);
      } catch {
        expect(stream.state).toEqual(before);
        return;
      }
      const other = lstm.stream({ state: before });
      other.run(floats(40_000));
      expect(stream.state).toEqual(other.state);
    },
  );

  test.each([1, 2])(
    "step: a getter that runs, opens and disposes of streams at read %i disturbs none",
    (time) => {
      const other = lstm.stream();
      const opened: (typeof other)[] = [];
      const stream = lstm.stream();
      const frame = trap([1, 2], 1, time, () => {
        other.step([9, 9]);
        for (let i = 0; i < 100; i++) {
          const next = lstm.stream();
          next.step([i, -i]);
          opened.push(next);
        }
      });
      const output = Array.from(stream.step(frame));
      expect(output).toEqual(Array.from(lstm.stream().step([1, 2])));
      opened.forEach((each, i) => {
        const again = lstm.stream();
        again.step([i, -i]);
        expect(each.state).toEqual(again.state);
      });
    },
  );

  test("step: a getter may step the very stream; its own step comes after", () => {
    const stream = lstm.stream();
    const frame = trap([1, 2], 0, 1, () => stream.step([3, 4]));
    const output = Array.from(stream.step(frame));
    const other = lstm.stream();
    other.step([3, 4]);
    expect(output).toEqual(Array.from(other.step([1, 2])));
  });

  test("step: a getter that disposes of the stream is answered as any call after it", () => {
    const stream = lstm.stream();
    const frame = trap([1, 2], 0, 1, () => stream.dispose());
    expect(() => stream.step(frame)).toThrow("one that was disposed of");
  });

  test("tokens in a list are not rounded on their way", () => {
    const model = new Sequential([
      new Embedding({ vocabSize: 3, size: 2 }),
      lstm,
    ]);
    expect(() => model.stream().step([1 + 2 ** -40])).toThrow(RangeError);
    expect(() => model.stream().run([1, 1 + 2 ** -40])).toThrow(RangeError);
  });
});

describe.each(backends)(
  "run into memory that holds frames, on %s",
  (backend) => {
    const length = 50_000; // several blocks
    const narrow = new Sequential([
      new GRU({ inputSize: 2, hiddenSize: 4, backend }),
      new Linear({ inputSize: 4, outputSize: 1 }),
    ]);
    const wide = new GRU({ inputSize: 1, hiddenSize: 3, backend });

    test.each([
      ["the same place, fewer outputs", narrow, 0, 0],
      ["a little further on", narrow, 0, 2],
      ["a little before", narrow, 6, 0],
      ["the same place, more outputs", wide, 0, 0],
      ["behind the frames", wide, 0, length],
    ])("%s", (_, layer, from, to) => {
      const memory = new Float32Array(length * 4 + 8);
      const frames = memory.subarray(from, from + length);
      frames.set(floats(length));
      const expected = layer.stream().run(frames.slice());
      const out = memory.subarray(to, to + expected.length);
      layer.stream().run(frames, out);
      // not toEqual, which takes minutes to show how arrays of this size differ
      expect(out.every((y, i) => y === expected[i])).toBe(true);
    });
  },
);
