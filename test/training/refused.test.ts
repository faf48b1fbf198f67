import { expect, test } from "vitest";
import { GRU, Linear, Sequential } from "../../src/index.js";
import {
  applyGradients,
  type Data,
  type FitOptions,
  lossOf,
  record,
  Trainer,
} from "../../src/training/index.js";

/* What once passed in silence, or ended in an error of JavaScript's own; each is refused by the argument's name. */

const model = () =>
  new Sequential([
    new GRU({ inputSize: 2, hiddenSize: 3, seed: 1 }),
    new Linear({ inputSize: 3, outputSize: 2, seed: 2 }),
  ]);
const batch = () => ({ input: [[[1, 2]]], target: [[[0, 1]]] });
const examples = [
  { input: [[1, 2]], target: [[0, 1]] },
  { input: [[2, 1]], target: [[1, 0]] },
];
const trainer = new Trainer(model(), { loss: "mse" });

test.each([
  [{ loss: [] }, "loss: expected at least one loss, got an array of length 0"],
  [{ truncate: 0 }, "truncate: expected an object, got 0"],
  [{ truncate: NaN }, "truncate: expected an object, got NaN"],
  [{ truncate: "" }, 'truncate: expected an object, got ""'],
  [
    { scheduledSampling: NaN },
    "scheduledSampling: expected a number from 0 to 1, got NaN",
  ],
  [
    { scheduledSampling: "" },
    'scheduledSampling: expected a number from 0 to 1, got ""',
  ],
  [
    { dropout: { "": { input: 0.5 } } },
    'dropout: expected indices of layers from 0 to 1, got ""',
  ],
  [
    { dropout: { "00": { input: 0.5 } } },
    'dropout: expected indices of layers from 0 to 1, got "00"',
  ],
  [
    { learningRates: { "0.": "2" } },
    'learningRates["0."]: expected a number of at least 0, got "2"',
  ],
  [{ freeze: ["0.", 1] }, "freeze[1]: expected a name, got 1"],
  [
    { loss: { name: "crossEntropy", ignore: 0.5 } },
    "loss.ignore: expected an integer, got 0.5",
  ],
  [
    { loss: { name: "crossEntropy", ignore: "-1" } },
    'loss.ignore: expected an integer, got "-1"',
  ],
  [
    { loss: { name: "crossEntropy", classWeights: "ab" } },
    'loss.classWeights: expected an array of numbers, got "ab"',
  ],
  [
    { loss: { name: "crossEntropy", classWeights: [1, -1] } },
    "loss.classWeights[1]: expected a number of at least 0, got -1",
  ],
  [
    { loss: { name: "crossEntropy", classWeights: [1, "1"] } },
    'loss.classWeights[1]: expected a finite number, got "1"',
  ],
  [
    { loss: { name: "binaryCrossEntropy", positiveWeight: -1 } },
    "loss.positiveWeight: expected a number of at least 0, got -1",
  ],
  [
    { loss: { name: "ctc", blank: -1 } },
    "loss.blank: expected an integer of at least 0, got -1",
  ],
  [
    { schedule: { name: "cosine", steps: 10, warmup: 20 } },
    "schedule.warmup: expected at most the 10 of schedule.steps, got 20",
  ],
  [
    { schedule: { name: "plateau", factor: 2 } },
    "schedule.factor: expected a number from 0 to less than 1, got 2",
  ],
])("Trainer: %o", (options, message) => {
  const make = () => new Trainer(model(), { loss: "mse", ...options } as never);
  expect(make).toThrow(message);
});

test.each([
  [() => undefined, "data(…): expected an iterable of batches, got undefined"],
  [() => 7, "data(…): expected an iterable of batches, got 7"],
  [batch, "data(…): expected an iterable of batches, got an object"],
  [() => [], "data: expected at least one batch, got none"],
])("fit of a function: %s", async (make, message) => {
  const asked = trainer.fit(make as unknown as Data, { epochs: 1 });
  await expect(asked).rejects.toThrow(message);
});

