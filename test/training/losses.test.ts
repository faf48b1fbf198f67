import { describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import {
  applyGradients,
  checkGradients,
  initialize,
  type Loss,
  lossOf,
  record,
} from "../../src/training/index.js";
import { numbers, smallBatch, smallModel, tokenModel } from "./support.js";

const classes = (rows: number, steps: number, count: number) =>
  Array.from({ length: rows }, (_, row) =>
    Array.from({ length: steps }, (__, t) => (row * 3 + t) % count),
  );

describe("gradients of losses against differences", () => {
  const numeric: Loss[] = [
    "mse",
    "mae",
    { name: "huber", delta: 0.3 },
    { name: "esr", preEmphasis: 0.85, dc: 0.5 },
    { name: "binaryCrossEntropy", positiveWeight: 2 },
    [{ loss: "mse" }, { loss: { name: "esr" }, weight: 0.3 }],
    (output, { target }) => {
      const t = (target as { data: Float32Array }).data;
      const e = output.data.map((y, i) => y - (t[i] as number));
      return {
        loss: e.reduce((sum, d) => sum + d * d, 0),
        gradient: { shape: output.shape, data: e.map((d) => 2 * d) },
      };
    },
  ];
  const target = numbers(2, 3, 5, 2);
  const zeroOne = {
    shape: target.shape,
    data: target.data.map((x) => (x > 0 ? 1 : 0)),
  };
  const weights = numbers(7, 3, 5);
  weights.data.forEach((x, i) => (weights.data[i] = Math.abs(x)));

  function holds(
    loss: Loss,
    output: ReturnType<typeof numbers>,
    batch: Parameters<typeof lossOf>[2],
  ) {
    const { gradient } = lossOf(loss, output, batch);
    output.data.forEach((value, i) => {
      const at = (x: number) => {
        const data = output.data.slice();
        data[i] = x;
        return {
          loss: lossOf(loss, { shape: output.shape, data }, batch).loss,
          x: data[i] as number,
        };
      };
      const [up, down] = [at(value + 1e-2), at(value - 1e-2)];
      expect(gradient.data[i]).toBeCloseTo(
        (up.loss - down.loss) / (up.x - down.x),
        3,
      );
    });
  }

  test.each(numeric.map((loss, i) => [i, loss] as const))("%i", (_, loss) => {
    const t = JSON.stringify(loss)?.includes("binary") ? zeroOne : target;
    holds(loss, numbers(1, 3, 5, 2), {
      input: [],
      target: t,
      lengths: [5, 3, 1],
      ...(typeof loss === "function" ? {} : { weights }),
    });
  });

  test("cross entropy of integers, with smoothing, weights and a class that is ignored", () => {
    const loss: Loss = {
      name: "crossEntropy",
      ignore: 2,
      smoothing: 0.1,
      classWeights: [1, 2, 3, 0.5],
    };
    holds(loss, numbers(1, 3, 5, 4), {
      input: [],
      target: classes(3, 5, 4) as never,
      lengths: [5, 3, 2],
    });
  });

  test("ctc, with repeated labels", () => {
    const output = numbers(1, 2, 6, 4);
    holds("ctc", output, {
      input: [],
      target: [
        [1, 1, 2],
        [3, 0, 0],
      ],
      targetLengths: [3, 1],
      lengths: [6, 4],
    });
  });
});

test("ctc is the sum over all alignments", () => {
  const output = numbers(4, 1, 4, 3);
  const logp = (t: number, c: number) => {
    const row = Array.from(output.data.slice(t * 3, t * 3 + 3));
    return (
      (row[c] as number) -
      Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0))
    );
  };
  let sum = 0;
  for (let path = 0; path < 81; path++) {
    const symbols = [0, 1, 2, 3].map((t) => Math.floor(path / 3 ** t) % 3);
    const read = symbols.filter((s, t) => s && s !== symbols[t - 1]);
    if (read.join() === "1,2")
      sum += Math.exp(symbols.reduce((all, s, t) => all + logp(t, s), 0));
  }
  const { loss } = lossOf("ctc", output, { input: [], target: [[1, 2]] });
  expect(loss).toBeCloseTo(-Math.log(sum) / 2, 10);
});

