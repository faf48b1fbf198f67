import { expect, test } from "vitest";
import { Linear } from "../../src/index.js";
import type { Tensor } from "../../src/index.js";
import {
  type Batch,
  type Data,
  type Example,
  type FitOptions,
  lossOf,
  Trainer,
} from "../../src/training/index.js";
import { numbers, smallModel, tokenModel } from "./support.js";

/** What a fit gave the loss, batch by batch: the inputs' rows. */
async function batchesOf(data: Data, fit: FitOptions, seed = 0) {
  const seen: number[][][] = [];
  const model = new Linear({ inputSize: 1, outputSize: 1, seed: 1 });
  const trainer = new Trainer(model, {
    seed,
    loss(output, { input, lengths }) {
      const { shape, data: values } = input as Tensor;
      const [rows, steps] = shape as [number, number];
      seen.push(
        Array.from({ length: rows }, (_, row) =>
          Array.from(
            values.slice(row * steps, row * steps + (lengths?.[row] ?? steps)),
          ),
        ),
      );
      const zero = new Float32Array(output.data.length);
      return { loss: 0, gradient: { shape: output.shape, data: zero } };
    },
  });
  await trainer.fit(data, fit);
  return seen;
}

/** Sequences of 1 to 9 steps, which hold their number. */
const examples = (count: number): Example[] =>
  Array.from({ length: count }, (_, i) => {
    const input = Array.from({ length: 1 + ((i * 7) % 9) }, () => [i]);
    return { input, target: input };
  });
const first = (rows: number[][]) => rows.map(([number]) => number as number);
const sorted = (list: number[]) => [...list].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);

test("examples are shuffled by the seed, anew in each epoch, and each is seen once", async () => {
  const fit = { epochs: 2, batchSize: 8 };
  const run = async (seed: number) =>
    (await batchesOf(examples(50), fit, seed)).map(first);
  const one = await run(1);
  expect(one.length).toBe(14);
  const [epoch, next] = [one.slice(0, 7).flat(), one.slice(7).flat()];
  expect(sorted(epoch)).toEqual(upTo(50));
  expect(sorted(next)).toEqual(upTo(50));
  expect(epoch).not.toEqual(next);
  expect(await run(1)).toEqual(one);
  expect(await run(2)).not.toEqual(one);
});

test("batches are of similar lengths, and in no order of them", async () => {
  const batches = await batchesOf(examples(90), { epochs: 1, batchSize: 9 });
  const lengths = batches.map((rows) => rows.map((row) => row.length));
  for (const own of lengths)
    expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
  const firsts = lengths.map(([length]) => length as number);
  expect(firsts).not.toEqual(sorted(firsts));
});

test("shuffle: false leaves them as they are", async () => {
  const fit = { epochs: 1, batchSize: 8, shuffle: false };
  expect((await batchesOf(examples(20), fit)).map(first)).toEqual([
    upTo(8),
    upTo(16).slice(8),
    upTo(20).slice(16),
  ]);
});

test("one big batch is cut by rows, which are shuffled", async () => {
  const data = Float32Array.from(upTo(20));
  const batch = {
    input: { shape: [10, 2, 1], data },
    target: { shape: [10, 2, 1], data },
  };
  const fit = { epochs: 1, batchSize: 4 };
  const seen = await batchesOf(batch, fit);
  expect(seen.map((rows) => rows.length)).toEqual([4, 4, 2]);
  const order = first(seen.flat());
  expect(sorted(order)).toEqual(upTo(10).map((row) => row * 2));
  expect(order).not.toEqual(sorted(order));
  for (const [a, b] of seen.flat()) expect(b).toBe((a as number) + 1);
  const plain = await batchesOf(batch, { ...fit, shuffle: false });
  expect(first(plain.flat())).toEqual(upTo(10).map((row) => row * 2));
});

test("what a function gives is not shuffled", async () => {
  const give = () =>
    upTo(3).map((i) => ({ input: [[[i]], [[i]]], target: [[[i]], [[i]]] }));
  expect((await batchesOf(give, { epochs: 2 })).map(first)).toEqual(
    [0, 1, 2, 0, 1, 2].map((i) => [i, i]),
  );
});

