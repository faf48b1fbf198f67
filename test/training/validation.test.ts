import { expect, test } from "vitest";
import { tensor } from "../../src/index.js";
import { type Progress, Trainer } from "../../src/training/index.js";
import { hashOf, numbers, smallBatch, smallModel } from "./support.js";

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

/** Learns until its validation loss rises again: a rate that is too high in the end. */
const rising = (signal?: AbortSignal) => {
  const model = smallModel();
  const trainer = new Trainer(model, {
    loss: "mse",
    optimizer: { name: "sgd", learningRate: 0.05 },
    schedule: { name: "exponential", factor: 1.6 },
    clipNorm: Infinity,
    backend: "simd",
  });
  const options = {
    epochs: 16,
    validation: smallBatch(8),
    minDelta: 0.001,
    ...(signal && { signal }),
  };
  return { model, trainer, options };
};

test("whatever ends it, the best weights are the model's: an end, an abort, a loop that is left, an error", async () => {
  const abort = new AbortController();
  const { model: a, trainer: one, options } = rising(abort.signal);
  let best = Infinity;
  let hash = "";
  let last = Infinity;
  for await (const each of one.fit(smallBatch(), options))
    if (each.type === "epoch") {
      last = each.validation?.loss as number;
      if (each.best) {
        best = last;
        hash = hashOf(a.stateDict());
      }
      if (last > 2 * best) abort.abort();
    }
  expect(last).toBeGreaterThan(2 * best);
  expect(hashOf(a.stateDict())).toBe(hash);
  const worse = one.epochs;
  for (const leave of ["break", "throw", "end"]) {
    const { model, trainer, options: own } = rising();
    const run = async () => {
      for await (const each of trainer.fit(smallBatch(), {
        ...own,
        epochs: worse,
      }))
        if (each.type === "epoch" && each.epoch === worse) {
          if (leave === "break") break;
          if (leave === "throw") throw new Error("left");
        }
    };
    await run().catch(() => undefined);
    expect(hashOf(model.stateDict()), leave).toBe(hash);
  }
  const { model, trainer, options: own } = rising();
  await trainer.fit(smallBatch(), {
    ...own,
    epochs: worse,
    restoreBest: false,
  });
  expect(hashOf(model.stateDict())).not.toBe(hash);
  expect((await trainer.evaluate(own.validation)).loss).toBe(last);
});

test("minDelta: a loss that is better by less does not count", async () => {
  const { trainer, options } = rising();
  const told: boolean[] = [];
  const fit = { ...options, epochs: 2, minDelta: 100 };
  for await (const each of trainer.fit(smallBatch(), fit))
    if (each.type === "epoch") told.push(each.best);
  expect(told).toEqual([true, false]);
});
