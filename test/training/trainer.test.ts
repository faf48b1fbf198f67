import { describe, expect, test } from "vitest";
import { Linear, LSTM, Sequential, tensor } from "../../src/index.js";
import {
  type Progress,
  Trainer,
  TrainingError,
} from "../../src/training/index.js";
import { backends } from "../support/layers.js";
import {
  hashOf,
  numbers,
  smallBatch,
  smallModel,
  tokenExamples,
  tokenModel,
} from "./support.js";

const OPTIONS = {
  loss: "mse",
  optimizer: { name: "adam", learningRate: 0.01 },
  dropout: { 0: { input: 0.1, recurrent: 0.2, output: 0.1 } },
  backend: "simd",
} as const;

describe("step", () => {
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
      "dropout: expected indices of layers from 0 to 1, got 4",
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
});

describe("fit", () => {
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
      new Trainer(model, { ...OPTIONS, truncate: { steps: 8, burnIn: 5 } });
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

  test("patience ends it, and the best weights are the model's", async () => {
    const model = smallModel();
    const trainer = new Trainer(model, {
      loss: "mse",
      optimizer: { name: "sgd", learningRate: 0.5 },
      backend: "simd",
    });
    const noise = (seed: number) => ({
      input: numbers(seed, 8, 6, 3),
      target: numbers(seed + 1, 8, 6, 2),
    });
    const validation = noise(9);
    const { reason, best } = await trainer.fit(noise(5), {
      epochs: 200,
      validation,
      patience: 3,
    });
    expect(reason).toBe("patience");
    expect((await trainer.evaluate(validation)).loss).toBe(best?.loss);
  });

  /** A model, and validation whose first losses are NaN. */
  const blind = (bad: number, options = {}) => {
    const model = smallModel();
    let calls = 0;
    const { input, target } = smallBatch(8);
    const nan = Array.from({ length: 8 * 7 * 2 }, () => Number.NaN);
    const validation = () => [
      { input, target: calls++ < bad ? tensor(nan, [8, 7, 2]) : target },
    ];
    const trainer = new Trainer(model, {
      loss: "mse",
      optimizer: { name: "sgd", learningRate: 0.1 },
      backend: "simd",
      ...options,
    });
    const told: Progress[] = [];
    const run = async (fit: object) => {
      for await (const each of trainer.fit(smallBatch(), {
        validation,
        ...fit,
      }))
        if (each.type === "epoch") told.push(each);
      return told.map((each) => "best" in each && each.best);
    };
    return { model, trainer, run };
  };

  test("a validation loss that is NaN is not the best, nor stays it", async () => {
    const { model, trainer, run } = blind(2);
    expect(await run({ epochs: 4 })).toEqual([false, false, true, true]);
    const { input, target } = smallBatch(8);
    const { loss } = await trainer.evaluate({ input, target });
    expect(loss).toBeLessThan(1);
    expect(hashOf(model.stateDict())).toBe(
      hashOf(Trainer.resume(trainer.checkpoint()).model.stateDict()),
    );
  });

  test("it counts for patience, and there may be no best at all", async () => {
    const { model, trainer, run } = blind(Infinity);
    expect(await run({ epochs: 9, patience: 2 })).toEqual([false, false]);
    expect(trainer.epochs).toBe(2);
    expect(model.forward([[1, 0, 0]]).output.data.every(Number.isFinite)).toBe(
      true,
    );
  });

  test("patience 0 goes on while it gets better", async () => {
    const { run } = blind(0);
    expect(await run({ epochs: 3, patience: 0 })).toEqual([true, true, true]);
  });

  test("a plateau's best is not NaN: the rate stays while losses fall", async () => {
    const schedule = { name: "plateau", patience: 0, factor: 0.1 };
    const { trainer, run } = blind(1, { schedule });
    await run({ epochs: 5 });
    const rates: number[] = [];
    const more = { epochs: 1, validation: smallBatch() };
    for await (const each of trainer.fit(smallBatch(), more))
      if (each.type === "step") rates.push(each.learningRate);
    // NaN at the first epoch is one without a better loss, and so one fall
    expect(rates).toEqual([expect.closeTo(0.01, 9)]);
  });

  test("what goes by validation losses refuses to run without them", () => {
    const { trainer } = blind(0);
    expect(() => trainer.fit(smallBatch(), { patience: 3 })).toThrow(
      "validation: expected data, for patience, got undefined",
    );
    const { trainer: other } = blind(0, { schedule: { name: "plateau" } });
    expect(() => other.fit(smallBatch())).toThrow(
      "validation: expected data, for this schedule, got undefined",
    );
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

  test("gives the thread back", async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    await learn().fit(examples, { ...FIT, epochs: 10, yieldEvery: 2 });
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(3);
  });
});

describe("options", () => {
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
    const run = (seed: number) =>
      new Trainer(smallModel(), { ...OPTIONS, seed });
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
});