test("a share for validation is that of the last examples, and they are not trained on", async () => {
  const fit = { epochs: 1, batchSize: 8, validation: 0.3, shuffle: false };
  const seen = (await batchesOf(examples(10), fit)).map(first);
  expect(seen).toEqual([upTo(7), [7, 8, 9]]);
});

test("by default ten epochs of batches of 32", async () => {
  const seen = await batchesOf(examples(40), {});
  const sizes = sorted(seen.map((rows) => rows.length));
  expect(sizes).toEqual(upTo(20).map((i) => (i < 10 ? 8 : 32)));
});

test("a padded batch has the loss of its sequences, each step counting the same", async () => {
  const model = smallModel();
  const own = [5, 2, 7, 3].map((steps, i) => ({
    input: numbers(i, steps, 3),
    target: numbers(i + 9, steps, 2),
  }));
  const trainer = new Trainer(model, { loss: "mse" });
  let sum = 0;
  let count = 0;
  for (const { input, target } of own) {
    const { output } = model.forward(input);
    output.data.forEach((y, i) => {
      sum += (y - (target.data[i] as number)) ** 2;
      count++;
    });
  }
  const { loss } = await trainer.evaluate(own);
  expect(loss).toBeCloseTo(sum / count, 6);
});

test("weights are those of the mean, of rows or of steps, and an example's is its row's", async () => {
  const output = numbers(1, 2, 3, 2);
  const batch: Batch = { input: [], target: numbers(2, 2, 3, 2) };
  const errors = Array.from(
    output.data,
    (y, i) => (y - ((batch.target as Tensor).data[i] as number)) ** 2,
  );
  const mean = (weightOf: (step: number) => number) => {
    let sum = 0;
    let total = 0;
    errors.forEach((error, i) => {
      sum += error * weightOf(i >> 1);
      total += weightOf(i >> 1);
    });
    return sum / total;
  };
  const rows = [2, 0.5];
  const steps = [1, 0, 2, 0.5, 3, 0];
  expect(lossOf("mse", output, { ...batch, weights: rows }).loss).toBeCloseTo(
    mean((step) => rows[Math.floor(step / 3)] as number),
    6,
  );
  const each = { shape: [2, 3], data: Float32Array.from(steps) };
  expect(lossOf("mse", output, { ...batch, weights: each }).loss).toBeCloseTo(
    mean((step) => steps[step] as number),
    6,
  );
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  const input = numbers(3, 2, 3, 3);
  const target = numbers(4, 2, 3, 2);
  const row = ({ data }: Tensor, i: number, size: number) => ({
    shape: [3, size],
    data: data.slice(i * 3 * size, (i + 1) * 3 * size),
  });
  const weighted = rows.map((weight, i) => ({
    input: row(input, i, 3),
    target: row(target, i, 2),
    weight,
  }));
  expect((await trainer.evaluate(weighted)).loss).toBe(
    (await trainer.evaluate({ input, target, weights: rows })).loss,
  );
});

test("weights, examples and batches that are wrong are told by their names", () => {
  const trainer = new Trainer(smallModel(), { loss: "mse" });
  const input = numbers(1, 2, 3, 3);
  const target = numbers(2, 2, 3, 2);
  const step = (batch: object) => () => trainer.step(batch as Batch);
  expect(step({ input, target, weights: [1] })).toThrow(
    "weights: expected [2] or [2, 3], got [1]",
  );
  expect(step({ input, target, weights: [1, -1] })).toThrow(
    "weights: expected finite numbers of at least 0, got -1",
  );
  expect(step({ input, target, wieghts: [1, 1] })).toThrow(
    "batch: expected only input",
  );
  expect(step({ input: numbers(1, 3, 3), target })).toThrow(
    "input: expected [B, T, I], got a single sequence",
  );
  const fit = (data: unknown) => () => trainer.fit(data as Data);
  expect(fit([])).toThrow("data: expected at least one example");
  expect(fit([{ input: [[1, 2, 3]], target: [[1, 2]], weight: -1 }])).toThrow(
    "data[0].weight: expected a number of at least 0, got -1",
  );
  expect(fit(7)).toThrow(
    "data: expected examples, a batch or a function that gives batches, got 7",
  );
  const tokens = new Trainer(tokenModel(), { loss: "crossEntropy" });
  expect(() => tokens.fit([{ input: [7], target: [1] }])).toThrow(
    "data[0].input: expected",
  );
});
