import { expect, test } from "vitest";
import {
  type FitOptions,
  Trainer,
  type TrainerOptions,
} from "../../src/training/index.js";
import { parse } from "../../src/safetensors.js";
import { hashOf, smallBatch, smallModel } from "./support.js";

/** Of several lengths. */
const DATA = smallBatch(24, 9);
const hashOfCheckpoint = (bytes: Uint8Array) => {
  const tensors = Object.entries(parse(bytes).tensors);
  return hashOf(
    Object.fromEntries(
      tensors.map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data as Float32Array) },
      ]),
    ),
  );
};

const CASES: Record<string, { options: TrainerOptions; fit: FitOptions }> = {
  "best weights, patience and a plateau": {
    options: {
      loss: "mse",
      optimizer: { name: "adam", learningRate: 0.02 },
      schedule: { name: "plateau", patience: 0, minDelta: 0.01 },
    },
    fit: { epochs: 6, batchSize: 8, validation: 0.3, patience: 2 },
  },
  "a truncated pass with burn-in": {
    options: { loss: "mse", truncate: { steps: 3, burnIn: 2 } },
    fit: { epochs: 2, batchSize: 9 },
  },
  "accumulated batches and dropout": {
    options: {
      loss: "mse",
      accumulate: 2,
      dropout: { 0: { recurrent: 0.2, output: 0.1 } },
    },
    fit: { epochs: 2, batchSize: 5 },
  },
};

for (const [name, { options, fit }] of Object.entries(CASES))
  test(`${name}: a checkpoint of any moment goes on to the bit`, async () => {
    const begin = () => new Trainer(smallModel(), options);
    const whole = begin();
    await whole.fit(DATA, fit);
    const expected = hashOfCheckpoint(whole.checkpoint());
    // another task takes one whenever the thread is given back, in the middle of batches and validations too
    const trainer = begin();
    const kept = new Map<string, Uint8Array>();
    let running = true;
    const watch = () => {
      const bytes = trainer.checkpoint();
      kept.set(hashOfCheckpoint(bytes) + bytes.length, bytes);
      if (running) setImmediate(watch);
    };
    watch();
    const progress = trainer.fit(DATA, { ...fit, yieldEvery: 0 });
    for await (const _ of progress) watch();
    running = false;
    expect(kept.size).toBeGreaterThan(6);
    for (const bytes of kept.values()) {
      const { trainer: other } = Trainer.resume(bytes);
      // unless it was taken at the end
      if (hashOfCheckpoint(bytes) !== expected) await other.fit(DATA, fit);
      expect(hashOfCheckpoint(other.checkpoint())).toBe(expected);
    }
  }, 30_000);
