import { describe, test } from "vitest";
import { GRU, LSTM } from "../../src/index.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";
import { zeros } from "../support/tensors.js";
import { expectUnharmed } from "../support/unharmed.js";

const none = undefined as never;

describe.each(backends)("forward on %s", (backend) => {
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
  const withLengths = (lengths: unknown) => () =>
    lstm.forward(input, { lengths: lengths as never });
  const withState = (given: unknown) => () =>
    lstm.forward(input, { state: given as never });

  const forward: Refusal[] = [
    [
      "the wrong size",
      () => lstm.forward(zeros(10, 5)),
      RangeError,
      /^input: expected \[B, T, 4\] or \[T, 4\], got \[10, 5\]$/,
    ],
    [
      "the wrong size in a batch",
      () => lstm.forward(zeros(2, 3, 5)),
      RangeError,
      /^input: expected \[B, T, 4\] or \[T, 4\], got \[2, 3, 5\]$/,
    ],
    [
      "one axis",
      () => lstm.forward([1, 2, 3, 4]),
      RangeError,
      /^input: expected \[B, T, 4\] or \[T, 4\], got \[4\]$/,
    ],
    [
      "four axes",
      () => lstm.forward(zeros(1, 1, 1, 4)),
      RangeError,
      /^input: expected .*, got \[1, 1, 1, 4\]$/,
    ],
    ["a number", () => lstm.forward(3), RangeError, /^input: /],
    [
      "T = 0",
      () => lstm.forward(zeros(2, 0, 4)),
      RangeError,
      /^input: .*, got \[2, 0, 4\]$/,
    ],
    [
      "T = 0 without B",
      () => lstm.forward(zeros(0, 4)),
      RangeError,
      /^input: .*, got \[0, 4\]$/,
    ],
    [
      "B = 0",
      () => lstm.forward(zeros(0, 5, 4)),
      RangeError,
      /^input: .*, got \[0, 5, 4\]$/,
    ],
    ["an empty list", () => lstm.forward([]), RangeError, /^input/],
    [
      "nothing",
      () => lstm.forward(none),
      TypeError,
      /^input: .*, got undefined$/,
    ],
    [
      "a string",
      () => lstm.forward("abc" as never),
      TypeError,
      /^input: .*, got "abc"$/,
    ],
    [
      "rows of strings",
      () => lstm.forward([["1", "2", "3", "4"]] as never),
      TypeError,
      /^input/,
    ],
    [
      "ragged rows",
      () =>
        lstm.forward([
          [1, 2, 3, 4],
          [1, 2, 3],
        ]),
      RangeError,
      /^input/,
    ],
    [
      "data that do not fill the shape",
      () => lstm.forward({ shape: [5, 4], data: new Float32Array(19) }),
      RangeError,
      /^input/,
    ],
    [
      "data of the wrong kind",
      () =>
        lstm.forward({ shape: [5, 4], data: new Float64Array(20) as never }),
      TypeError,
      /^input/,
    ],
    [
      "a shape that is none",
      () => lstm.forward({ shape: "54" as never, data: new Float32Array(20) }),
      TypeError,
      /^input/,
    ],
    [
      "options that are none",
      () => lstm.forward(input, 7 as never),
      TypeError,
      /^options: .*, got 7$/,
    ],
    [
      "a trace that is no flag",
      () => lstm.forward(input, { trace: "yes" as never }),
      TypeError,
      /^trace: .*, got "yes"$/,
    ],
    [
      "too few lengths",
      withLengths([5]),
      RangeError,
      /^lengths: .*\b2\b.*, got .*\b1\b/,
    ],
    [
      "too many lengths",
      withLengths([5, 5, 5]),
      RangeError,
      /^lengths: .*\b2\b.*, got .*\b3\b/,
    ],
    [
      "a length of 0",
      withLengths([5, 0]),
      RangeError,
      /^lengths\[1\]: expected an integer from 1 to 5, got 0$/,
    ],
    [
      "a length above T",
      withLengths([6, 5]),
      RangeError,
      /^lengths\[0\]: .*\b5\b.*, got 6$/,
    ],
    [
      "a negative length",
      withLengths([5, -1]),
      RangeError,
      /^lengths\[1\]: .*, got -1$/,
    ],
    [
      "half a length",
      withLengths([2.5, 5]),
      RangeError,
      /^lengths\[0\]: .*, got 2.5$/,
    ],
    [
      "a length that is NaN",
      withLengths([5, NaN]),
      RangeError,
      /^lengths\[1\]: .*, got NaN$/,
    ],
    [
      "a length that is a string",
      withLengths([5, "3"]),
      TypeError,
      /^lengths\[1\]: .*, got "3"$/,
    ],
    [
      "a hole in the lengths",
      withLengths(Array<number>(2)),
      TypeError,
      /^lengths\[0\]: .*, got undefined$/,
    ],
    [
      "lengths that are a number",
      withLengths(5),
      TypeError,
      /^lengths: .*, got 5$/,
    ],
    ["a state that is none", withState(7), TypeError, /^state: .*, got 7$/],
    [
      "a state without its cell",
      withState({ hidden: state.hidden }),
      TypeError,
      /^state\.cell: .*, got undefined$/,
    ],
    [
      "a state without hidden",
      withState({ cell: state.cell }),
      TypeError,
      /^state\.hidden: .*, got undefined$/,
    ],
    [
      "hidden of another batch",
      withState({ ...state, hidden: zeros(2, 3, 3) }),
      RangeError,
      /^state\.hidden: expected \[2, 2, 3\], got \[2, 3, 3\]$/,
    ],
    [
      "a cell of other layers",
      withState({ ...state, cell: zeros(1, 2, 3) }),
      RangeError,
      /^state\.cell: expected \[2, 2, 3\], got \[1, 2, 3\]$/,
    ],
    [
      "hidden without B",
      withState({ ...state, hidden: zeros(2, 3) }),
      RangeError,
      /^state\.hidden: expected \[2, 2, 3\], got \[2, 3\]$/,
    ],
    [
      "a state with B for an input without",
      () => lstm.forward(zeros(5, 4), { state }),
      RangeError,
      /^state\.hidden: expected \[2, 3\], got \[2, 2, 3\]$/,
    ],
    [
      "one direction's state of two",
      () => gru.forward(input, { state: { hidden: zeros(1, 2, 5) } }),
      RangeError,
      /^state\.hidden: expected \[2, 2, 5\], got \[1, 2, 5\]$/,
    ],
  ];

  test.each(forward)("refused: %s", (...refusal) => expectRefusal(refusal));

  test("all of these in the middle of a sequence leave everything as it was", () => {
    expectUnharmed(lstm, lstm.stream(), new LSTM(options), input, forward);
  });
});
