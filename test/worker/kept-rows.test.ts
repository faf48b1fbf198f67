import { expect, test } from "vitest";
import {
  type CheckedBatch,
  type RowSet,
  withOrigin,
} from "../../src/training/batch.js";
import { MOST_KEPT, SentRows } from "../../src/training/kept-rows.js";
import {
  type Hands,
  type ShardRequest,
  ShardWorker,
  startOf,
} from "../../src/training/remote.js";
import {
  type Data,
  type FitOptions,
  Trainer,
  type TrainerOptions,
} from "../../src/training/index.js";
import type { Model } from "../../src/training/subject.js";
import {
  hashOf,
  numbers,
  smallModel,
  tokenExamples,
  tokenModel,
} from "../training/support.js";

const OPTIONS: TrainerOptions = { loss: "mse", backend: "simd" };

/** Bytes of numbers in a message. */
function bytesIn(value: unknown): number {
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (Array.isArray(value) && value.every((each) => typeof each === "number"))
    return value.length * 8;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce((sum, each) => sum + bytesIn(each), 0);
}

/** The buffers in a message. */
const buffersIn = (value: unknown): unknown[] =>
  typeof value !== "object" || value === null
    ? []
    : ArrayBuffer.isView(value)
      ? [value.buffer]
      : Object.values(value).flatMap(buffersIn);

/** A training whose workers are in this thread, with what goes to them; `forgets`: the call before which one is a new one. */
function watched(model: Model, options: TrainerOptions, forgets = -1) {
  const start = startOf(model, options);
  const begin = () => new ShardWorker(start.bytes, start.options);
  const workers = [begin(), begin()];
  const given = new Set<unknown>();
  const sent: { bytes: number; back: boolean; answered: boolean }[] = [];
  const hands: Hands = {
    count: workers.length,
    compute(index, request: ShardRequest) {
      if (sent.length === forgets) workers[index] = begin();
      const { weights, ...rest } = structuredClone(request);
      const worker = workers[index] as ShardWorker;
      const answer = worker.compute({ weights, ...rest });
      const { back } = request;
      // a message takes its buffers along, so an answer has none that one before had
      const buffers = new Set(buffersIn(answer));
      expect([...buffers].filter((buffer) => given.has(buffer))).toEqual([]);
      for (const buffer of buffers) given.add(buffer);
      sent.push({ bytes: bytesIn(rest), back, answered: answer !== null });
      return Promise.resolve(answer);
    },
    statesAfter: (...given) =>
      Promise.resolve((workers[0] as ShardWorker).statesAfter(...given)),
  };
  return { training: start.begin(hands), sent };
}

async function same(
  make: () => Model,
  options: TrainerOptions,
  data: Data,
  fit: FitOptions,
  forgets?: number,
) {
  const model = make();
  await new Trainer(model, options).fit(data, fit);
  const { training, sent } = watched(make(), options, forgets);
  await training.fit(data, fit);
  expect(hashOf(training.session.weights)).toBe(hashOf(model.stateDict()));
  return sent;
}

test("examples go to a worker once: later epochs send their numbers", async () => {
  const options: TrainerOptions = { loss: "crossEntropy", backend: "simd" };
  const fit = { epochs: 3, batchSize: 20, validation: 0.25, metrics: [] };
  const sent = await same(tokenModel, options, tokenExamples(80), fit);
  const third = sent.length / 3;
  const bytes = (from: number, to: number) =>
    sent.slice(from, to).reduce((sum, each) => sum + each.bytes, 0);
  const first = bytes(0, third);
  for (const epoch of [1, 2])
    expect(bytes(epoch * third, (epoch + 1) * third)).toBeLessThan(first / 2);
  expect(sent.every(({ answered }) => answered)).toBe(true);
});

test.each<[string, Data, Partial<TrainerOptions>]>([
  [
    "rows of a batch with lengths, weights and a mask",
    {
      input: numbers(1, 40, 9, 3),
      target: numbers(2, 40, 9, 2),
      lengths: Array.from({ length: 40 }, (_, row) => 1 + (row % 9)),
      weights: {
        shape: [40],
        data: Float32Array.from({ length: 40 }, (_, i) => 1 + (i % 3)),
      },
      mask: {
        shape: [40, 9],
        data: Float32Array.from({ length: 360 }, (_, i) => Number(i % 7 > 0)),
      },
    },
    { accumulate: 2 },
  ],
  [
    "truncated, with weights of each step",
    {
      input: numbers(1, 20, 30, 3),
      target: numbers(2, 20, 30, 2),
      weights: {
        shape: [20, 30],
        data: Float32Array.from({ length: 600 }, (_, i) => 1 + (i % 5)),
      },
    },
    { truncate: { steps: 8, burnIn: 5 }, skip: 2 },
  ],
])("%s: the bits of none", async (_, data, own) => {
  const fit = { epochs: 3, batchSize: 12 };
  await same(smallModel, { ...OPTIONS, ...own }, data, fit);
});

test("a worker that has them no more is sent the batch whole", async () => {
  const data = { input: numbers(1, 32, 9, 3), target: numbers(2, 32, 9, 2) };
  const fit = { epochs: 4, batchSize: 16 };
  const sent = await same(smallModel, OPTIONS, data, fit, 9);
  expect(sent.filter(({ answered }) => !answered)).toHaveLength(1);
});

test("of data beyond what a worker keeps, the rest goes there with each batch", () => {
  const third = Math.floor(MOST_KEPT / 4 / 3); // floats
  const batchOf = (rows: readonly number[]): CheckedBatch => ({
    given: {
      data: new Float32Array(rows.length * third),
      batch: rows.length,
      steps: 1,
      batched: true,
    },
    target: { shape: [rows.length, 0], data: new Float32Array() },
    lengths: null,
    mask: null,
    weights: null,
    targetLengths: null,
    past: 0,
  });
  const set: RowSet = { row: (index) => ({ batch: batchOf([index]) }) };
  const sent = new SentRows();
  const kept = (...rows: number[]) => {
    const batch = sent.of(withOrigin(batchOf(rows), set, rows));
    return "batch" in batch ? null : batch.fresh.map(([row]) => row);
  };
  expect(kept(0, 1)).toEqual([0, 1]);
  expect(kept(1, 2, 3)).toBe(null);
  expect(kept(1, 0)).toEqual([]);
  expect(kept(2, 0)).toEqual([2]);
  expect(kept(3)).toBe(null);
});
