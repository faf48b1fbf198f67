import { expect, test } from "vitest";
import type { Tensor } from "../../src/index.js";
import { type Batch, Trainer } from "../../src/training/index.js";
import { hashOf, numbers, smallModel } from "./support.js";

const whole: Batch = {
  input: numbers(1, 4, 9, 3),
  target: numbers(2, 4, 9, 2),
};
const once = { epochs: 1, batchSize: 4 };

/** The target with another number at one step of every row. */
function changedAt(step: number): Batch {
  const { shape, data } = whole.target as Tensor;
  const other = data.slice();
  for (let row = 0; row < 4; row++) other[(row * 9 + step) * 2] = 5;
  return { ...whole, target: { shape, data: other } };
}

async function trained(batch: Batch, skip: number) {
  const model = smallModel();
  const options = { loss: "mse", truncate: { steps: 3 }, skip } as const;
  const trainer = new Trainer(model, options);
  await trainer.fit(batch, once);
  return { hash: hashOf(model.stateDict()), steps: trainer.steps };
}

test("skip counts from the start of the sequences, not of the passes they are cut into", async () => {
  const plain = await trained(whole, 4);
  expect(plain.steps).toBe(2); // 0 to 3 moves the state alone
  for (const step of [0, 3])
    expect(await trained(changedAt(step), 4)).toEqual(plain);
  for (const step of [4, 6, 8])
    expect((await trained(changedAt(step), 4)).hash).not.toBe(plain.hash);
});

test("a pass past the ends of all rows makes no step, and those before are what they are without it", async () => {
  const lengths = [3, 1, 2, 3];
  const { steps } = await trained({ ...whole, lengths }, 0);
  expect(steps).toBe(1);
});

test("so does one whose targets are all ignored", async () => {
  const model = smallModel();
  const trainer = new Trainer(model, {
    loss: { name: "crossEntropy", ignore: -1 },
    truncate: { steps: 3 },
  });
  const data = new Float32Array(4 * 9).fill(-1);
  data[4 * 9 - 2] = 1;
  await trainer.fit({ ...whole, target: { shape: [4, 9], data } }, once);
  expect(trainer.steps).toBe(1);
});
