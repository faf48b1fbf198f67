import { expect, test } from "vitest";
import { type Progress, Trainer } from "../../src/training/index.js";
import { smallBatch, smallModel, examples, FIT, learn } from "./support.js";

test("tells of steps and epochs, and in the end of all", async () => {
  const trainer = learn();
  const all: Progress[] = [];
  for await (const progress of trainer.fit(examples, FIT)) all.push(progress);
  const epochs = all.filter((progress) => progress.type === "epoch");
  expect(epochs.length).toBe(4);
  expect(all.length).toBe(4 * (4 + 1));
  expect(epochs[3]?.validation?.metrics.accuracy).toBeGreaterThan(
    epochs[0]?.validation?.metrics.accuracy as number,
  );
  expect(epochs[0]?.validation?.metrics.perplexity).toBeCloseTo(
    Math.exp(epochs[0]?.validation?.loss as number),
    6,
  );
  const summary = await trainer.fit(examples, { ...FIT, epochs: 1 });
  expect(summary).toMatchObject({ reason: "epochs", epochs: 5, steps: 20 });
});

test("batches of a function are an epoch a call", async () => {
  const trainer = new Trainer(smallModel(), { loss: "mse", accumulate: 2 });
  let calls = 0;
  const summary = await trainer.fit(
    async function* () {
      calls++;
      for (let i = 0; i < 5; i++) yield smallBatch();
    },
    { epochs: 2 },
  );
  expect(calls).toBe(2);
  expect(summary).toMatchObject({ epochs: 2, steps: 6 });
});

test("progress says where it is", async () => {
  const all: Progress[] = [];
  const fit = { epochs: 1, batchSize: 32 };
  for await (const each of learn().fit(examples, fit)) all.push(each);
  const finite = expect.any(Number) as number;
  expect(all).toEqual([
    ...[1, 2, 3].map((batch) => ({
      type: "step",
      step: batch,
      epoch: 1,
      batch,
      batches: 3,
      loss: finite,
      gradientNorm: finite,
      learningRate: 0.02,
    })),
    {
      type: "epoch",
      epoch: 1,
      loss: finite,
      validation: null,
      best: false,
      seconds: finite,
    },
  ]);
  const losses = all.map(({ loss }) => loss);
  expect(losses[3]).toBeCloseTo(
    ((losses[0] as number) + (losses[1] as number) + (losses[2] as number)) / 3,
    12,
  );
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  const give = () => [smallBatch()];
  for await (const each of trainer.fit(give, { epochs: 1 }))
    if (each.type === "step") expect(each.batches).toBeNull();
});

test("options of fit that are wrong are told by their names", () => {
  const fit = (options: object) => () => learn().fit(examples, options);
  const wrong: [object, string][] = [
    [{ epochs: 0 }, "epochs: expected a positive integer, got 0"],
    [{ batchSize: 1.5 }, "batchSize: expected a positive integer, got 1.5"],
    [{ shuffle: 1 }, "shuffle: expected"],
    [
      { validation: 1 },
      "validation: expected data, or a share between 0 and 1",
    ],
    [
      { validation: 0.999 },
      "validation: expected a share that leaves examples",
    ],
    [{ metrics: ["auc"] }, "metrics[0]: expected"],
    [{ minDelta: -1 }, "minDelta: expected a number of at least 0, got -1"],
    [{ signal: 1 }, "signal: expected an AbortSignal, got 1"],
    [{ yieldEvery: NaN }, "yieldEvery: expected"],
    [{ epoch: 1 }, "options: expected only epochs"],
  ];
  for (const [options, message] of wrong) expect(fit(options)).toThrow(message);
});
