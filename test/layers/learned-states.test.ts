import { describe, expect, test } from "vitest";
import { GRU, LSTM, RNN, Sequential } from "../../src/index.js";
import {
  expectSameBits,
  expectSameState,
  expectSameTensor,
} from "../support/compare.js";
import { backends } from "../support/layers.js";
import { Random } from "../support/random.js";

// Where a layer starts may be a parameter of it. What it computes from there is in general-cells.test.ts.

const learned = { inputSize: 2, hiddenSize: 5, learnedState: true } as const;

describe.each(backends)("learned states on %s", (backend) => {
  const lstm = new LSTM({ ...learned, projSize: 3, numLayers: 2, backend });
  const input = new Random(1).tensor([6, 2]);
  const start = () => {
    const dict = lstm.stateDict();
    const of = (name: string, size: number) => ({
      shape: [2, size],
      data: Float32Array.from([
        ...dict[`${name}0_l0`]!.data,
        ...dict[`${name}0_l1`]!.data,
      ]),
    });
    return { hidden: of("hidden", 3), cell: of("cell", 5) };
  };

  test("are parameters: the state of an untouched stream, and of one reset", () => {
    const stream = lstm.stream();
    expectSameState(stream.state, start());
    const first = stream.run(input.data);
    expectSameBits(first, lstm.forward(input, { state: start() }).output.data);
    stream.reset();
    expectSameState(stream.state, start());
    expectSameBits(stream.run(input.data), first);
  });

  test("every row of a batch starts there, unless a state is given", () => {
    const rows = {
      shape: [2, 6, 2],
      data: Float32Array.from([...input.data, ...input.data]),
    };
    const alone = lstm.forward(input).output.data;
    const both = lstm.forward(rows, { lengths: [6, 6] }).output.data;
    expectSameBits(both.subarray(0, alone.length), alone);
    expectSameBits(both.subarray(alone.length), alone);
    const zeros = {
      hidden: { shape: [2, 3], data: new Float32Array(6) },
      cell: { shape: [2, 5], data: new Float32Array(10) },
    };
    const other = lstm.forward(input, { state: zeros }).output.data;
    expect(other.every((y, i) => y !== alone[i])).toBe(true);
  });

  test("new weights move where the next stream starts, not those under way", () => {
    const gru = new GRU({ ...learned, backend });
    const stream = gru.stream();
    const before = stream.state;
    const dict = gru.stateDict();
    dict["hidden0_l0"]!.data.fill(0.5);
    gru.loadStateDict(dict);
    expectSameState(stream.state, before);
    stream.reset();
    expect([...stream.state.hidden.data]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect([...gru.stream().state.hidden.data]).toEqual(
      Array.from({ length: 5 }, () => 0.5),
    );
  });

  test("in a model, null is a layer's own start", () => {
    const model = new Sequential([
      new RNN({ ...learned, backend }),
      new GRU({ inputSize: 5, hiddenSize: 3, backend }),
    ]);
    const expected = model.forward(input).output;
    const given = model.forward(input, { state: [null, null] }).output;
    expectSameTensor(given, expected);
    expectSameBits(model.stream().run(input.data), expected.data);
  });
});

test("a state dict tells of learned states by their name", () => {
  for (const layer of [
    new LSTM({ ...learned, direction: "bidirectional" }),
    new GRU(learned),
    new RNN(learned),
  ]) {
    const made = (layer.constructor as typeof LSTM).fromStateDict(
      layer.stateDict(),
    );
    expect(made.options.learnedState).toBe(true);
    expect(made.stateDict()).toEqual(layer.stateDict());
  }
});
