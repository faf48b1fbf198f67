import { describe, expect, test } from "vitest";
import { GRU, LSTM, RNN, Sequential } from "../../src/index.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { zeros } from "../support/tensors.js";
import { expectUnharmed } from "../support/unharmed.js";

const none = undefined as never;

describe.each(backends)("streams on %s", (backend) => {
  const options = {
    inputSize: 4,
    hiddenSize: 3,
    numLayers: 2,
    seed: 0,
    backend,
  };
  const lstm = new LSTM(options);
  const gru = new GRU({
    inputSize: 4,
    hiddenSize: 5,
    direction: "bidirectional",
    backend,
  });
  const input = new Random(1).tensor([2, 5, 4]);
  const state = lstm.forward(input).state;
  const stream = lstm.stream();

  const streams: Refusal[] = [
    [
      "two numbers where a step is one",
      () =>
        new RNN({ inputSize: 1, hiddenSize: 1, backend }).stream().step([1, 2]),
      RangeError,
      /^frame: expected 1 number, got 2$/,
    ],
    [
      "stream() of a bidirectional layer",
      () => gru.stream(),
      RangeError,
      /^stream: .*bidirectional/,
    ],
    [
      "stream() of a reverse layer",
      () =>
        new RNN({
          inputSize: 1,
          hiddenSize: 1,
          direction: "reverse",
          backend,
        }).stream(),
      RangeError,
      /^stream: .*reverse/,
    ],
    [
      "stream() of a model with such a layer",
      () => new Sequential([gru]).stream(),
      RangeError,
      /^stream: .*bidirectional/,
    ],
    [
      "a stream's state of the wrong shape",
      () => lstm.stream({ state }),
      RangeError,
      /^state\.hidden: expected \[2, 3\], got \[2, 2, 3\]$/,
    ],
    ...[null, undefined, 4, "abcd"].map((value): Refusal => [
      `a stream's first frame ${value}`,
      () => lstm.stream().step(value as never),
      TypeError,
      /^frame: expected a list of numbers, got /,
    ]),
    [
      "a frame too short",
      () => stream.step([1, 2, 3]),
      RangeError,
      /^frame: .*\b4\b.*, got .*\b3\b/,
    ],
    [
      "a frame too long",
      () => stream.step(new Float32Array(5)),
      RangeError,
      /^frame: .*\b4\b.*, got .*\b5\b/,
    ],
    [
      "a frame that is a number",
      () => stream.step(4 as never),
      TypeError,
      /^frame: .*, got 4$/,
    ],
    [
      "no frame",
      () => stream.step(none),
      TypeError,
      /^frame: .*, got undefined$/,
    ],
    [
      "a frame of strings",
      () => stream.step(["1", "2", "3", "4"] as never),
      TypeError,
      /^frame.*, got "1"$/,
    ],
    [
      "out too short for a step",
      () => stream.step([1, 2, 3, 4], new Float32Array(2)),
      RangeError,
      /^out: .*\b3\b.*, got .*\b2\b/,
    ],
    [
      "out of the wrong kind",
      () => stream.step([1, 2, 3, 4], [0, 0, 0] as never),
      TypeError,
      /^out: /,
    ],
    [
      "frames that end within one",
      () => stream.run(new Float32Array(9)),
      RangeError,
      /^frames: .*\b4\b.*, got .*\b9\b/,
    ],
    ["no frames", () => stream.run([]), RangeError, /^frames: .*, got .*\b0\b/],
    [
      "frames of the wrong kind",
      () => stream.run("1234" as never),
      TypeError,
      /^frames: /,
    ],
    [
      "out too short for a run",
      () => stream.run(new Float32Array(8), new Float32Array(5)),
      RangeError,
      /^out: .*\b6\b.*, got .*\b5\b/,
    ],
    [
      "a written state of the wrong shape",
      () => (stream.state = { ...state, hidden: zeros(2, 4) }),
      RangeError,
      /^state\.hidden: expected \[2, 3\], got \[2, 4\]$/,
    ],
    [
      "a written state with a bad cell",
      () => (stream.state = { hidden: zeros(2, 3), cell: zeros(2, 2) }),
      RangeError,
      /^state\.cell: expected \[2, 3\], got \[2, 2\]$/,
    ],
    [
      "a written state that is none",
      () => (stream.state = null as never),
      TypeError,
      /^state: .*, got null$/,
    ],
  ];

  test.each(streams)("refused: %s", (...refusal) => expectRefusal(refusal));

  test("all of these in the middle of a sequence leave everything as it was", () => {
    expectUnharmed(lstm, stream, new LSTM(options), input, streams);
  });

  test("out is not written by a call that is refused", () => {
    const out = new Float32Array(3).fill(7);
    expect(() => stream.step([1, 2, 3], out)).toThrow(RangeError);
    expect(() => stream.run([1, 2, 3, 4, 5], out)).toThrow(RangeError);
    expect([...out]).toEqual([7, 7, 7]);
  });
});
