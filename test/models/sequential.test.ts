import { beforeAll, describe, expect, test } from "vitest";
import {
  Embedding,
  init,
  Linear,
  LSTM,
  Sequential,
  type Layer,
  type State,
  type Tensor,
} from "../../src/index.js";
import { expectSameBits, expectSameTensor } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { anyModels, models } from "../support/models.js";
import { Random } from "../support/random.js";
import { at, slice, stateOfRow } from "../support/tensors.js";

// A model is its layers one after another, in one memory.

const input = new Random(1).tensor([5, 250, 3], -2, 2); // several chunks of the kernel

/** Each layer run by itself on what the one before gave. */
function oneByOne(
  layers: readonly Layer[],
  x: Tensor,
  lengths?: readonly number[],
): { output: Tensor; state: (State | null)[] } {
  const state: (State | null)[] = [];
  let output = x;
  for (const layer of layers) {
    const result = (layer as LSTM).forward(output, lengths && { lengths });
    output = result.output;
    state.push(result.state ?? null);
  }
  return { output, state };
}

describe.each(backends)("a Sequential on %s", (backend) => {
  beforeAll(async () => {
    await init({ backend });
  });

  test.each(Object.entries(anyModels))(
    "%s: equals its layers run one after another, to the bit",
    (_, make) => {
      const model = new Sequential(make());
      const { output, state } = model.forward(input);
      const expected = oneByOne(model.layers, input);
      expectSameTensor(output, expected.output);
      expect(state).toEqual(expected.state);
      expect(state.map((entry) => entry === null)).toEqual(
        model.layers.map((layer) => layer instanceof Linear),
      );
    },
  );

  test.each(Object.entries(anyModels))(
    "%s: a row of a batch equals its own run",
    (_, make) => {
      const model = new Sequential(make());
      const { output, state } = model.forward(input);
      for (let b = 0; b < 5; b++) {
        const alone = model.forward(at(input, 0, b));
        expectSameTensor(alone.output, at(output, 0, b), `row ${b}`);
        expect(alone.state).toEqual(
          state.map((entry) => entry && stateOfRow(entry, b)),
        );
      }
    },
  );

  test.each(Object.entries(anyModels))(
    "%s: lengths equal running each sequence alone",
    (_, make) => {
      const model = new Sequential(make());
      const lengths = [250, 1, 117, 249, 6];
      const { output, state } = model.forward(input, { lengths });
      lengths.forEach((length, b) => {
        const alone = model.forward(slice(at(input, 0, b), 0, 0, length));
        const own = at(output, 0, b);
        expectSameBits(
          own.data.subarray(0, alone.output.data.length),
          alone.output.data,
          `row ${b}`,
        );
        const past = own.data.subarray(alone.output.data.length);
        expectSameBits(
          past,
          new Float32Array(past.length),
          `row ${b} past its end`,
        );
        expect(state.map((entry) => entry && stateOfRow(entry, b))).toEqual(
          alone.state,
        );
      });
    },
  );

  test.each(Object.entries(models))(
    "%s: chunks, each from the states of the one before, equal the whole",
    (_, make) => {
      const model = new Sequential(make());
      const whole = model.forward(input);
      let state: (State | null)[] | undefined;
      for (const [from, to] of [
        [0, 1],
        [1, 230],
        [230, 250],
      ] as const) {
        const part = model.forward(
          slice(input, 1, from, to),
          state && { state },
        );
        expectSameTensor(
          part.output,
          slice(whole.output, 1, from, to),
          `steps ${from} to ${to}`,
        );
        state = part.state;
      }
      expect(state).toEqual(whole.state);
    },
  );

  test("a null in the given states means zeros", () => {
    const model = new Sequential(models["Linear, GRU, RNN, Linear softmax"]!());
    const { state } = model.forward(input);
    const zeros: State = {
      hidden: { shape: [1, 5, 7], data: new Float32Array(35) },
    };
    const given = model.forward(input, {
      state: [null, null, state[2]!, null],
    });
    const spelt = model.forward(input, {
      state: [null, zeros, state[2]!, null],
    });
    expectSameTensor(given.output, spelt.output);
    expect(given.state).toEqual(spelt.state);
    expect(given.output.data).not.toEqual(model.forward(input).output.data);
  });

  test("an Embedding in front turns tokens into its vectors", () => {
    const embedding = new Embedding({ vocabSize: 11, size: 3, seed: 4 });
    const rest = models["LSTM, Linear"]!();
    const model = new Sequential([embedding, ...rest]);
    const random = new Random(5);
    const tokens = [3, 2].map(() =>
      Array.from({ length: 7 }, () => random.integer(0, 10)),
    );
    const { data } = embedding.stateDict().weight!;
    const vectors = tokens.map((row) =>
      row.map((token) => data.slice(token * 3, token * 3 + 3)),
    );
    const expected = new Sequential(rest).forward(vectors);
    const { output, state } = model.forward(tokens);
    expectSameTensor(output, expected.output, "a batch");
    expect(state).toEqual([null, ...expected.state]);
    expectSameTensor(
      model.forward(tokens[0]!).output,
      at(output, 0, 0),
      "without a batch axis",
    );
  });

  test("one layer may be in several models, and by itself, with one set of weights", () => {
    const [shared, head] = models["LSTM, Linear"]!() as [LSTM, Linear];
    const [first, second] = [
      new Sequential([shared, head]),
      new Sequential([shared]),
    ];
    const { output } = first.forward(input);
    expectSameTensor(
      second.forward(input).output,
      shared.forward(input).output,
    );
    shared.loadStateDict(
      new LSTM({ inputSize: 3, hiddenSize: 6, seed: 9 }).stateDict(),
    );
    expectSameTensor(
      second.forward(input).output,
      shared.forward(input).output,
    );
    expect(first.forward(input).output.data).not.toEqual(output.data);
    expectSameTensor(
      first.forward(input).output,
      oneByOne(first.layers, input).output,
    );
    first.dispose();
    expectSameTensor(
      shared.forward(input).output,
      second.forward(input).output,
    );
  });
});
