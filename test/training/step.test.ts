import { expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { Trainer, TrainingError } from "../../src/training/index.js";
import { backends } from "../support/layers.js";
import {
  hashOf,
  numbers,
  smallBatch,
  smallModel,
  tokenModel,
  OPTIONS,
} from "./support.js";

test("changes the model in place, and its streams", () => {
  const model = smallModel();
  const stream = model.stream();
  const before = stream.step([1, 0, 0]).slice();
  new Trainer(model, { ...OPTIONS, dropout: {} }).step(smallBatch());
  stream.reset();
  expect(stream.step([1, 0, 0])).not.toEqual(before);
});

test("a row's gradient does not depend on the rows beside it, but for its weight in the mean", () => {
  const whole = smallModel();
  const parts = smallModel();
  const rows = 16;
  const batch = {
    input: numbers(1, rows, 5, 3),
    target: numbers(2, rows, 5, 2),
  };
  const a = new Trainer(whole, { loss: "mse", backend: "simd" }).step(batch);
  const b = new Trainer(parts, {
    loss: "mse",
    accumulate: 2,
    backend: "simd",
  }).step(batch);
  expect(b.loss).toBeCloseTo(a.loss, 6);
  expect(b.gradientNorm).toBeCloseTo(a.gradientNorm, 6);
});

test("NaN stops it by name and leaves model and moments as they were", () => {
  const model = smallModel();
  const trainer = new Trainer(model, OPTIONS);
  trainer.step(smallBatch());
  const { input, target } = smallBatch();
  const before = trainer.checkpoint();
  const bad = numbers(3, 11, 7, 3);
  bad.data[20] = Number.NaN;
  const step = () => trainer.step({ input: bad, target });
  expect(step).toThrow(TrainingError);
  expect(step).toThrow("step 2: expected a finite number, got the loss");
  expect(trainer.checkpoint()).toEqual(before);
  expect(trainer.step({ input, target }).loss).toBeLessThan(10);
});

test("weights that somebody else gives the model are trained on from", () => {
  const model = smallModel();
  const trainer = new Trainer(model, { ...OPTIONS, dropout: {} });
  trainer.step(smallBatch());
  const other = smallModel(5);
  model.loadStateDict(other.stateDict());
  const { loss } = trainer.step(smallBatch());
  expect(loss).toBe(
    new Trainer(other, { ...OPTIONS, dropout: {} }).step(smallBatch()).loss,
  );
});

test("states carry over, and masked steps and those past the end have no loss", () => {
  const trainer = new Trainer(smallModel(), { ...OPTIONS, dropout: {} });
  const batch = smallBatch(3, 4);
  const { state } = trainer.step(batch);
  expect(state[0]?.hidden.shape).toEqual([1, 3, 6]);
  expect(state[1]).toBeNull();
  const target = numbers(2, 3, 4, 2);
  const wild = { shape: target.shape, data: target.data.slice() };
  wild.data.fill(1e6, 3 * 2, 4 * 2);
  const mask = [
    [1, 1, 1, 0],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ];
  const fresh = () => new Trainer(smallModel(), { ...OPTIONS, dropout: {} });
  const input = numbers(1, 3, 4, 3);
  expect(fresh().step({ input, target: wild, mask }).loss).toBe(
    fresh().step({ input, target, mask }).loss,
  );
});

test.each(backends)("%s: a hundred steps learn", (backend) => {
  const trainer = new Trainer(tokenModel(), {
    loss: "crossEntropy",
    optimizer: { name: "adam", learningRate: 0.03 },
    backend,
  });
  const input = Array.from({ length: 9 }, (_, i) =>
    Array.from({ length: 6 }, (__, t) => (i + t) % 7),
  );
  const target = input.map((row) => row.map((id) => (id + 1) % 7));
  let loss = 0;
  for (let i = 0; i < 100; i++) loss = trainer.step({ input, target }).loss;
  expect(loss).toBeLessThan(0.1);
});

test("js has the bits of simd after a hundred steps with dropout", () => {
  const after = (backend: "js" | "simd") => {
    const model = smallModel();
    const trainer = new Trainer(model, { ...OPTIONS, backend });
    for (let i = 0; i < 100; i++) trainer.step(smallBatch());
    return hashOf(model.stateDict());
  };
  expect(after("js")).toBe(after("simd"));
});

test("refuses by name what would be ignored", () => {
  const model = smallModel();
  const make = (more: object) => () =>
    new Trainer(model, { loss: "mse", ...more } as never);
  expect(make({ freeze: ["3."] })).toThrow(
    "freeze[0]: expected a beginning of 0.weight_ih_l0",
  );
  expect(make({ loss: "hinge" })).toThrow('loss: expected "mse", "mae"');
  expect(make({ rate: 1 })).toThrow("options: expected only loss");
  expect(make({ dropout: { 4: { input: 0.1 } } })).toThrow(
    'dropout: expected indices of layers from 0 to 1, got "4"',
  );
  expect(make({ optimizer: { name: "rmsprop" } })).toThrow(
    "optimizer.name: expected",
  );
  const trainer = new Trainer(model, { loss: "mse" });
  expect(() =>
    trainer.step({ input: numbers(1, 2, 3, 3), target: numbers(1, 2, 3, 1) }),
  ).toThrow("target: expected [2, 3, 2], got [2, 3, 1]");
  expect(() =>
    trainer.step({
      input: numbers(1, 2, 3, 3),
      target: numbers(1, 2, 3, 2),
      weights: [0, 0],
    }),
  ).toThrow("batch: expected at least one step that counts, got none");
});

test("a tape that does not fit is computed in pieces, with the same result", () => {
  const data = { input: numbers(1, 9, 40, 3), target: numbers(2, 9, 40, 2) };
  const options = {
    loss: { name: "esr", preEmphasis: 0.9, dc: 1 },
    backend: "simd",
  } as const;
  const whole = smallModel();
  const pieces = smallModel();
  const a = new Trainer(whole, options).step(data);
  const b = new Trainer(pieces, { ...options, memory: 100_000 }).step(data);
  expect(b.loss).toBe(a.loss);
  expect(b.gradientNorm).toBeCloseTo(a.gradientNorm, 6);
  const [x, y] = [whole.stateDict(), pieces.stateDict()];
  for (const name of Object.keys(x))
    x[name]?.data.forEach((value, i) =>
      expect(y[name]?.data[i]).toBeCloseTo(value, 5),
    );
});

test("a gradient that is not finite names its parameter, and nothing has changed", () => {
  const model = smallModel();
  const trainer = new Trainer(model, {
    loss(output, { weights }) {
      const data = new Float32Array(output.data.length).fill(1);
      if (weights) data[3] = Infinity;
      return { loss: 1, gradient: { shape: output.shape, data } };
    },
  });
  const { input, target } = smallBatch();
  trainer.step({ input, target });
  const before = hashOf(model.stateDict());
  const weights = Array.from({ length: 11 }, () => 1);
  try {
    trainer.step({ input, target, weights });
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(TrainingError);
    expect(error).toMatchObject({ step: 2, parameter: "0.weight_ih_l0" });
  }
  expect(hashOf(model.stateDict())).toBe(before);
  expect(trainer.steps).toBe(1);
});

test("a softmax that is certain has a finite loss: its sums are taken, no log of a rounded 0", () => {
  const last = new Linear({
    inputSize: 1,
    outputSize: 2,
    activation: "softmax",
  });
  last.loadStateDict({
    weight: { shape: [2, 1], data: Float32Array.of(0, 500) },
    bias: { shape: [2], data: new Float32Array(2) },
  });
  const trainer = new Trainer(last, { loss: "crossEntropy" });
  const { loss } = trainer.step({ input: [[[1]]], target: [[0]] });
  expect(loss).toBeCloseTo(500, 3);
});

test("a layer counts as a Sequential of one, its states as a list of one", () => {
  const layer = new LSTM({ inputSize: 3, hiddenSize: 2, seed: 1 });
  const chain = new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 2, seed: 1 }),
  ]);
  const batch = { input: numbers(1, 2, 4, 3), target: numbers(2, 2, 4, 2) };
  const options = { loss: "mse", freeze: ["0.bias"] } as const;
  const a = new Trainer(layer, options).step(batch);
  const b = new Trainer(chain, options).step(batch);
  expect(a).toEqual(b);
  expect(a.state.length).toBe(1);
  for (const [name, value] of Object.entries(layer.stateDict()))
    expect(chain.stateDict()[`0.${name}`]).toEqual(value);
});

test("a state that is handed on is where the next batch starts", () => {
  const trainer = () =>
    new Trainer(smallModel(), { loss: "mse", backend: "simd" });
  const whole = smallModel().forward(numbers(1, 2, 8, 3)).output;
  const half = (
    from: number,
    { data }: { data: Float32Array },
    size: number,
  ) => ({
    shape: [2, 4, size],
    data: Float32Array.of(
      ...data.slice(from * size, (from + 4) * size),
      ...data.slice((8 + from) * size, (12 + from) * size),
    ),
  });
  const input = numbers(1, 2, 8, 3);
  const one = trainer();
  const { state, loss } = one.step({
    input: half(0, input, 3),
    target: half(0, whole, 2),
  });
  expect(loss).toBeLessThan(1e-12);
  const second = { input: half(4, input, 3), target: half(4, whole, 2) };
  expect(trainer().step(second, state).loss).toBeLessThan(1e-12);
  expect(trainer().step(second).loss).toBeGreaterThan(1e-6);
});

test("a trainer that was disposed of says so", () => {
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  trainer.dispose();
  expect(() => trainer.step(smallBatch())).toThrow(
    "Trainer: expected one in use, got one that was disposed of",
  );
});
