import { describe, expect, test } from "vitest";
import {
  Activation,
  BatchNorm,
  Conv1d,
  GRU,
  init,
  LastStep,
  type Layer,
  LayerNorm,
  Linear,
  LSTM,
  Sequential,
} from "../../src/index.js";
import {
  checkGradients,
  initialize,
  record,
  Trainer,
} from "../../src/training/index.js";
import { hashOf, numbers } from "./support.js";

/* Layers that are no cells: gradients against differences in float64, and the bits of js. */

const ROWS = 9; // more than a shard
const STEPS = 6;
const LENGTHS = [6, 2, 4, 6, 2, 5, 3, 6, 4];

/** As it was loaded: with statistics of its own. */
function batchNorm(size: number) {
  const layer = new BatchNorm({ size, epsilon: 1e-3 });
  const of = (seed: number) => numbers(seed, size);
  const variance = of(4);
  layer.loadStateDict({
    weight: of(1),
    bias: of(2),
    running_mean: of(3),
    running_var: {
      shape: [size],
      data: variance.data.map((x) => 0.2 + Math.abs(x)),
    },
  });
  return layer;
}

const MODELS: Record<string, () => readonly Layer[]> = {
  Activation: () => [
    new Linear({ inputSize: 3, outputSize: 18 }),
    new Activation({ activation: "silu", size: 18 }),
    new Linear({ inputSize: 18, outputSize: 2 }),
  ],
  "Activation, softmax in the middle": () => [
    new GRU({ inputSize: 3, hiddenSize: 6 }),
    new Activation({ activation: "softmax", size: 6 }),
    new Linear({ inputSize: 6, outputSize: 2, activation: "tanh" }),
  ],
  BatchNorm: () => [
    new GRU({ inputSize: 3, hiddenSize: 5 }),
    batchNorm(5),
    new Linear({ inputSize: 5, outputSize: 2 }),
  ],
  LayerNorm: () => [
    new LSTM({ inputSize: 3, hiddenSize: 7 }),
    new LayerNorm({ size: 7 }),
    new GRU({ inputSize: 7, hiddenSize: 5 }),
    new LayerNorm({ size: 5, bias: false, epsilon: 1e-3 }),
    new Linear({ inputSize: 5, outputSize: 2 }),
  ],
  "Conv1d, causal, dilated": () => [
    new Conv1d({
      inputSize: 3,
      outputSize: 18,
      kernelSize: 3,
      dilation: 2,
      padding: "causal",
      activation: "tanh",
    }),
    new Linear({ inputSize: 18, outputSize: 2 }),
  ],
  "Conv1d, same, stride 2, in front of an LSTM": () => [
    new Conv1d({
      inputSize: 3,
      outputSize: 4,
      kernelSize: 4,
      stride: 2,
      padding: "same",
    }),
    new LSTM({ inputSize: 4, hiddenSize: 5 }),
    new Linear({ inputSize: 5, outputSize: 2 }),
  ],
  "Conv1d, valid, behind a GRU": () => [
    new GRU({ inputSize: 3, hiddenSize: 5, direction: "bidirectional" }),
    new Conv1d({ inputSize: 10, outputSize: 2, kernelSize: 2, bias: false }),
  ],
  "Conv1d in groups, zeros on both sides": () => [
    new Linear({ inputSize: 3, outputSize: 6 }),
    new Conv1d({
      inputSize: 6,
      outputSize: 4,
      kernelSize: 3,
      groups: 2,
      padding: 2,
      stride: 2,
    }),
    new Linear({ inputSize: 4, outputSize: 2 }),
  ],
  "LastStep, repeated": () => [
    new GRU({ inputSize: 3, hiddenSize: 5 }),
    new LastStep({ size: 5, repeat: 4 }),
    new LSTM({ inputSize: 5, hiddenSize: 2 }),
  ],
  LastStep: () => [
    new GRU({ inputSize: 3, hiddenSize: 5 }),
    new LastStep({ size: 5 }),
    new Linear({ inputSize: 5, outputSize: 2 }),
  ],
  "LayerNorm behind a last step": () => [
    new LSTM({ inputSize: 3, hiddenSize: 5, returnSequences: false }),
    new LayerNorm({ size: 5 }),
    new Linear({ inputSize: 5, outputSize: 2 }),
  ],
};

function batchFor({ layers }: Sequential) {
  const lastOnly = layers.some((layer) => layer.lastOnly);
  const left = layers.reduce((steps, each) => each.stepsOut(steps), STEPS);
  return {
    input: numbers(1, ROWS, STEPS, 3),
    target: numbers(2, ROWS, ...(lastOnly ? [] : [left]), 2),
    lengths: LENGTHS,
  };
}

