import { createHash } from "node:crypto";
import { Embedding, GRU, Linear, LSTM, Sequential } from "../../src/index.js";
import type { StateDict } from "../../src/safetensors.js";
import { seeded } from "../../src/random.js";
import { type Batch, type Example, Trainer } from "../../src/training/index.js";

export const hashOf = (dict: StateDict): string => {
  const hash = createHash("sha256");
  for (const [name, { data }] of Object.entries(dict).sort(([a], [b]) =>
    a < b ? -1 : 1,
  ))
    hash
      .update(name)
      .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest("hex");
};

export const numbers = (seed: number, ...shape: number[]) => {
  const random = seeded(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return {
    shape,
    data: Float32Array.from({ length: size }, () => 2 * random() - 1),
  };
};

export const smallModel = (seed = 1) =>
  new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 6, seed }),
    new Linear({ inputSize: 6, outputSize: 2, seed }),
  ]);

/** A batch of more than one shard, and a ragged rest. */
export const smallBatch = (rows = 11, steps = 7): Batch => ({
  input: numbers(1, rows, steps, 3),
  target: numbers(2, rows, steps, 2),
  lengths: Array.from({ length: rows }, (_, row) => 1 + ((row * 5) % steps)),
});

export const tokenModel = () =>
  new Sequential([
    new Embedding({ vocabSize: 7, size: 4, seed: 1 }),
    new GRU({ inputSize: 4, hiddenSize: 5, numLayers: 2, seed: 2 }),
    new Linear({ inputSize: 5, outputSize: 7, activation: "softmax", seed: 3 }),
  ]);

/** Sequences of several lengths whose next token is the one before plus one. */
export const tokenExamples = (count: number): Example[] =>
  Array.from({ length: count }, (_, i) => {
    const length = 3 + (i % 5);
    const input = Array.from({ length }, (__, t) => (i + t) % 7);
    return { input, target: input.map((id) => (id + 1) % 7) };
  });

/** What a small model learns with: all kinds of dropout that an LSTM has in front. */
export const OPTIONS = {
  loss: "mse",
  optimizer: { name: "adam", learningRate: 0.01 },
  dropout: { 0: { input: 0.1, recurrent: 0.2, output: 0.1 } },
  backend: "simd",
} as const;

/** A trainer of the token model, and what it fits. */
export const learn = (model = tokenModel()) =>
  new Trainer(model, {
    loss: "crossEntropy",
    optimizer: { name: "adam", learningRate: 0.02 },
    dropout: { 1: { between: 0.1 } },
    seed: 3,
    backend: "simd",
  });
export const examples = tokenExamples(70);
export const FIT = {
  epochs: 4,
  batchSize: 16,
  validation: 0.2,
  metrics: ["accuracy", "perplexity"],
} as const;
