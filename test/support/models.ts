import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  type Layer,
} from "../../src/index.js";

/** Models over 3 features, one of each way that layers can meet. */
export const models: Record<string, () => Layer[]> = {
  "LSTM, Linear": () => [
    new LSTM({ inputSize: 3, hiddenSize: 6 }),
    new Linear({ inputSize: 6, outputSize: 2 }),
  ],
  "Linear, GRU, RNN, Linear softmax": () => [
    new Linear({ inputSize: 3, outputSize: 5, activation: "tanh" }),
    new GRU({ inputSize: 5, hiddenSize: 7, seed: 1 }),
    new RNN({ inputSize: 7, hiddenSize: 9, nonlinearity: "relu", seed: 2 }),
    new Linear({ inputSize: 9, outputSize: 4, activation: "softmax", seed: 3 }),
  ],
  "LSTM with a projection, two-layer GRU, Linear, Linear": () => [
    new LSTM({ inputSize: 3, hiddenSize: 10, projSize: 3 }),
    new GRU({ inputSize: 3, hiddenSize: 6, numLayers: 2, resetAfter: false }),
    new Linear({ inputSize: 6, outputSize: 5, activation: "relu" }),
    new Linear({ inputSize: 5, outputSize: 1, activation: "sigmoid" }),
  ],
};
/** And those that need the future. */
export const anyModels: Record<string, () => Layer[]> = {
  ...models,
  "bidirectional LSTM, reverse GRU, Linear": () => [
    new LSTM({ inputSize: 3, hiddenSize: 5, direction: "bidirectional" }),
    new GRU({
      inputSize: 10,
      hiddenSize: 6,
      direction: "reverse",
      updateGate: "replace",
    }),
    new Linear({ inputSize: 6, outputSize: 7 }),
  ],
  "bidirectional GRU many-to-one, Linear": () => [
    new GRU({
      inputSize: 3,
      hiddenSize: 5,
      direction: "bidirectional",
      returnSequences: false,
    }),
    new Linear({ inputSize: 10, outputSize: 3, activation: "softmax" }),
  ],
};

/** Every option of every layer, none at its default. */
export const everything: readonly Layer[] = [
  new Embedding({ vocabSize: 9, size: 3, seed: 1 }),
  new LSTM({
    inputSize: 3,
    hiddenSize: 5,
    projSize: 2,
    numLayers: 2,
    bias: false,
    direction: "bidirectional",
    seed: 2,
  }),
  new GRU({
    inputSize: 4,
    hiddenSize: 3,
    resetAfter: false,
    updateGate: "replace",
    direction: "reverse",
    seed: 3,
  }),
  new RNN({
    inputSize: 3,
    hiddenSize: 4,
    nonlinearity: "relu",
    returnSequences: false,
    seed: 4,
  }),
  new Linear({
    inputSize: 4,
    outputSize: 6,
    bias: false,
    activation: "sigmoid",
    seed: 5,
  }),
];

/** Cells of the general path, every option of theirs. */
export const generalEverything: readonly Layer[] = [
  new LSTM({
    inputSize: 3,
    hiddenSize: 5,
    numLayers: 2,
    direction: "bidirectional",
    activations: [
      { name: "hardSigmoid", alpha: 0.25 },
      "softsign",
      { name: "scaledTanh", alpha: 1.5, beta: 0.5 },
      "namSigmoid",
      "namTanh",
      "tanh",
    ],
    clip: 0.7,
    learnedState: true,
    peepholes: true,
    coupledGates: true,
  }),
  new GRU({ inputSize: 10, hiddenSize: 4, activations: ["relu", "elu"] }),
  new RNN({ inputSize: 4, hiddenSize: 3, activations: ["silu"], clip: 2 }),
  new Linear({
    inputSize: 3,
    outputSize: 2,
    activation: { name: "leakyRelu", alpha: 0.3 },
  }),
];
