import { message } from "../checks.js";
import {
  type Activation,
  type Cell,
  type CellActivation,
  PLAIN,
  type StageSpec,
} from "../kernel/model.js";
import { seeded, uniform } from "../random.js";
import {
  type Direction,
  directionsOf,
  joinedSize,
  type RecurrentOptions,
} from "./options.js";
import { entriesUnder, matrixShape, Parameters } from "./parameters.js";

/** What one kind of layer adds to the options that all three share. */
export interface CellKind {
  readonly kind: "rnn" | "lstm" | "gru";
  /** As users know the class. */
  readonly name: string;
  readonly gates: number; // G
  readonly projSize: number; // P; 0: none
  /** Its activations unless options say otherwise. */
  readonly standard: readonly Activation[];
  readonly features: Partial<
    Pick<Cell, "resetBefore" | "replace" | "peepholes" | "coupled">
  >;
}

/** PyTorch's suffix of a parameter: its layer, and _reverse for the second of two directions. */
const suffix = (layer: number, direction: number): string =>
  `_l${layer}${direction === 1 ? "_reverse" : ""}`;

/** The parameters of all layers and directions in PyTorch's order, drawn from U(-1/√H, 1/√H). */
export function initialParameters(
  options: Required<RecurrentOptions>,
  { kind, gates, projSize, features }: CellKind,
): Parameters {
  const { inputSize, hiddenSize, numLayers, bias, seed } = options;
  const directions = directionsOf(options);
  const outputSize = projSize || hiddenSize;
  const random = seeded(seed);
  const bound = 1 / Math.sqrt(hiddenSize);
  const shapes: [string, number[]][] = [];
  const add = (name: string, ...shape: number[]) => {
    shapes.push([name, shape]);
  };
  for (let layer = 0; layer < numLayers; layer++) {
    for (const direction of directions.keys()) {
      const end = suffix(layer, direction);
      const inputs = layer ? joinedSize(options, outputSize) : inputSize;
      add(`weight_ih${end}`, gates * hiddenSize, inputs);
      add(`weight_hh${end}`, gates * hiddenSize, outputSize);
      if (bias) add(`bias_ih${end}`, gates * hiddenSize);
      if (bias) add(`bias_hh${end}`, gates * hiddenSize);
      if (projSize) add(`weight_hr${end}`, projSize, hiddenSize);
      if (features.peepholes) add(`weight_peephole${end}`, 3 * hiddenSize);
      if (!options.learnedState) continue;
      add(`hidden0${end}`, outputSize);
      if (kind === "lstm") add(`cell0${end}`, hiddenSize);
    }
  }
  return new Parameters(shapes, (size) => uniform(size, bound, random));
}

/** The layers as the kernel runs them: a stage a layer, a cell a direction. */
export function stagesOf(
  options: Required<RecurrentOptions>,
  { kind, projSize, standard, features }: CellKind,
  parameters: Parameters,
): StageSpec[] {
  const { inputSize, hiddenSize, numLayers, returnSequences, clip } = options;
  const directions = directionsOf(options);
  const outputSize = projSize || hiddenSize;
  return Array.from({ length: numLayers }, (_, layer) => ({
    lastOnly: !returnSequences && layer === numLayers - 1,
    merge: options.mergeMode,
    turned: options.outputOrder === "processing" && directions[0] === "reverse",
    cells: directions.map((direction, index): Cell => {
      const of = (name: string) => parameters.get(name + suffix(layer, index));
      return {
        kind,
        inputSize: layer ? joinedSize(options, outputSize) : inputSize,
        hiddenSize,
        outputSize,
        activations: activationsOf(options, standard, index),
        ...PLAIN,
        clip,
        ...features,
        reverse: direction === "reverse",
        initial: options.learnedState
          ? () => ({
              hidden: of("hidden0") as Float32Array,
              cell: of("cell0"),
            })
          : null,
        weights: () => ({
          ih: of("weight_ih") as Float32Array,
          hh: of("weight_hh") as Float32Array,
          biasIh: of("bias_ih"),
          biasHh: of("bias_hh"),
          hr: of("weight_hr"),
          peephole: of("weight_peephole"),
        }),
      };
    }),
  }));
}

/** Those of the standard cell unless others are given: one set for all directions, or one for each. */
function activationsOf(
  { activations }: Required<RecurrentOptions>,
  standard: readonly Activation[],
  direction: number,
): readonly (CellActivation | Activation)[] {
  if (!activations.length) return standard;
  const { length } = standard;
  const from = activations.length > length ? direction * length : 0;
  return activations.slice(from, from + length);
}

/** By gates, less one, as the rows of their matrices tell where there is no projection. */
const KINDS = ["RNN", undefined, "GRU", "LSTM"] as const;

/** The options that a state dict's names and shapes tell; `own`: those that an LSTM alone has. */
export function optionsFromDict(dict: unknown, prefix: string, gates: number) {
  const entries = entriesUnder(dict, prefix);
  const [gateRows, inputSize] = matrixShape(entries, "weight_ih_l0", prefix);
  const [, outputSize] = matrixShape(entries, "weight_hh_l0", prefix);
  const hiddenSize = gateRows / gates;
  const kind = KINDS[gateRows / outputSize - 1];
  const other = kind !== undefined && kind !== KINDS[gates - 1];
  if (other || !Number.isInteger(hiddenSize)) {
    const name = `dict["${prefix}weight_ih_l0"]`;
    const got = `[${gateRows}, ${inputSize}]${other ? ` (${kind}, ${outputSize} units)` : ""}`;
    throw new RangeError(message(name, `[${gates} · H, I]`, got));
  }
  let numLayers = 1;
  while (entries.has(`weight_ih_l${numLayers}`)) numLayers++;
  const both = entries.has("weight_ih_l0_reverse");
  return {
    inputSize,
    hiddenSize,
    numLayers,
    bias: entries.has("bias_ih_l0"),
    learnedState: entries.has("hidden0_l0"),
    own: {
      projSize: entries.has("weight_hr_l0") ? outputSize : 0,
      peepholes: entries.has("weight_peephole_l0"),
    },
    direction: (both ? "bidirectional" : "forward") as Direction,
  };
}
