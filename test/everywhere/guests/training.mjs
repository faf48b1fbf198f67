// A short training on every backend that the runtime has: the hash of weights and moments, uninterrupted, and stopped in
// the middle of an epoch and taken up from a checkpoint.
import { backendsOf, hashOf } from "./conformance.mjs";
import { sha256 } from "./sha256.mjs";

/**
 * @typedef {import("./conformance.mjs").Gatewise} Gatewise
 * @typedef {import("./conformance.mjs").Parse} Parse
 * @typedef {import("gatewise").Backend} Backend
 * @typedef {typeof import("gatewise/train")} Train
 * @typedef {{ backend: Backend, hash: string, stopped: string, resumed: string }} Trained stopped: of the file that was
 *   taken up again
 */

export const FIT = { epochs: 2, batchSize: 10 };
/** Of the four steps of a fit: in the middle of the second epoch. */
const STOPPED_AFTER = 3;

/** Next tokens of sequences of several lengths: two shards a batch, and a ragged rest. */
export const EXAMPLES = Array.from({ length: 20 }, (_, i) => {
  const input = Array.from({ length: 3 + (i % 5) }, (__, t) => (i + t * t) % 9);
  return { input, target: input.map((id) => (id * 2 + 1) % 9) };
});

/** @type {import("gatewise/train").TrainerOptions} */
export const OPTIONS = {
  loss: { name: "crossEntropy", smoothing: 0.1 },
  optimizer: { name: "adamw", learningRate: 0.01 },
  schedule: { name: "cosine", steps: 4, warmup: 1 },
  dropout: { 1: { recurrent: 0.2, input: 0.1 }, 3: { output: 0.1 } },
  seed: 5,
};

/**
 * @param {Gatewise} gatewise
 * @param {Train} train
 */
export function modelOf(gatewise, { initialize }) {
  const { Embedding, GRU, LayerNorm, Linear, LSTM, Sequential } = gatewise;
  const model = new Sequential([
    new Embedding({ vocabSize: 9, size: 6 }),
    new LSTM({ inputSize: 6, hiddenSize: 7, projSize: 5, peepholes: true }),
    new LayerNorm({ size: 5 }),
    new GRU({ inputSize: 5, hiddenSize: 18, resetAfter: false }),
    new Linear({ inputSize: 18, outputSize: 9 }),
  ]);
  initialize(model, { seed: 3, recurrent: "orthogonal" });
  return model;
}

/**
 * Weights and moments of a checkpoint.
 *
 * @param {Parse} parse
 * @param {Uint8Array} checkpoint
 */
export function hashOfCheckpoint(parse, checkpoint) {
  const { tensors } = parse(checkpoint);
  const names = Object.keys(tensors).sort();
  return hashOf(
    names.map((name) => Float32Array.from(tensors[name]?.data ?? [])),
  );
}

/**
 * @param {Gatewise} gatewise
 * @param {Parse} parse
 * @param {Train} train
 * @returns {Promise<Trained[]>}
 */
export async function training(gatewise, parse, train) {
  const { Trainer } = train;
  const found = [];
  for (const backend of backendsOf(gatewise)) {
    const begin = () =>
      new Trainer(modelOf(gatewise, train), { ...OPTIONS, backend });
    const whole = begin();
    await whole.fit(EXAMPLES, FIT);
    const stopped = begin();
    for await (const progress of stopped.fit(EXAMPLES, FIT))
      if (progress.type === "step" && progress.step === STOPPED_AFTER) break;
    const file = stopped.checkpoint();
    const { trainer } = Trainer.resume(file);
    await trainer.fit(EXAMPLES, FIT);
    found.push({
      backend,
      hash: hashOfCheckpoint(parse, whole.checkpoint()),
      stopped: sha256(file),
      resumed: hashOfCheckpoint(parse, trainer.checkpoint()),
    });
  }
  return found;
}
