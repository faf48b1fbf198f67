import { describe, test } from "vitest";
import {
  run,
  lstmConfig,
  lstmWeights,
  lstm,
  expectClose,
  x,
  steps,
  twice,
} from "./support/graphs.js";

describe("recurrent layers in a graph", () => {
  test("start from states, and give theirs", () => {
    const [y, h, c] = run(
      { x, h0: [[0.5, 0.5]], c0: [[-1, -1]] },
      [
        [
          "LSTM",
          "lstm",
          { ...lstmConfig, return_state: true },
          ["x", "h0", "c0"],
          lstmWeights(2),
        ],
      ],
      [
        ["lstm", 0],
        ["lstm", 1],
        ["lstm", 2],
      ],
    );
    const expected = lstm(steps, { h: 0.5, c: -1 });
    expectClose(y, twice(expected.map((each) => each.h)));
    expectClose(h, twice([expected[2]!.h]));
    expectClose(c, twice([expected[2]!.c]));
  });

  test("in both directions: states of each, sequences side by side or apart", () => {
    const inner = {
      class_name: "LSTM",
      config: { ...lstmConfig, name: "inner", return_state: true },
    };
    const weights = {
      ...lstmWeights(2, "forward_inner/"),
      ...lstmWeights(2, "backward_inner/"),
    };
    const states = ["h0", "c0", "h1", "c1"];
    const given = {
      x,
      h0: [[0.5, 0.5]],
      c0: [[-1, -1]],
      h1: [[0.1, 0.1]],
      c1: [[2, 2]],
    };
    const ahead = lstm(steps, { h: 0.5, c: -1 });
    const back = lstm([...steps].reverse(), { h: 0.1, c: 2 });
    const both = run(
      given,
      [
        [
          "Bidirectional",
          "both",
          { layer: inner, merge_mode: "concat" },
          ["x", ...states],
          weights,
        ],
      ],
      [
        ["both", 0],
        ["both", 1],
        ["both", 2],
        ["both", 3],
        ["both", 4],
      ],
    );
    const turned = [...back].reverse();
    expectClose(
      both[0],
      ahead.flatMap(({ h }, t) => [h, h, turned[t]!.h, turned[t]!.h]),
    );
    const ends = [ahead[2]!.h, ahead[2]!.c, back[2]!.h, back[2]!.c];
    ends.forEach((end, i) => expectClose(both[i + 1], [end, end]));
    const apart = run(
      given,
      [
        [
          "Bidirectional",
          "both",
          { layer: inner, merge_mode: null },
          ["x", ...states],
          weights,
        ],
      ],
      [
        ["both", 0],
        ["both", 1],
        ["both", 5],
      ],
    );
    expectClose(apart[0], twice(ahead.map(({ h }) => h)));
    expectClose(apart[1], twice(turned.map(({ h }) => h)));
    expectClose(apart[2], twice([back[2]!.c]));
  });

  test("at each step of a longer sequence: TimeDistributed of an LSTM, and of a model", () => {
    const inner = {
      class_name: "LSTM",
      config: { ...lstmConfig, return_sequences: false, name: "inner" },
    };
    const batch = {
      shape: [1, 2, 3, 2],
      data: Float32Array.from([
        ...steps.flat(),
        ...[...steps].reverse().flat(),
      ]),
    };
    const expected = twice([
      lstm(steps)[2]!.h,
      lstm([...steps].reverse())[2]!.h,
    ]);
    const [alone] = run(
      { x: batch },
      [["TimeDistributed", "each", { layer: inner }, ["x"], lstmWeights(2)]],
      [["each", 0]],
    );
    expectClose(alone, expected);
    const model = {
      class_name: "Sequential",
      config: {
        name: "deep",
        layers: [
          {
            class_name: "InputLayer",
            config: { name: "own", batch_input_shape: [null, 3, 2] },
          },
          inner,
        ],
      },
    };
    const [nested] = run(
      { x: batch },
      [
        [
          "TimeDistributed",
          "each",
          { layer: model },
          ["x"],
          lstmWeights(2, "inner/"),
        ],
      ],
      [["each", 0]],
    );
    expectClose(nested, expected);
  });
});
