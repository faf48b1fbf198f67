import { expect, test } from "vitest";
import { Linear } from "../../src/index.js";
import { type Data, type Metric, Trainer } from "../../src/training/index.js";
import { numbers, smallModel } from "./support.js";

/** y = W x, so that outputs are known. */
function linear(
  weight: number[][],
  activation: "linear" | "sigmoid" = "linear",
) {
  const [row] = weight as [number[]];
  const model = new Linear({
    inputSize: row.length,
    outputSize: weight.length,
    bias: false,
    activation,
  });
  const data = Float32Array.from(weight.flat());
  model.loadStateDict({
    weight: { shape: [weight.length, row.length], data },
  });
  return model;
}
const eye = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

test("accuracy and perplexity of classes, over the steps that count", async () => {
  const trainer = new Trainer(linear(eye), {
    loss: { name: "crossEntropy", ignore: 9 },
  });
  const input = [
    [
      [2, 1, 0],
      [0, 3, 1],
      [0, 0, 1],
    ],
    [
      [1, 0, 0],
      [5, 0, 0],
      [0, 0, 0],
    ],
  ];
  const target = [
    [0, 2, 9],
    [0, 1, 1],
  ];
  const { loss, metrics } = await trainer.evaluate(
    { input, target, lengths: [3, 2] },
    { metrics: ["accuracy", "perplexity"] },
  );
  const log = (row: number[], id: number) =>
    Math.log(row.reduce((sum, x) => sum + Math.exp(x), 0)) -
    (row[id] as number);
  const mean =
    (log([2, 1, 0], 0) +
      log([0, 3, 1], 2) +
      log([1, 0, 0], 0) +
      log([5, 0, 0], 1)) /
    4;
  expect(loss).toBeCloseTo(mean, 6);
  expect(metrics.accuracy).toBe(2 / 4);
  expect(metrics.perplexity).toBeCloseTo(Math.exp(mean), 5);
});

test("accuracy of yes and no: 0.5 is the border, of sums 0", async () => {
  const input = [[[-1], [2], [0.3], [-0.2]]];
  const target = [[[0], [1], [0], [0]]];
  for (const activation of ["linear", "sigmoid"] as const) {
    const trainer = new Trainer(linear([[1]], activation), {
      loss: "binaryCrossEntropy",
    });
    const { metrics } = await trainer.evaluate(
      { input, target },
      { metrics: ["accuracy"] },
    );
    expect(metrics.accuracy).toBe(3 / 4);
  }
});

test("mae and esr", async () => {
  const trainer = new Trainer(linear([[1]]), { loss: "mse" });
  const { metrics } = await trainer.evaluate(
    { input: [[[1], [2], [4]]], target: [[[2], [2], [1]]] },
    { metrics: ["mae", "esr"] },
  );
  expect(metrics.mae).toBeCloseTo(4 / 3, 6);
  expect(metrics.esr).toBeCloseTo(10 / 9, 6);
});

test("it does not depend on the size of batches, and changes nothing", async () => {
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  const data = { input: numbers(1, 21, 5, 3), target: numbers(2, 21, 5, 2) };
  const metrics: Metric[] = ["mae"];
  const before = trainer.checkpoint();
  const by = await Promise.all(
    [1, 7, 32].map((batchSize) =>
      trainer.evaluate(data, { batchSize, metrics }),
    ),
  );
  for (const { loss, metrics: found } of by) {
    expect(loss).toBeCloseTo(by[0]?.loss as number, 9);
    expect(found.mae).toBeCloseTo(by[0]?.metrics.mae as number, 9);
  }
  expect(trainer.checkpoint()).toEqual(before);
});

test("a metric that does not suit the target, an abort and no data at all are told", async () => {
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  const data = { input: numbers(1, 2, 5, 3), target: numbers(2, 2, 5, 2) };
  const run = (given: Data, options: object) => () =>
    trainer.evaluate(given, options);
  await expect(run(data, { metrics: ["perplexity"] })).rejects.toThrow(
    "metrics: expected targets that fit perplexity, got [2, 5, 2]",
  );
  await expect(run(data, { metrics: ["f1"] })).rejects.toThrow(
    'metrics[0]: expected "accuracy"',
  );
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(run(data, { signal })).rejects.toBe(reason);
  await expect(run(data, { signal: {} })).rejects.toThrow(
    "signal: expected an AbortSignal",
  );
  await expect(run(() => [], {})).rejects.toThrow(
    "data: expected at least one batch, got none",
  );
});
