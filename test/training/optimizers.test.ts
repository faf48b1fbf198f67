import { expect, test } from "vitest";
import { Linear } from "../../src/index.js";
import {
  applyGradients,
  type Batch,
  lossOf,
  type Optimizer,
  record,
  type Schedule,
  Trainer,
  type TrainerOptions,
} from "../../src/training/index.js";
import { numbers } from "./support.js";

const linear = () => new Linear({ inputSize: 3, outputSize: 2, seed: 1 });
const batch: Batch = {
  input: numbers(1, 4, 5, 3),
  target: numbers(2, 4, 5, 2),
};

/** The rates of so many steps of one epoch each, with validation losses where they are given. */
async function ratesOf(schedule: Schedule, steps: number, losses?: number[]) {
  let epoch = 0;
  const trainer = new Trainer(linear(), {
    loss: (output, { weights }) => ({
      // validation batches are those with weights
      loss: weights && losses ? (losses[epoch++] as number) : 1,
      gradient: {
        shape: output.shape,
        data: new Float32Array(output.data.length),
      },
    }),
    optimizer: { name: "sgd", learningRate: 2 },
    schedule,
  });
  const rates: number[] = [];
  const validation = { ...batch, weights: [1, 1, 1, 1] };
  for await (const progress of trainer.fit(batch, {
    epochs: steps,
    ...(losses && { validation }),
  }))
    if (progress.type === "step") rates.push(progress.learningRate / 2);
  return rates;
}
const close = (values: number[]) =>
  values.map((value) => expect.closeTo(value, 12) as number);

test("constant, and by default", async () => {
  expect(await ratesOf("constant", 3)).toEqual([1, 1, 1]);
  const trainer = new Trainer(linear(), { loss: "mse" });
  for await (const each of trainer.fit(batch, { epochs: 1 }))
    if (each.type === "step") expect(each.learningRate).toBe(1e-3);
});

test("cosine and linear: a warm-up to 1, then down to the end at the last of its steps, where they stay", async () => {
  const half = (done: number) => (1 + Math.cos(Math.PI * done)) / 2;
  expect(await ratesOf({ name: "cosine", steps: 4 }, 6)).toEqual(
    close([1, half(0.25), half(0.5), half(0.75), 0, 0]),
  );
  expect(
    await ratesOf({ name: "linear", steps: 6, warmup: 2, end: 0.2 }, 8),
  ).toEqual(close([0.5, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2]));
});

test("exponential: by the factor, at every step or every so many", async () => {
  expect(await ratesOf({ name: "exponential", factor: 0.5 }, 4)).toEqual(
    close([1, 0.5, 0.25, 0.125]),
  );
  expect(
    await ratesOf({ name: "exponential", factor: 0.5, every: 2 }, 5),
  ).toEqual(close([1, 1, 0.5, 0.5, 0.25]));
});

test("plateau: by the factor after more than `patience` epochs without a better loss, as PyTorch's", async () => {
  const losses = [5, 4, 4, 4.2, 3.95, 3.95, 3.95];
  expect(
    await ratesOf({ name: "plateau", factor: 0.5, patience: 1 }, 7, losses),
  ).toEqual(close([1, 1, 1, 1, 0.5, 0.5, 0.5]));
  const fussy = { name: "plateau", factor: 0.5, patience: 1, minDelta: 0.1 };
  expect(await ratesOf(fussy as Schedule, 7, losses)).toEqual(
    close([1, 1, 1, 1, 0.5, 0.5, 0.25]),
  );
  // 0.1, 10 and 0 by default
  const same = Array.from({ length: 14 }, () => 1);
  expect(await ratesOf({ name: "plateau" }, 14, same)).toEqual(
    close([...Array.from({ length: 12 }, () => 1), 0.1, 0.1]),
  );
});

/** Of one step: how far each number went, and the norm. */
function moved(options: Partial<TrainerOptions>, model = linear()) {
  const before = model.stateDict();
  const { gradientNorm } = new Trainer(model, {
    loss: "mse",
    backend: "simd",
    ...options,
  }).step(batch);
  const after = model.stateDict();
  const by = Object.keys(after).flatMap((name) =>
    Array.from(
      after[name]?.data as Float32Array,
      (x, i) => x - (before[name]?.data[i] as number),
    ),
  );
  return { by, norm: Math.hypot(...by), gradientNorm, before };
}
const sgd: Optimizer = { name: "sgd", learningRate: 1 };

test("gradients are clipped by their global norm, 1 by default, of what is trained alone", () => {
  const free = moved({ optimizer: sgd, clipNorm: Infinity });
  expect(free.norm).toBeCloseTo(free.gradientNorm, 5);
  const clipNorm = free.gradientNorm / 3;
  const clipped = moved({ optimizer: sgd, clipNorm });
  expect(clipped.gradientNorm).toBe(free.gradientNorm);
  const factor = clipNorm / (free.gradientNorm + 1e-6);
  clipped.by.forEach((x, i) =>
    expect(x).toBeCloseTo((free.by[i] as number) * factor, 6),
  );
  const wild = linear();
  wild.loadStateDict({
    weight: { shape: [2, 3], data: new Float32Array(6).fill(30) },
    bias: { shape: [2], data: new Float32Array(2) },
  });
  expect(moved({ optimizer: sgd }, wild).norm).toBeCloseTo(1, 4);
  const head = moved({
    optimizer: sgd,
    clipNorm: Infinity,
    freeze: ["weight"],
  });
  expect(head.by.slice(0, 6)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(head.gradientNorm).toBeCloseTo(Math.hypot(...free.by.slice(6)), 5);
});

test("Adam's defaults: a first step of 1e-3; AdamW's decay of 0.01, apart from the gradient", () => {
  const adam = moved({});
  for (const x of adam.by) expect(Math.abs(x)).toBeCloseTo(1e-3, 6);
  const adamw = moved({ optimizer: { name: "adamw" } });
  const start = [
    ...(adam.before["weight"]?.data ?? []),
    ...(adam.before["bias"]?.data ?? []),
  ];
  adamw.by.forEach((x, i) =>
    expect(x - (adam.by[i] as number)).toBeCloseTo(
      -1e-5 * (start[i] as number),
      7,
    ),
  );
});

test("accumulated batches make a step of the mean of their means", async () => {
  const other: Batch = {
    input: numbers(5, 2, 3, 3),
    target: numbers(6, 2, 3, 2),
  };
  const model = linear();
  await new Trainer(model, {
    loss: "mse",
    optimizer: { name: "sgd", learningRate: 0.1 },
    clipNorm: Infinity,
    accumulate: 2,
  }).fit(() => [batch, other], { epochs: 1 });
  const twin = linear();
  const gradients = [batch, other].map((each) => {
    const tape = record(twin, each.input);
    const { gradient } = lossOf("mse", tape.output, each);
    return tape.backward({ output: gradient }).parameters;
  });
  const mean = Object.fromEntries(
    Object.entries(gradients[0] ?? {}).map(([name, { shape, data }]) => [
      name,
      {
        shape,
        data: data.map(
          (x, i) => (x + (gradients[1]?.[name]?.data[i] as number)) / 2,
        ),
      },
    ]),
  );
  applyGradients(twin, mean, { name: "sgd", learningRate: 0.1 });
  const wanted = twin.stateDict();
  for (const [name, { data }] of Object.entries(model.stateDict()))
    data.forEach((x, i) =>
      expect(x).toBeCloseTo(wanted[name]?.data[i] as number, 6),
    );
});
