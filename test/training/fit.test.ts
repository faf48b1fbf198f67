import { expect, test } from "vitest";
import { type Progress, Trainer } from "../../src/training/index.js";
import {
  smallBatch,
  smallModel,
  tokenExamples,
  tokenModel,
} from "./support.js";

const learn = (model = tokenModel()) =>
  new Trainer(model, {
    loss: "crossEntropy",
    optimizer: { name: "adam", learningRate: 0.02 },
    dropout: { 1: { between: 0.1 } },
    seed: 3,
    backend: "simd",
  });
const examples = tokenExamples(70);
const FIT = {
  epochs: 4,
  batchSize: 16,
  validation: 0.2,
  metrics: ["accuracy", "perplexity"],
} as const;

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