describe("checkGradients", () => {
  const models: [
    string,
    Sequential | LSTM,
    Parameters<typeof checkGradients>[1],
  ][] = [
    ["an LSTM and a Linear, lengths", smallModel(), smallBatch()],
    [
      "tokens",
      tokenModel(),
      { input: classes(3, 5, 7) as never, target: classes(3, 5, 7) as never },
    ],
    [
      "peepholes, clip and a mask, the last step of both directions",
      new LSTM({
        inputSize: 3,
        hiddenSize: 4,
        peepholes: true,
        clip: 0.8,
        direction: "bidirectional",
        mergeMode: "mul",
        returnSequences: false,
        maskRule: "state",
        learnedState: true,
        projSize: 2,
      }),
      {
        input: numbers(1, 2, 5, 3),
        target: numbers(2, 2, 2),
        mask: [
          [1, 0, 1, 1, 0],
          [0, 0, 0, 0, 0],
        ],
      },
    ],
    [
      "functions that few cells have",
      new Sequential([
        new GRU({
          inputSize: 2,
          hiddenSize: 5,
          activations: ["namSigmoid", "silu"],
          resetAfter: false,
          updateGate: "replace",
        }),
        new LSTM({
          inputSize: 5,
          hiddenSize: 3,
          activations: ["rnnoiseSigmoid", "selu", "namTanh"],
          coupledGates: true,
        }),
        new RNN({
          inputSize: 3,
          hiddenSize: 3,
          activations: ["softplus"],
          direction: "reverse",
          outputOrder: "processing",
          numLayers: 2,
        }),
        new Linear({ inputSize: 3, outputSize: 2, activation: "elu" }),
      ]),
      {
        input: numbers(1, 3, 6, 2),
        target: numbers(2, 3, 6, 2),
        lengths: [6, 2, 4],
      },
    ],
    [
      "masked tokens",
      new Sequential([
        new Embedding({ vocabSize: 5, size: 3, maskZero: true }),
        new GRU({ inputSize: 3, hiddenSize: 4, maskRule: "previous" }),
        new Linear({ inputSize: 4, outputSize: 2, activation: "softmax" }),
      ]),
      {
        input: [
          [0, 1, 0, 2],
          [3, 4, 0, 0],
        ],
        target: numbers(3, 2, 4, 2),
      },
    ],
  ];
  test.each(models)("%s", (_, model, batch) => {
    const { worst, passed } = checkGradients(model, batch);
    expect(passed, JSON.stringify(worst)).toBe(true);
  });

  test("finds a gradient that is wrong", () => {
    const { passed, worst } = checkGradients(smallModel(), smallBatch(), {
      loss: (output) => ({
        loss: output.data.reduce((a, b) => a + b * b, 0),
        gradient: output,
      }),
    });
    expect(passed).toBe(false);
    expect(worst.numeric / worst.analytic).toBeCloseTo(2, 3);
  });
});

describe("loops of one's own", () => {
  test("models are chained by state: an encoder's gradient comes through its decoder's", () => {
    const encoder = new GRU({ inputSize: 2, hiddenSize: 4 });
    const decoder = new GRU({ inputSize: 3, hiddenSize: 4 });
    const a = record(encoder, numbers(1, 2, 5, 2));
    const b = record(decoder, numbers(2, 2, 3, 3), { state: a.state });
    const gradient = { shape: b.output.shape, data: b.output.data.slice() };
    const back = b.backward({ output: gradient }, { state: true });
    const { parameters } = a.backward({ state: back.state as never });
    expect(parameters["weight_hh_l0"]?.data.some((x) => x !== 0)).toBe(true);
    expect(parameters["0.weight_hh_l0"]).toBe(parameters["weight_hh_l0"]);
    expect(() => a.backward({})).toThrow("backward: expected one call a tape");
  });

  test("applyGradients is the trainer's step", () => {
    const model = smallModel();
    const batch = { input: numbers(1, 3, 4, 3), target: numbers(2, 3, 4, 2) };
    let moments = {};
    let first = 0;
    let last = 0;
    for (let i = 0; i < 30; i++) {
      const tape = record(model, batch.input);
      const { loss, gradient } = lossOf("mse", tape.output, batch);
      last = loss;
      first ||= loss;
      const { parameters } = tape.backward({ output: gradient });
      ({ moments } = applyGradients(
        model,
        parameters,
        { name: "adam", learningRate: 0.02 },
        moments,
      ));
    }
    expect(last).toBeLessThan(0.7 * first);
  });
});

test("initialize draws by the seed: orthogonal U, glorot W, a forget bias", () => {
  const model = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 6 }),
    new Linear({ inputSize: 6, outputSize: 2 }),
  ]);
  initialize(model, {
    seed: 1,
    recurrent: "orthogonal",
    input: "glorot",
    forgetBias: 2,
  });
  const {
    "0.weight_hh_l0": u,
    "0.bias_ih_l0": b,
    "0.weight_ih_l0": w,
  } = model.stateDict();
  const row = (i: number) => u?.data.slice(i * 6, (i + 1) * 6) as Float32Array;
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, i) => sum + value * (y[i] as number), 0);
  expect(dot(row(7), row(7))).toBeCloseTo(1, 5);
  expect(dot(row(7), row(9))).toBeCloseTo(0, 5);
  expect(Array.from(b?.data.slice(6, 12) as Float32Array)).toEqual(
    Array.from({ length: 6 }, () => 2),
  );
  expect(Math.max(...(w?.data ?? []))).toBeGreaterThan(0.5);
  const before = model.stateDict();
  initialize(model, {
    seed: 1,
    recurrent: "orthogonal",
    input: "glorot",
    forgetBias: 2,
  });
  expect(model.stateDict()).toEqual(before);
});
