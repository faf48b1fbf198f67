import {
  GRU,
  LSTM,
  RNN,
  type Backend,
  type GRUOptions,
  type LSTMOptions,
  type RNNOptions,
  type State,
} from "../../src/index.js";
import type { Random } from "./random.js";

export const backends: readonly Backend[] = ["relaxed", "simd", "js"];

export type Kind = "RNN" | "LSTM" | "GRU";
export type Recurrent = RNN | LSTM | GRU;
/** The options of all kinds at once; a cell uses those that it has. */
export type AnyOptions = RNNOptions & LSTMOptions & GRUOptions;
export interface Cell {
  kind: Kind;
  options?: Pick<
    AnyOptions,
    | "nonlinearity"
    | "projSize"
    | "resetAfter"
    | "updateGate"
    | "activations"
    | "clip"
    | "peepholes"
    | "coupledGates"
    | "learnedState"
  >;
}

/** Every kind of time loop that the kernel has. Projection is left to those who choose its size. */
export const cells: readonly (Cell & { name: string })[] = [
  { name: "RNN tanh", kind: "RNN", options: { nonlinearity: "tanh" } },
  { name: "RNN relu", kind: "RNN", options: { nonlinearity: "relu" } },
  { name: "LSTM", kind: "LSTM" },
  {
    name: "GRU reset after, keep",
    kind: "GRU",
    options: { resetAfter: true, updateGate: "keep" },
  },
  {
    name: "GRU reset after, replace",
    kind: "GRU",
    options: { resetAfter: true, updateGate: "replace" },
  },
  {
    name: "GRU reset before, keep",
    kind: "GRU",
    options: { resetAfter: false, updateGate: "keep" },
  },
  {
    name: "GRU reset before, replace (Chung et al. 2014)",
    kind: "GRU",
    options: { resetAfter: false, updateGate: "replace" },
  },
];

/** Cells with options that few have, alone and together: of the general path, and learned states. */
export const generalCells: readonly (Cell & { name: string })[] = [
  {
    name: "RNN hardSigmoid",
    kind: "RNN",
    options: { activations: ["hardSigmoid"] },
  },
  { name: "RNN tanh, clip", kind: "RNN", options: { clip: 0.4 } },
  { name: "LSTM with peepholes", kind: "LSTM", options: { peepholes: true } },
  {
    name: "GRU with a learned state",
    kind: "GRU",
    options: { learnedState: true },
  },
  {
    name: "LSTM with a learned state",
    kind: "LSTM",
    options: { learnedState: true },
  },
  {
    name: "LSTM, coupled gates",
    kind: "LSTM",
    options: { coupledGates: true },
  },
  { name: "LSTM, clip", kind: "LSTM", options: { clip: 0.3 } },
  {
    name: "LSTM hardSigmoid, softsign, elu",
    kind: "LSTM",
    options: {
      activations: [
        { name: "hardSigmoid", alpha: 1 / 6 },
        "softsign",
        { name: "elu", alpha: 0.7 },
      ],
    },
  },
  {
    name: "LSTM with everything",
    kind: "LSTM",
    options: {
      activations: [
        "rnnoiseSigmoid",
        "namTanh",
        { name: "scaledTanh", alpha: 1.2, beta: 0.7 },
      ],
      clip: 0.8,
      learnedState: true,
      peepholes: true,
      coupledGates: true,
    },
  },
  {
    name: "GRU reset after, replace, hardSigmoid, softsign",
    kind: "GRU",
    options: {
      activations: [{ name: "hardSigmoid", beta: 0.3 }, "softsign"],
      updateGate: "replace",
    },
  },
  {
    name: "GRU reset after, namSigmoid, softplus",
    kind: "GRU",
    options: { activations: ["namSigmoid", "softplus"] },
  },
  {
    name: "GRU reset before, keep, rnnoiseSigmoid, rnnoiseTanh, clip",
    kind: "GRU",
    options: {
      activations: ["rnnoiseSigmoid", "rnnoiseTanh"],
      resetAfter: false,
      clip: 0.5,
    },
  },
  {
    name: "GRU reset before, replace, namSigmoid, sigmoid",
    kind: "GRU",
    options: {
      activations: ["namSigmoid", "sigmoid"],
      resetAfter: false,
      updateGate: "replace",
    },
  },
];

/** One of each kind, for tests that take their time. */
export const someGeneralCells = generalCells.filter(({ name }) =>
  /^RNN hard|everything|replace, hard|keep, rnnoise/.test(name),
);

/** A layer with the weights of seed 0, unless the options have another. */
export function create(kind: Kind, options: AnyOptions): Recurrent {
  const seeded = { seed: 0, ...options };
  if (kind === "RNN") return new RNN(seeded);
  return kind === "LSTM" ? new LSTM(seeded) : new GRU(seeded);
}

/** All weights multiplied: 3 saturates many gates. */
export function scaleWeights(layer: Recurrent, factor: number): void {
  const scaled = Object.entries(layer.stateDict()).map(
    ([name, { shape, data }]) => [
      name,
      { shape, data: data.map((w) => w * factor) },
    ],
  );
  layer.loadStateDict(Object.fromEntries(scaled));
}

export function randomState(
  random: Random,
  kind: Kind,
  options: AnyOptions,
  batch?: number,
): State {
  const { hiddenSize, numLayers = 1, direction, projSize } = options;
  const rows = numLayers * (direction === "bidirectional" ? 2 : 1);
  const lead = batch === undefined ? [rows] : [rows, batch];
  const hidden = random.tensor([...lead, projSize || hiddenSize]);
  return kind === "LSTM"
    ? { hidden, cell: random.tensor([...lead, hiddenSize]) }
    : { hidden };
}
