import { expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
  type SequentialForwardOptions,
  type Tensor,
  tensor,
} from "../../src/index.js";
import { expectSameTensor } from "../support/compare.js";
import { Random } from "../support/random.js";

// Other frameworks' words, shapes and weights are met halfway.

const random = new Random(8);

/** [T, B, I] → [B, T, I] and back. */
function swapped({ shape, data }: Tensor): Tensor {
  const [a, b, c = 1] = shape as [number, number, number?];
  const result = new Float32Array(data.length);
  for (let i = 0; i < a; i++)
    for (let j = 0; j < b; j++)
      for (let k = 0; k < c; k++)
        result[(j * a + i) * c + k] = data[(i * b + j) * c + k]!;
  return { shape: [b, a, ...shape.slice(2)], data: result };
}

test.each([
  [() => new LSTM({ units: 3 } as never), /"units"; did you mean hiddenSize/],
  [
    () =>
      new GRU({ inputSize: 1, hiddenSize: 1, bidirectional: true } as never),
    /"bidirectional"; did you mean direction: "bidirectional"\?$/,
  ],
  [() => new RNN({ num_layers: 2 } as never), /did you mean numLayers\?$/],
  [() => new LSTM({ batch_first: true } as never), /batchFirst: false/],
  [() => new LSTM({ return_sequences: true } as never), /returnSequences\?$/],
  [() => new Linear({ in_features: 2 } as never), /inputSize\?$/],
  [() => new Embedding({ num_embeddings: 2 } as never), /vocabSize\?$/],
])("words of others %#", (make, message) => {
  expect(make).toThrow(RangeError);
  expect(make).toThrow(/^options: expected gatewise's names, got "/);
  expect(make).toThrow(message);
});

interface Runs {
  forward(
    input: Tensor,
    options: SequentialForwardOptions,
  ): { output: Tensor; state: unknown };
}

test("batchFirst false takes [T, B, I] and gives [T, B, O]", () => {
  const lstm = new LSTM({ inputSize: 3, hiddenSize: 5 });
  const model = new Sequential([
    lstm,
    new Linear({ inputSize: 5, outputSize: 2 }),
  ]);
  const rows = random.tensor([4, 7, 3]);
  const given = { batchFirst: false, lengths: [7, 2, 3, 1] };
  for (const each of [lstm, model] as readonly Runs[]) {
    const expected = each.forward(rows, { lengths: given.lengths });
    const got = each.forward(swapped(rows), given);
    expectSameTensor(got.output, swapped(expected.output));
    expect(got.state).toEqual(expected.state);
  }
  const traced = lstm.forward(rows, { trace: true }).trace!;
  const trace = lstm.forward(swapped(rows), { trace: true, batchFirst: false });
  expectSameTensor(
    trace.trace![0]!["forget"] as Tensor,
    swapped(traced[0]!["forget"] as Tensor),
  );
  const one = random.tensor([6, 3]); // no batch: nothing to exchange
  expect(lstm.forward(one, { batchFirst: false })).toEqual(lstm.forward(one));
  expect(() => lstm.forward(rows, { batchFirst: 1 as never })).toThrow(
    /^batchFirst: expected true or false, got 1$/,
  );
});

test("batchFirst false with tokens, and with the last step alone", () => {
  const model = new Sequential([
    new Embedding({ vocabSize: 9, size: 3 }),
    new GRU({ inputSize: 3, hiddenSize: 4, returnSequences: false }),
  ]);
  const tokens = tensor([1, 2, 3, 4, 5, 6], [2, 3]);
  expectSameTensor(
    model.forward(swapped(tokens), { batchFirst: false }).output,
    model.forward(tokens).output,
  );
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Keras's equations in float64: z = x W + h U + b, gates by their letters. */
function kerasLstm(
  order: string,
  x: number[][],
  W: Tensor,
  U: Tensor,
  b: Tensor,
  forgetBias = 0,
): number[] {
  const H = U.shape[0]!;
  let h = Array<number>(H).fill(0);
  let c = Array<number>(H).fill(0);
  for (const frame of x) {
    const z = Array.from(b.data, (bias, column) => {
      let sum = bias;
      frame.forEach((v, i) => (sum += v * W.data[i * 4 * H + column]!));
      h.forEach((v, i) => (sum += v * U.data[i * 4 * H + column]!));
      return sum;
    });
    const gate = (letter: string, u: number) =>
      z[order.indexOf(letter) * H + u]!;
    c = c.map(
      (old, u) =>
        sigmoid(gate("f", u) + forgetBias) * old +
        sigmoid(gate("i", u)) * Math.tanh(gate("c", u)),
    );
    h = c.map((cell, u) => sigmoid(gate("o", u)) * Math.tanh(cell));
  }
  return h;
}

const close = (got: Float32Array, expected: readonly number[]) => {
  expect(got.length).toBe(expected.length);
  expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 5));
};

test("LSTM.fromKerasWeights: Keras's arrays, and a BasicLSTMCell's", () => {
  const [I, H] = [3, 5];
  const W = random.tensor([I, 4 * H]);
  const U = random.tensor([H, 4 * H]);
  const b = random.tensor([4 * H]);
  const x = [...Array(6).keys()].map(() => [...random.tensor([I]).data]);
  const last = { returnSequences: false };
  const keras = LSTM.fromKerasWeights([W, U, b], last);
  expect(keras.options).toMatchObject({
    inputSize: I,
    hiddenSize: H,
    bias: true,
  });
  close(keras.forward(x).output.data, kerasLstm("ifco", x, W, U, b));
  const joint = {
    shape: [I + H, 4 * H],
    data: Float32Array.from([...W.data, ...U.data]),
  };
  const basic = LSTM.fromKerasWeights([joint, b], {
    ...last,
    gateOrder: "ijfo",
    forgetBias: 1,
  });
  close(basic.forward(x).output.data, kerasLstm("icfo", x, W, U, b, 1));
  const none = LSTM.fromKerasWeights([W, U], last);
  expect(none.options.bias).toBe(false);
  const zero = { shape: [4 * H], data: new Float32Array(4 * H) };
  close(none.forward(x).output.data, kerasLstm("ifco", x, W, U, zero));
});

test("GRU.fromKerasWeights: both shapes of the bias", () => {
  const [I, H] = [2, 4];
  const W = random.tensor([I, 3 * H]);
  const U = random.tensor([H, 3 * H]);
  for (const resetAfter of [true, false]) {
    const b = random.tensor(resetAfter ? [2, 3 * H] : [3 * H]);
    const gru = GRU.fromKerasWeights([W, U, b], { returnSequences: false });
    expect(gru.options.resetAfter).toBe(resetAfter);
    const x = [...Array(5).keys()].map(() => [...random.tensor([I]).data]);
    let h = Array<number>(H).fill(0);
    for (const frame of x) {
      const input = (block: number, u: number) => {
        const column = block * H + u;
        let sum = b.data[column]!;
        frame.forEach((v, i) => (sum += v * W.data[i * 3 * H + column]!));
        return sum;
      };
      const hidden = (block: number, u: number, from: number[]) => {
        const column = block * H + u;
        let sum = resetAfter ? b.data[3 * H + column]! : 0;
        from.forEach((v, i) => (sum += v * U.data[i * 3 * H + column]!));
        return sum;
      };
      const old = h;
      const r = old.map((_, u) => sigmoid(input(1, u) + hidden(1, u, old)));
      h = old.map((before, u) => {
        const z = sigmoid(input(0, u) + hidden(0, u, old));
        const inner = resetAfter
          ? r[u]! * hidden(2, u, old)
          : hidden(
              2,
              u,
              old.map((v, i) => v * r[i]!),
            );
        return z * before + (1 - z) * Math.tanh(input(2, u) + inner);
      });
    }
    close(gru.forward(x).output.data, h);
  }
});

test("weights that are not Keras's are told by their places", () => {
  const W = random.tensor([2, 12]);
  const U = random.tensor([3, 12]);
  const make =
    (weights: Tensor[], options = {}) =>
    () =>
      LSTM.fromKerasWeights(weights, options);
  expect(make([])).toThrow(
    /^weights: expected \[kernel, recurrent_kernel, bias\]/,
  );
  expect(make([W, random.tensor([4, 12])])).toThrow(
    /^weights\[1\]: expected a recurrent kernel \[3, 12\], got \[4, 12\]$/,
  );
  expect(make([W, U, random.tensor([11])])).toThrow(
    /^weights\[2\]: expected a bias \[12\], got \[11\]$/,
  );
  expect(make([W, U], { gateOrder: "ifxo" })).toThrow(
    /^gateOrder: expected the letters ifco in some order, got "ifxo"$/,
  );
  expect(make([W, U], { forgetBias: "1" })).toThrow(
    /^forgetBias: expected a finite number/,
  );
});

test("RNN.fromKerasWeights", () => {
  const W = tensor([0.5, -0.25], [1, 2]);
  const U = tensor([0.1, 0.2, 0.3, 0.4], [2, 2]);
  const rnn = RNN.fromKerasWeights([W, U, tensor([0.01, 0.02])]);
  const [a, b] = [Math.tanh(0.51), Math.tanh(-0.23)];
  const second = [
    Math.tanh(1.01 + 0.1 * a + 0.3 * b),
    Math.tanh(-0.48 + 0.2 * a + 0.4 * b),
  ];
  close(rnn.forward([[1], [2]]).output.data, [a, b, ...second]);
  expect(RNN.fromKerasWeights([W, U], { gateOrder: "i" }).stateDict()).toEqual(
    RNN.fromKerasWeights([W, U]).stateDict(),
  );
  expect(() => RNN.fromKerasWeights([W, U], { forgetBias: 1 })).toThrow(
    /^forgetBias: expected 0 for a RNN, got 1$/,
  );
});

test("a model's summary names its layers, sizes and parameters", () => {
  const model = new Sequential([
    new Embedding({ vocabSize: 9, size: 3, maskZero: true }),
    new GRU({ inputSize: 3, hiddenSize: 4, returnSequences: false }),
  ]);
  expect(`${model}`).toBe(
    [
      "Sequential: [B, T] → [B, 4], 135 parameters, whole sequences only",
      "  0: Embedding(9 tokens → 3, 0 masked)",
      "  1: GRU(3 → 4, last step only)",
    ].join("\n"),
  );
});
