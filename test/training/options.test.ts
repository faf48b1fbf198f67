import { expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { Trainer, type TrainerOptions } from "../../src/training/index.js";
import { hashOf, numbers, smallBatch, smallModel, OPTIONS } from "./support.js";

test("frozen parameters stay to the bit; rates by layer are factors", () => {
  const model = smallModel();
  const before = model.stateDict();
  new Trainer(model, {
    loss: "mse",
    optimizer: { name: "sgd", learningRate: 0.1 },
    clipNorm: Infinity,
    freeze: ["0."],
    learningRates: { "1.bias": 10 },
  }).step(smallBatch());
  const plain = smallModel();
  new Trainer(plain, {
    loss: "mse",
    optimizer: { name: "sgd", learningRate: 0.1 },
    clipNorm: Infinity,
  }).step(smallBatch());
  const after = model.stateDict();
  const other = plain.stateDict();
  expect(after["0.weight_hh_l0"]).toEqual(before["0.weight_hh_l0"]);
  expect(after["1.weight"]).toEqual(other["1.weight"]);
  after["1.bias"]?.data.forEach((value, i) => {
    const start = before["1.bias"]?.data[i] as number;
    expect(value - start).toBeCloseTo(
      10 * ((other["1.bias"]?.data[i] as number) - start),
      5,
    );
  });
});

test("dropout is none in evaluation, and a seed draws another", async () => {
  const run = (seed: number) => new Trainer(smallModel(), { ...OPTIONS, seed });
  const { loss } = await run(0).evaluate(smallBatch());
  expect((await run(1).evaluate(smallBatch())).loss).toBe(loss);
  expect(run(0).step(smallBatch()).loss).toBe(run(0).step(smallBatch()).loss);
  expect(run(1).step(smallBatch()).loss).not.toBe(
    run(0).step(smallBatch()).loss,
  );
});

test("scheduled sampling feeds the model's own outputs", () => {
  const model = () =>
    new Sequential([
      new LSTM({ inputSize: 2, hiddenSize: 5, seed: 1 }),
      new Linear({ inputSize: 5, outputSize: 2, seed: 2 }),
    ]);
  const batch = { input: numbers(1, 3, 6, 2), target: numbers(2, 3, 6, 2) };
  const loss = (scheduledSampling: number) =>
    new Trainer(model(), {
      loss: "mse",
      scheduledSampling,
      backend: "simd",
    }).step(batch).loss;
  // always its own: what forecast does from the first step on
  const { data } = model().forecast(
    { shape: [1, 2], data: batch.input.data.slice(0, 2) },
    6,
  );
  const one = {
    input: { shape: [1, 6, 2], data: batch.input.data.slice(0, 12) },
    target: { shape: [1, 6, 2], data },
  };
  const own = new Trainer(model(), {
    loss: "mse",
    scheduledSampling: 1,
    backend: "simd",
  });
  expect(own.step(one).loss).toBeLessThan(1e-12);
  expect(loss(0.5)).not.toBe(loss(0));
});

test("how often inputs are sampled goes in a line from one probability to another", () => {
  const model = () => new LSTM({ inputSize: 2, hiddenSize: 2, seed: 1 });
  const batch = { input: numbers(1, 3, 6, 2), target: numbers(2, 3, 6, 2) };
  const run = (scheduledSampling: TrainerOptions["scheduledSampling"]) => {
    const trainer = new Trainer(model(), {
      loss: "mse",
      optimizer: { name: "sgd", learningRate: 0 },
      ...(scheduledSampling !== undefined && { scheduledSampling }),
      backend: "simd",
    });
    return Array.from({ length: 4 }, () => trainer.step(batch).loss);
  };
  const never = run(undefined);
  const always = run(1);
  const ramp = run({ from: 0, to: 1, steps: 2 });
  expect(ramp[0]).toBe(never[0]);
  expect(ramp.slice(2)).toEqual(always.slice(2));
  expect(ramp[1]).not.toBe(never[1]);
  expect(run(0)).toEqual(never);
});

test("deterministic never chooses relaxed SIMD", () => {
  const run = (options: object) => {
    const model = smallModel();
    new Trainer(model, { loss: "mse", ...options }).step(smallBatch());
    return hashOf(model.stateDict());
  };
  expect(run({ deterministic: true })).toBe(run({ backend: "simd" }));
});

test("options that are wrong are told by their names", () => {
  const make = (more: object) => () =>
    new Trainer(smallModel(), { loss: "mse", ...more });
  const wrong: [object, string][] = [
    [{ clipNorm: 0 }, "clipNorm: expected a number above 0, got 0"],
    [{ accumulate: 0.5 }, "accumulate: expected a positive integer, got 0.5"],
    [{ truncate: { steps: 0 } }, "truncate.steps: expected a positive integer"],
    [{ truncate: {} }, "truncate.steps: expected"],
    [{ skip: -1 }, "skip: expected"],
    [{ freeze: "0." }, "freeze: expected an array of names"],
    [{ learningRates: { "0.": -1 } }, 'learningRates["0."]: expected'],
    [{ learningRates: { "7.": 1 } }, "learningRates: expected a beginning of"],
    [
      { dropout: { 0: { input: 1 } } },
      "dropout[0].input: expected a number from 0 to less than 1, got 1",
    ],
    [
      { scheduledSampling: 0.5 },
      "scheduledSampling: expected as many outputs as inputs, got 2 and 3",
    ],
    [{ seed: -0.5 }, "seed: expected"],
    [{ memory: 0 }, "memory: expected a positive integer, got 0"],
    [{ backend: "gpu" }, "backend: expected"],
    [{ deterministic: 1 }, "deterministic: expected"],
    [
      { optimizer: { name: "sgd" } },
      "optimizer.learningRate: expected a number from 0, got undefined",
    ],
    [
      { optimizer: { name: "adam", betas: [0.9, 1] } },
      "optimizer.betas[1]: expected a number from 0 to less than 1, got 1",
    ],
    [{ schedule: { name: "cosine" } }, "schedule.steps: expected"],
    [{ loss: { name: "huber", delta: "1" } }, "loss.delta: expected"],
    [{ loss: [{ loss: "mse", weight: NaN }] }, "loss[0].weight: expected"],
  ];
  for (const [more, message] of wrong) expect(make(more)).toThrow(message);
});