test("fit: an iterator that is handed out again has no second epoch", async () => {
  const once = [batch()][Symbol.iterator]();
  const { epochs, steps } = trainer;
  const asked = trainer.fit(() => once, { epochs: 2 });
  await expect(asked).rejects.toThrow("data: expected at least one batch");
  expect([trainer.epochs, trainer.steps]).toEqual([epochs + 1, steps + 1]);
});

test("fit: validation that is an empty text is not none", () => {
  const options = { validation: "" } as unknown as FitOptions;
  expect(() => trainer.fit(examples, options)).toThrow(
    'validation: expected examples, a batch or a function that gives batches, got ""',
  );
});

test("fit: metrics of a validation that is not there are refused", () => {
  expect(() => trainer.fit(examples, { metrics: ["mae"] })).toThrow(
    "validation: expected data, for metrics, got undefined",
  );
});

test("a step within the loss of a step is refused, and the trainer goes on", () => {
  let inner = true;
  const own = new Trainer(model(), {
    loss: (output) => {
      if (inner) own.step(batch());
      return { loss: 1, gradient: output };
    },
  });
  expect(() => own.step(batch())).toThrow(
    "step: expected no batch under way, got one",
  );
  inner = false;
  expect(own.step(batch()).loss).toBe(1);
});

test("resume: options are checked", () => {
  const bytes = trainer.checkpoint();
  expect(() => Trainer.resume(bytes, null as never)).toThrow(
    "options: expected an object, got null",
  );
  expect(() => Trainer.resume(bytes, { los: "mse" } as never)).toThrow(
    'options: expected only loss, got "los"',
  );
});

test("record and backward: options are checked", () => {
  const layers = model();
  const run = (options: object) => () => record(layers, [[1, 2]], options);
  expect(run({ seed: NaN })).toThrow("seed: expected");
  expect(run({ seed: "1" })).toThrow("seed: expected");
  expect(run({ dropout: 3n })).toThrow("dropout: expected an object, got 3n");
  expect(run({ dropout: new Map() })).toThrow("dropout: expected an object");
  expect(run({ dropout: { 0: { input: 3n } } })).toThrow(
    "dropout[0].input: expected a number",
  );
  const tape = record(layers, [[1, 2]]);
  for (const output of [null, 0, NaN, ""])
    expect(() => tape.backward({ output } as never)).toThrow(
      "gradient.output: expected a tensor, got",
    );
  expect(() =>
    tape.backward({ output: tape.output }, { freeze: ["9."] }),
  ).toThrow("wrt.freeze[0]: expected a beginning of 0.weight_ih_l0");
  // none of these was the one call that a tape has
  expect(tape.backward({ output: tape.output }).parameters).toBeDefined();
});

test("lossOf and applyGradients: what they are given is checked", () => {
  const { output } = record(model(), [[1, 2]]);
  expect(() => lossOf("mse", output, null as never)).toThrow(
    "batch: expected an object, got null",
  );
  const layers = model();
  const adam = { name: "adam" } as const;
  const gradients = { "1.bias": { shape: [2], data: new Float32Array(2) } };
  const { moments } = applyGradients(layers, gradients, adam);
  const apply = (change: object) => () =>
    applyGradients(layers, gradients, adam, { ...moments, ...change });
  for (const step of [null, 3, {}, "1"])
    expect(apply({ step })).toThrow('moments["step"]: expected a tensor, got');
  for (const value of [-1, 0.5, NaN, Infinity])
    expect(
      apply({ step: { shape: [1], data: Float32Array.of(value) } }),
    ).toThrow('moments["step"]: expected one integer of at least 0, got');
  for (const moment of [null, 0, "", []])
    expect(apply({ "first.1.bias": moment })).toThrow(
      'moments["first.1.bias"]: expected a tensor, got',
    );
  expect(
    apply({ "second.1.bias": { shape: [1, 2], data: new Float32Array(2) } }),
  ).toThrow('moments["second.1.bias"]: expected [2], got [1, 2]');
  expect(apply({})).not.toThrow();
});
