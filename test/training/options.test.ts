import { expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { Trainer } from "../../src/training/index.js";
import { hashOf, numbers, smallBatch, smallModel } from "./support.js";

const OPTIONS = {
  loss: "mse",
  optimizer: { name: "adam", learningRate: 0.01 },
  dropout: { 0: { input: 0.1, recurrent: 0.2, output: 0.1 } },
  backend: "simd",
} as const;

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
