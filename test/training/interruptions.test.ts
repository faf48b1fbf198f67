import { describe, expect, test } from "vitest";
import { FormatError, type Sequential } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import {
  type FitOptions,
  type Loss,
  lossOf,
  Trainer,
  type TrainerOptions,
} from "../../src/training/index.js";
import {
  hashOf,
  numbers,
  smallBatch,
  smallModel,
  tokenModel,
  examples,
  FIT,
  learn,
} from "./support.js";

test.each([1, 6, 11])(
  "stopped at step %i, by a checkpoint, it goes on to the bit",
  async (stop) => {
    const model = tokenModel();
    await learn(model).fit(examples, FIT);
    const wanted = hashOf(model.stateDict());
    const trainer = learn();
    let bytes: Uint8Array | undefined;
    for await (const progress of trainer.fit(examples, FIT))
      if (progress.type === "step" && progress.step === stop) {
        bytes = trainer.checkpoint();
        break;
      }
    const resumed = Trainer.resume(bytes as Uint8Array);
    await resumed.trainer.fit(examples, FIT);
    expect(hashOf(resumed.model.stateDict())).toBe(wanted);
    // and so does the trainer that was left
    await trainer.fit(examples, FIT);
    expect(trainer.checkpoint()).toEqual(resumed.trainer.checkpoint());
  },
);

test("a truncated pass is stopped and goes on to the bit", async () => {
  const batch = { input: numbers(1, 9, 50, 3), target: numbers(2, 9, 50, 2) };
  const make = (model: Sequential) =>
    new Trainer(model, {
      loss: "mse",
      dropout: { 0: { input: 0.1, recurrent: 0.2, output: 0.1 } },
      truncate: { steps: 8, burnIn: 5 },
    });
  const model = smallModel();
  const fit = { epochs: 2, batchSize: 4 };
  await make(model).fit(batch, fit);
  const trainer = make(smallModel());
  for await (const progress of trainer.fit(batch, fit))
    if (progress.type === "step" && progress.step === 9) break;
  const resumed = Trainer.resume(trainer.checkpoint());
  await resumed.trainer.fit(batch, fit);
  expect(hashOf(resumed.model.stateDict())).toBe(hashOf(model.stateDict()));
});

test("an abort ends it after the running step, and both can go on", async () => {
  const abort = new AbortController();
  const trainer = learn();
  const steps: number[] = [];
  let reason = "";
  const fit = trainer
    .fit(examples, { ...FIT, signal: abort.signal })
    [Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await fit.next();
    if (done) {
      reason = (value as unknown as { reason: string }).reason;
      break;
    }
    if (value.type === "step") steps.push(value.step);
    if (steps.length === 3) abort.abort();
  }
  expect(reason).toBe("aborted");
  expect(trainer.steps).toBe(3);
  expect(await trainer.fit(examples, FIT)).toMatchObject({
    reason: "epochs",
    steps: 16,
  });
});

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

test("a loss of your own is in no file: it is given again", async () => {
  const own: Loss = (output, { target }) =>
    lossOf("mse", output, { input: [], target });
  const trainer = new Trainer(smallModel(), { loss: own });
  trainer.step(smallBatch(8, 5));
  const bytes = trainer.checkpoint();
  expect(() => Trainer.resume(bytes)).toThrow(
    "loss: expected the function that the training had, got undefined",
  );
  const resumed = Trainer.resume(bytes, { loss: own });
  expect(resumed.trainer.steps).toBe(1);
  resumed.trainer.step(smallBatch(8, 5));
  trainer.step(smallBatch(8, 5));
  expect(resumed.trainer.checkpoint()).toEqual(trainer.checkpoint());
});

test("what is no checkpoint is refused", () => {
  expect(() => Trainer.resume(smallModel().save())).toThrow(FormatError);
  const bytes = new Trainer(smallModel(), { loss: "mse" }).checkpoint();
  expect(() => Trainer.resume(bytes.slice(0, -5))).toThrow(FormatError);
});

describe("one fit at a time", () => {
  const make = () => new Trainer(smallModel(), { loss: "mse" });
  const data = smallBatch();
  const options = { epochs: 2, batchSize: 4 };
  const whole = async () => {
    const trainer = make();
    await trainer.fit(data, options);
    return trainer;
  };

  test("another that is begun meanwhile is refused, and takes no batch from the first", async () => {
    const trainer = make();
    const first = trainer.fit(data, options).then((summary) => summary);
    const second = trainer.fit(data, options).then((summary) => summary);
    await expect(second).rejects.toThrow(
      "fit: expected no other of this trainer under way, got one that was not awaited",
    );
    expect(await first).toMatchObject({ reason: "epochs", epochs: 2 });
    expect(trainer.checkpoint()).toEqual((await whole()).checkpoint());
  });

  test("one that goes on after another began is told; the other has its place", async () => {
    const trainer = make();
    const left = trainer.fit(data, options)[Symbol.asyncIterator]();
    await left.next();
    await trainer.fit(data, options);
    await expect(left.next()).rejects.toThrow(
      "fit: expected no other of this trainer under way, got one that began since",
    );
    expect(trainer.checkpoint()).toEqual((await whole()).checkpoint());
  });

  test("a fit runs once, looped over and awaited or awaited twice", async () => {
    const trainer = make();
    const fit = trainer.fit(data, options);
    let steps = 0;
    for await (const { type } of fit) if (type === "step") steps++;
    const summary = await fit;
    expect(summary).toMatchObject({ reason: "epochs", epochs: 2, steps });
    expect(await fit).toEqual(summary);
    expect(trainer.steps).toBe(steps);
    const awaited = trainer.fit(data, options);
    expect(await awaited).toEqual(await awaited);
    expect(trainer.steps).toBe(2 * steps);
  });
});
