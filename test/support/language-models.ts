import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  Sequential,
  type StandardActivation,
} from "../../src/index.js";
import { scaleWeights } from "./layers.js";
import { Random } from "./random.js";

/** The number of tokens of `languageModel`. */
const V = 12;

/** Tokens in, logits or probabilities out; the weights of the last layer decide how sure it is. */
export function languageModel({
  activation = "linear",
  oneHot = false,
}: { activation?: StandardActivation; oneHot?: boolean } = {}): Sequential {
  const recurrent = new GRU({
    inputSize: oneHot ? V : 5,
    hiddenSize: 14,
    seed: 2,
  });
  scaleWeights(recurrent, 3);
  const last = new Linear({
    inputSize: 14,
    outputSize: V,
    activation,
    seed: 3,
  });
  last.loadStateDict({
    weight: new Random(8).tensor([V, 14], -4, 4),
    bias: new Random(5).tensor([V]),
  });
  return new Sequential(
    oneHot
      ? [recurrent, last]
      : [new Embedding({ vocabSize: V, size: 5, seed: 1 }), recurrent, last],
  );
}

/** A model that gives the same logits whatever it reads. */
export function constantModel(
  logits: readonly number[],
  activation: StandardActivation = "linear",
): Sequential {
  const last = new Linear({
    inputSize: 1,
    outputSize: logits.length,
    activation,
  });
  last.loadStateDict({
    weight: {
      shape: [logits.length, 1],
      data: new Float32Array(logits.length),
    },
    bias: { shape: [logits.length], data: Float32Array.from(logits) },
  });
  return new Sequential([
    new Embedding({ vocabSize: logits.length, size: 3 }),
    new LSTM({ inputSize: 3, hiddenSize: 1 }),
    last,
  ]);
}

type Options = Parameters<Sequential["generate"]>[0];
export const tokens = (model: Sequential, options: Options) => [
  ...model.generate(options),
];

/** The logits that a model gave before each of these tokens, by its own stream. */
export function logitsBefore(
  model: Sequential,
  prompt: readonly number[],
  generated: readonly number[],
  oneHot = false,
): number[][] {
  const stream = model.stream();
  const feed = (token: number) => [
    ...stream.step(
      oneHot
        ? Array.from({ length: V }, (_, i) => Number(i === token))
        : [token],
    ),
  ];
  const all = [...prompt, ...generated].map(feed);
  return all.slice(prompt.length - 1, -1);
}

export const likeliest = (logits: readonly number[]) =>
  logits.indexOf(Math.max(...logits));
export const shares = (drawn: readonly number[], size: number) =>
  Array.from(
    { length: size },
    (_, token) =>
      drawn.filter((other) => other === token).length / drawn.length,
  );
export const probabilities = (logits: readonly number[]) => {
  const powers = logits.map(Math.exp);
  const sum = powers.reduce((total, p) => total + p, 0);
  return powers.map((p) => p / sum);
};