describe.each(Object.entries(MODELS))("%s", (_, layers) => {
  const make = () => {
    const model = new Sequential(layers());
    initialize(model, { seed: 4 });
    // ones and zeros would hide a factor that is left out
    const dict = model.stateDict();
    for (const [i, { data }] of Object.values(dict).entries())
      data.forEach((value, j) => (data[j] = value + 0.1 * Math.sin(i + j)));
    return model.loadStateDict(dict);
  };
  test.each(["simd", "js"] as const)(
    "%s: gradients of parameters and input",
    async (backend) => {
      await init({ backend });
      const model = make();
      const check = checkGradients(model, batchFor(model));
      expect(check.worst.error).toBeLessThan(1e-6);
      // and of the input, which checkGradients does not look at
      const input = numbers(1, 1, STEPS, 3);
      const tape = record(model, input);
      const weights = numbers(5, ...tape.output.shape);
      const sum = (x: typeof input) =>
        model
          .forward(x)
          .output.data.reduce(
            (all, y, i) => all + y * (weights.data[i] as number),
            0,
          );
      const { input: dx } = tape.backward({ output: weights }, { input: true });
      const step = 1e-2;
      input.data.forEach((value, i) => {
        const at = (x: number) => {
          const data = input.data.slice();
          data[i] = x;
          return sum({ ...input, data });
        };
        const numeric = (at(value + step) - at(value - step)) / (2 * step);
        expect(dx?.data[i]).toBeCloseTo(numeric, 2);
      });
    },
  );

  test("js has the bits of simd after steps, and what is frozen its own", async () => {
    const trained = [];
    for (const backend of ["simd", "js"] as const) {
      await init({ backend });
      const model = make();
      const before = model.stateDict()["0.weight"]?.data;
      const options = before ? { freeze: ["0.weight"] } : {};
      const trainer = new Trainer(model, { loss: "mse", ...options });
      for (let i = 0; i < 3; i++) trainer.step(batchFor(model));
      expect(model.stateDict()["0.weight"]?.data).toEqual(before);
      trained.push(hashOf(model.stateDict()));
    }
    expect(trained[1]).toBe(trained[0]);
  });
});

test("a loss of logits takes over a softmax, as a layer too, and leaves a tanh alone", () => {
  const lossOf = (...layers: readonly Layer[]) => {
    const model = new Sequential(layers);
    initialize(model, { seed: 1 });
    const trainer = new Trainer(model, { loss: "crossEntropy" });
    const target = { shape: [1, 2], data: Float32Array.of(1, 2) };
    return trainer.step({ input: numbers(1, 1, 2, 3), target }).loss;
  };
  const sizes = { inputSize: 3, outputSize: 3 };
  const logits = lossOf(new Linear(sizes));
  const layer = new Activation({ activation: "softmax", size: 3 });
  expect(lossOf(new Linear(sizes), layer)).toBe(logits);
  const softmax = new Linear({ ...sizes, activation: "softmax" });
  expect(lossOf(softmax)).toBe(logits);
  const tanh = new Linear({ ...sizes, activation: "tanh" });
  expect(lossOf(tanh)).not.toBe(logits);
});

test("a causal Conv1d carries its history from piece to piece, and gradients back", () => {
  const layers = [
    new Conv1d({
      inputSize: 2,
      outputSize: 3,
      kernelSize: 3,
      dilation: 2,
      padding: "causal",
      seed: 1,
    }),
    new LSTM({ inputSize: 3, hiddenSize: 4, seed: 2 }),
  ];
  const model = new Sequential(layers);
  const input = numbers(1, 3, 11, 2);
  const target = numbers(2, 3, 11, 4);
  const weigh = (memory: number) => {
    const copy = Sequential.load(model.save());
    const trainer = new Trainer(copy, { loss: "mse", memory, backend: "simd" });
    const { loss, state } = trainer.step({ input, target });
    return { loss, state, weights: copy.stateDict() };
  };
  const whole = weigh(2 ** 28);
  const pieces = weigh(12_000);
  expect(pieces.loss).toBe(whole.loss);
  expect(whole.state[0]).toEqual(model.forward(input).state[0]);
  for (const [name, { data }] of Object.entries(pieces.weights))
    data.forEach((value, i) =>
      expect(value).toBeCloseTo(whole.weights[name]?.data[i] ?? NaN, 5),
    );
  const tape = record(layers[0] as Conv1d, input);
  const history = { history: numbers(3, 3, 4, 2) };
  const later = record(layers[0] as Conv1d, input, {
    state: [history as never],
  });
  expect(tape.output).not.toEqual(later.output);
  const back = later.backward(
    { output: numbers(4, 3, 11, 3) },
    { state: true, input: true },
  );
  expect(back.state?.[0]).toMatchObject({ history: { shape: [3, 4, 2] } });
});

test("a BatchNorm is frozen: it computes as it does in forward, and no step changes it", () => {
  const norm = batchNorm(4);
  const model = new Sequential([
    new Linear({ inputSize: 3, outputSize: 4, seed: 1 }),
    norm,
    new LSTM({ inputSize: 4, hiddenSize: 5, seed: 1 }),
  ]);
  const input = numbers(6, 9, 5, 3);
  const target = numbers(7, 9, 5, 5);
  const tape = record(model, input);
  const { output } = model.forward(input);
  tape.output.data.forEach((y, i) =>
    expect(y).toBeCloseTo(output.data[i] as number, 6),
  );
  const before = norm.stateDict();
  const { parameters } = tape.backward({ output: target });
  expect(
    Object.keys(parameters).filter((name) => name.startsWith("1")),
  ).toEqual([]);
  initialize(model, { seed: 2 });
  const trainer = new Trainer(model, {
    loss: "mse",
    optimizer: { name: "adamw", learningRate: 0.01, weightDecay: 0.1 },
  });
  const { loss } = trainer.step({ input, target });
  for (let i = 0; i < 30; i++) trainer.step({ input, target });
  expect(trainer.step({ input, target }).loss).toBeLessThan(0.9 * loss);
  expect(norm.stateDict()).toEqual(before);
  const { model: again } = Trainer.resume(trainer.checkpoint());
  expect(again.stateDict()).toEqual(model.stateDict());
});
