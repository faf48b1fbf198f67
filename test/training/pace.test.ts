import { expect, test } from "vitest";
import { Linear } from "../../src/index.js";
import { sourceOf } from "../../src/training/data.js";
import { Trainer } from "../../src/training/index.js";
import { Pace } from "../../src/training/pace.js";
import { Subject } from "../../src/training/subject.js";
import { hashOf } from "./support.js";

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
