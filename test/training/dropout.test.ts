import { expect, test } from "vitest";
import { GRU, Linear, LSTM, RNN, Sequential } from "../../src/index.js";
import { record, Trainer } from "../../src/training/index.js";
import type { Dropout } from "../../src/training/index.js";
import { numbers, tokenModel } from "./support.js";

/** y = x, of so many features. */
function identity(size: number) {
  const model = new Linear({ inputSize: size, outputSize: size, bias: false });
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  model.loadStateDict({ weight: { shape: [size, size], data } });
  return model;
}

const ROWS = 20;
const STEPS = 10;
const SIZE = 8;
const ones = {
  shape: [ROWS, STEPS, SIZE],
  data: new Float32Array(ROWS * STEPS * SIZE).fill(1),
};
/** What of ones comes out of y = x, step by step of each row. */
function kept(dropout: Dropout, seed = 0) {
  const { output } = record(identity(SIZE), ones, {
    dropout: { 0: dropout },
    seed,
  });
  return Array.from({ length: ROWS }, (_, row) =>
    Array.from({ length: STEPS }, (__, t) =>
      Array.from(
        output.data.slice(
          (row * STEPS + t) * SIZE,
          (row * STEPS + t + 1) * SIZE,
        ),
      ),
    ),
  );
}

test.each(["input", "output"] as const)(
  "%s: so many are 0, the others multiplied by 1 / (1 - p), drawn for every step",
  (place) => {
    const rows = kept({ [place]: 0.25 });
    const all = rows.flat(2);
    expect(new Set(all)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
    const dropped = all.filter((y) => y === 0).length / all.length;
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.04); // 3.7 deviations
    expect(rows[0]?.[1]).not.toEqual(rows[0]?.[0]);
    expect(kept({ [place]: 0.25 })).toEqual(rows);
    expect(kept({ [place]: 0.25 }, 1)).not.toEqual(rows);
  },
);

test.each(["input", "output"] as const)(
  "%s, variational: one mask a sequence",
  (place) => {
    const rows = kept({ [place]: 0.25, variational: true });
    for (const row of rows)
      for (const step of row) expect(step).toEqual(row[0]);
    expect(new Set(rows.map((row) => String(row[0]))).size).toBeGreaterThan(5);
  },
);

test("recurrent: h is multiplied by one mask a sequence before each step", () => {
  // h' = h
  const model = new RNN({
    inputSize: 1,
    hiddenSize: SIZE,
    bias: false,
    nonlinearity: "relu",
  });
  model.loadStateDict({
    weight_ih_l0: { shape: [SIZE, 1], data: new Float32Array(SIZE) },
    weight_hh_l0: identity(SIZE).stateDict()["weight"] as never,
  });
  const data = new Float32Array(ROWS * SIZE).fill(1);
  const { output } = record(model, numbers(1, ROWS, 4, 1), {
    state: [{ hidden: { shape: [1, ROWS, SIZE], data } }] as never,
    dropout: { 0: { recurrent: 0.5 } },
  });
  const masks = new Set<string>();
  for (let row = 0; row < ROWS; row++) {
    const at = (t: number) =>
      output.data.slice((row * 4 + t) * SIZE, (row * 4 + t + 1) * SIZE);
    const mask = Array.from(at(0), (y) => Number(y > 0));
    masks.add(String(mask));
    for (let t = 0; t < 4; t++)
      expect(Array.from(at(t))).toEqual(mask.map((m) => m * 2 ** (t + 1)));
  }
  expect(masks.size).toBeGreaterThan(10);
});

test("between: what the layers of a stack hand on, and not what the last gives", () => {
  const run = (numLayers: number) => {
    const model = new GRU({ inputSize: 2, hiddenSize: 5, numLayers, seed: 1 });
    const x = numbers(1, 4, 6, 2);
    const { output } = record(model, x, { dropout: { 0: { between: 0.9 } } });
    return [output, model.forward(x).output].map(({ data }) => data) as [
      Float32Array,
      Float32Array,
    ];
  };
  const [one, plain] = run(1);
  one.forEach((y, i) => expect(y).toBeCloseTo(plain[i] as number, 6));
  const [two, without] = run(2);
  expect(two.some((y, i) => Math.abs(y - (without[i] as number)) > 0.01)).toBe(
    true,
  );
  expect(two.every((y) => y !== 0)).toBe(true);
});

const KINDS: Dropout[] = [
  { input: 0.3 },
  { between: 0.3 },
  { recurrent: 0.3 },
  { output: 0.3 },
  { input: 0.3, between: 0.3, recurrent: 0.3, output: 0.3, variational: true },
];
const LAYERS = { RNN, LSTM, GRU };

for (const [name, Kind] of Object.entries(LAYERS))
  test.each(KINDS)(
    `${name}: gradients through %o are differences`,
    (dropout) => {
      const layer = new Kind({
        inputSize: 2,
        hiddenSize: 4,
        numLayers: 2,
        seed: 3,
      });
      const model = new Sequential([
        layer,
        new Linear({ inputSize: 4, outputSize: 2, seed: 3 }),
      ]);
      const input = numbers(1, 3, 5, 2);
      const by = numbers(2, 3, 5, 2);
      const run = () =>
        record(model, input, { dropout: { 0: dropout }, seed: 4 });
      const loss = () =>
        run().output.data.reduce(
          (sum, y, i) => sum + y * (by.data[i] as number),
          0,
        );
      const { parameters } = run().backward({ output: by });
      const weights = model.stateDict();
      for (const [key, { data }] of Object.entries(weights)) {
        const index = data.length - 1 - (key.length % 3);
        const value = data[index] as number;
        const at = (x: number) => {
          data[index] = x;
          model.loadStateDict(weights);
          return { loss: loss(), x: data[index] as number };
        };
        const [up, down] = [at(value + 0.01), at(value - 0.01)];
        at(value);
        const slope = (up.loss - down.loss) / (up.x - down.x);
        expect(parameters[key]?.data[index], key).toBeCloseTo(slope, 2);
      }
    },
  );

test("the model and its file know nothing of it", () => {
  const model = new LSTM({ inputSize: 2, hiddenSize: 3, seed: 1 });
  const chain = new Sequential([model]);
  const before = chain.save();
  const trainer = new Trainer(chain, {
    loss: "mse",
    dropout: { 0: { recurrent: 0.5 } },
  });
  expect(chain.save()).toEqual(before);
  expect(model.options).toEqual(
    new LSTM({ inputSize: 2, hiddenSize: 3, seed: 1 }).options,
  );
  expect(trainer.steps).toBe(0);
});

test("a rate that a layer would not look at is refused", () => {
  const model = () => tokenModel();
  const make = (index: number, dropout: Dropout) => () =>
    new Trainer(model(), {
      loss: "crossEntropy",
      dropout: { [index]: dropout },
    });
  expect(make(0, { input: 0.1 })).toThrow(
    'dropout[0]: expected only output, variational, got "input"',
  );
  expect(make(2, { recurrent: 0.1 })).toThrow(
    'dropout[2]: expected only input, output, variational, got "recurrent"',
  );
  expect(make(1, { between: 0.1, recurrent: 0.1 })).not.toThrow();
});
