import { expect, test } from "vitest";
import { Trainer, type TrainerOptions } from "../../src/training/index.js";
import {
  hashOf,
  numbers,
  smallBatch,
  smallModel,
  tokenExamples,
  tokenModel,
} from "../training/support.js";
import { openPools } from "./open-pools.js";

const { open } = openPools();

const OPTIONS: TrainerOptions = {
  loss: "mse",
  optimizer: { name: "adam", learningRate: 0.01 },
  dropout: { 0: { recurrent: 0.2, input: 0.1 } },
  accumulate: 2,
  backend: "simd",
};

test("1, 2 and 4 workers come to the bits of none", async () => {
  const model = smallModel();
  const trainer = new Trainer(model, OPTIONS);
  const batch = smallBatch(45, 6);
  const losses = [0, 1, 2].map(() => trainer.step(batch).loss);
  const wanted = trainer.checkpoint();
  for (const workers of [1, 2, 4]) {
    const remote = await open({ workers: workers }).trainer(
      smallModel(),
      OPTIONS,
    );
    const steps = await Promise.all([0, 1, 2].map(() => remote.step(batch)));
    expect(steps.map(({ loss }) => loss)).toEqual(losses);
    const pulled = smallModel(9);
    await remote.pull(pulled);
    expect(hashOf(pulled.stateDict())).toBe(hashOf(model.stateDict()));
    expect(await remote.checkpoint()).toEqual(wanted);
    remote.dispose();
  }
});

test("fit in workers, left, taken up from a checkpoint here: the bits of one run", async () => {
  const options: TrainerOptions = {
    loss: "crossEntropy",
    seed: 2,
    backend: "simd",
  };
  const examples = tokenExamples(60);
  const fit = { epochs: 3, batchSize: 20, validation: 0.2 };
  const model = tokenModel();
  await new Trainer(model, options).fit(examples, fit);
  const remote = await open({ workers: 2 }).trainer(tokenModel(), options);
  for await (const progress of remote.fit(examples, fit))
    if (progress.type === "step" && progress.step === 4) break;
  const { model: resumed, trainer } = Trainer.resume(await remote.checkpoint());
  const summary = await trainer.fit(examples, fit);
  expect(summary.steps).toBe(9);
  expect(hashOf(resumed.stateDict())).toBe(hashOf(model.stateDict()));
  // and the other way
  const back = await open({ workers: 1 }).resume(trainer.checkpoint());
  expect(back.steps).toBe(9);
});

test("truncated, with a burn-in", async () => {
  const options: TrainerOptions = {
    loss: { name: "esr", preEmphasis: 0.9 },
    truncate: { steps: 8, burnIn: 5 },
    backend: "simd",
  };
  const batch = { input: numbers(1, 9, 30, 3), target: numbers(2, 9, 30, 2) };
  const model = smallModel();
  await new Trainer(model, options).fit(batch, { epochs: 2 });
  const remote = await open({ workers: 2 }).trainer(smallModel(), options);
  await remote.fit(batch, { epochs: 2 });
  const pulled = smallModel(3);
  await remote.pull(pulled);
  expect(hashOf(pulled.stateDict())).toBe(hashOf(model.stateDict()));
});

test("a wrong batch is told to whoever gave it, and a function refused", async () => {
  const pool = open({ workers: 1 });
  const remote = await pool.trainer(smallModel(), { loss: "mse" });
  const bad = { input: numbers(1, 2, 3, 3), target: numbers(1, 2, 3, 1) };
  await expect(remote.step(bad)).rejects.toThrow("target: expected [2, 3, 2]");
  const own = { loss: () => ({ loss: 0, gradient: numbers(1, 1) }) };
  await expect(pool.trainer(smallModel(), own)).rejects.toThrow(
    "loss: expected one by its name",
  );
});
