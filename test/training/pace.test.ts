import { expect, test } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { sourceOf } from "../../src/training/data.js";
import { Trainer } from "../../src/training/index.js";
import { Pace } from "../../src/training/pace.js";
import { Subject } from "../../src/training/subject.js";
import { hashOf, numbers } from "./support.js";

/** A clock that goes on when it is told to. */
function clockOf() {
  let time = 0;
  return { now: () => time, pass: (ms: number) => (time += ms) };
}

test("the thread is given back after so many milliseconds, and not before", async () => {
  const clock = clockOf();
  const pace = new Pace(12, clock.now);
  const given: number[] = [];
  let at = 0;
  const give = pace.give.bind(pace);
  pace.give = () => {
    given.push(at);
    return give();
  };
  await pace.during(
    (function* () {
      for (at = 1; at <= 9; at++) {
        clock.pass(5);
        yield;
      }
    })(),
  );
  expect(given).toEqual([3, 6, 9]);
});

const examples = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ input: [[i]], target: [[i]] }));
const options = { batchSize: 8, shuffle: true, seed: 0, ctc: false };

test("examples are checked 256 at a time", () => {
  const subject = new Subject(new Linear({ inputSize: 1, outputSize: 1 }));
  let looked = 0;
  const watched = new Proxy(examples(1000), {
    get(list, key, self) {
      if (/^\d+$/.test(String(key))) looked++;
      return Reflect.get(list, key, self);
    },
  });
  const source = sourceOf(subject, watched, options);
  const counts = [looked];
  for (const _ of source.check()) {
    counts.push(looked);
    expect(looked - (counts.at(-2) as number)).toBeLessThanOrEqual(256);
  }
  expect(looked).toBe(1000);
  expect(source.batches).toBe(125);
});

test("whichever example is wrong, fit says so before its first step", async () => {
  for (const wrong of [3, 700]) {
    const model = new Linear({ inputSize: 1, outputSize: 1, seed: 1 });
    const before = hashOf(model.stateDict());
    const data = examples(1000);
    data[wrong] = { input: [[1, 2]], target: [[1]] };
    const trainer = new Trainer(model, { loss: "mse" });
    await expect(async () => await trainer.fit(data)).rejects.toThrow(
      `data[${wrong}].input: expected [T, 1], got [1, 2]`,
    );
    expect(trainer.steps).toBe(0);
    expect(hashOf(model.stateDict())).toBe(before);
  }
});

/** One batch of one shard, of some 50 million multiply-adds. */
const long = () => {
  const model = new Sequential([
    new LSTM({ inputSize: 16, hiddenSize: 32, seed: 1 }),
    new Linear({ inputSize: 32, outputSize: 4, seed: 1 }),
  ]);
  const batch = {
    input: numbers(1, 8, 300, 16),
    target: numbers(2, 8, 300, 4),
  };
  const trainer = new Trainer(model, { loss: "mse", backend: "simd" });
  return { model, batch, trainer };
};
const once = { epochs: 1, batchSize: 8, yieldEvery: 0 };

/** Calls whenever the thread is given back, until the work is done. */
async function meanwhile(work: PromiseLike<unknown>, call: () => void) {
  let running = true;
  const tick = () => {
    if (!running) return;
    call();
    setImmediate(tick);
  };
  setImmediate(tick);
  await work;
  running = false;
}

test("fit gives it back within a shard of 8 rows, to the same bits", async () => {
  const { model, batch, trainer } = long();
  let ticks = 0;
  await meanwhile(trainer.fit(batch, once), () => ticks++);
  expect(ticks).toBeGreaterThan(10);
  const other = long();
  other.trainer.step(batch);
  expect(hashOf(model.stateDict())).toBe(hashOf(other.model.stateDict()));
});

test("what others ask of the trainer meanwhile waits, or is refused, and changes nothing", async () => {
  const { model, batch, trainer } = long();
  const evaluations: Promise<unknown>[] = [];
  const refused: unknown[] = [];
  let ticks = 0;
  await meanwhile(trainer.fit(batch, once), () => {
    // in the middle of its only batch
    if (ticks++ < 4 || trainer.steps) return;
    if (evaluations.length < 3)
      evaluations.push(trainer.evaluate(batch, { batchSize: 8 }));
    try {
      trainer.step(batch);
    } catch (error) {
      refused.push(error);
    }
  });
  expect(evaluations.length).toBe(3);
  await Promise.all(evaluations);
  expect(String(refused[0])).toMatch("step: expected no batch under way");
  expect(trainer.steps).toBe(1);
  const other = long();
  other.trainer.step(batch);
  expect(hashOf(model.stateDict())).toBe(hashOf(other.model.stateDict()));
});
