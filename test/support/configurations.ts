import fc from "fast-check";
import type {
  Backend,
  CellActivation,
  State,
  Tensor,
} from "../../src/index.js";
import {
  create,
  randomState,
  scaleWeights,
  type AnyOptions,
  type Kind,
  type Recurrent,
} from "./layers.js";
import { Random } from "./random.js";

/** Every property runs on the same random configurations on every machine. */
export const settings = { seed: 20261123, numRuns: 50 };

/** A random layer and its input, small enough to print: `realise` makes the numbers from the seed. */
export interface Configuration {
  kind: Kind;
  options: AnyOptions;
  batch: number;
  time: number;
  saturated: boolean;
  withState: boolean;
}

type Direction = "forward" | "reverse" | "bidirectional";
export const anyDirection: readonly Direction[] = [
  "forward",
  "reverse",
  "bidirectional",
];

/** Sizes that leave ragged rests of 4, times that cross any block of up to 128 steps, rows that leave one of 2, 3 and 4. */
export function configurations(
  directions: readonly Direction[] = anyDirection,
): fc.Arbitrary<Configuration> {
  const size = (max: number) => fc.integer({ min: 1, max });
  return fc
    .record({
      kind: fc.constantFrom<Kind>("RNN", "LSTM", "GRU"),
      options: fc.record({
        inputSize: size(9),
        hiddenSize: size(21),
        numLayers: size(3),
        bias: fc.boolean(),
        direction: fc.constantFrom(...directions),
        seed: fc.nat(1000),
      }),
      cell: fc.record({
        nonlinearity: fc.constantFrom("tanh" as const, "relu" as const),
        projected: fc.boolean(),
        resetAfter: fc.boolean(),
        updateGate: fc.constantFrom("keep" as const, "replace" as const),
        general: fc.option(general, { freq: 2 }),
      }),
      batch: size(9),
      time: fc.oneof(
        { weight: 4, arbitrary: size(20) },
        { weight: 1, arbitrary: size(150) },
      ),
      saturated: fc.boolean(),
      withState: fc.boolean(),
    })
    .map(({ cell, ...rest }) => ({
      ...rest,
      options: {
        ...rest.options,
        ...own(rest.kind, rest.options.hiddenSize, cell),
      },
    }));
}

/** Options of the general path. */
const general = fc.record({
  activations: fc.tuple(
    fc.constantFrom<CellActivation>(
      "sigmoid",
      { name: "hardSigmoid", alpha: 1 / 6 },
      "rnnoiseSigmoid",
    ),
    fc.constantFrom<CellActivation>("tanh", "softsign", "selu", "namTanh"),
    fc.constantFrom<CellActivation>("tanh", "softplus", "silu"),
  ),
  clip: fc.constantFrom(Infinity, 0.5),
  learnedState: fc.boolean(),
  peepholes: fc.boolean(),
  coupledGates: fc.boolean(),
});
type GeneralChoice = Pick<
  Required<AnyOptions>,
  "clip" | "learnedState" | "peepholes" | "coupledGates"
> & { activations: readonly CellActivation[] };

interface CellChoice {
  general: GeneralChoice | null;
  nonlinearity: "tanh" | "relu";
  projected: boolean;
  resetAfter: boolean;
  updateGate: "keep" | "replace";
}

/** The options that only this kind has, and those of the general path. */
function own(
  kind: Kind,
  hiddenSize: number,
  { nonlinearity, projected, resetAfter, updateGate, general }: CellChoice,
): Partial<AnyOptions> {
  const {
    activations = [],
    clip = Infinity,
    learnedState = false,
    ...gates
  } = general ?? {};
  const functions = { RNN: 1, GRU: 2, LSTM: 3 }[kind];
  const common = {
    activations: activations.slice(-functions),
    clip,
    learnedState,
  };
  if (kind === "RNN") return { nonlinearity, ...common };
  if (kind === "GRU") return { resetAfter, updateGate, ...common };
  const projection =
    projected && hiddenSize > 1
      ? { projSize: 1 + ((hiddenSize * 3) % (hiddenSize - 1)) }
      : {};
  return { ...projection, ...common, ...gates };
}

export interface Realised {
  layer: Recurrent;
  input: Tensor; // [B, T, I]
  start: { state?: State };
  random: Random;
}

/** On each backend the same weights, input and state. */
export function realise(
  configuration: Configuration,
  backend: Backend,
): Realised {
  const { kind, options, batch, time, saturated, withState } = configuration;
  const random = new Random(options.seed! + 1);
  const layer = create(kind, { ...options, backend });
  // An unbounded recurrence with larger weights would only measure its own explosion.
  if (saturated && options.nonlinearity !== "relu") scaleWeights(layer, 3);
  const input = random.tensor([batch, time, options.inputSize], -2, 2);
  const start = withState
    ? { state: randomState(random, kind, options, batch) }
    : {};
  return { layer, input, start, random };
}
