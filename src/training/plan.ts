import { message } from "../checks.js";
import type { CellSpec, OperationSpec } from "../kernel/backward.js";
import type { Activation } from "../layers/activation.js";
import { RECURRENT_KINDS } from "../layers/cells.js";
import type { Conv1d } from "../layers/conv1d.js";
import type { LastStep } from "../layers/last-step.js";
import type { GRU } from "../layers/gru.js";
import type { Layer } from "../layers/layer.js";
import type { LSTM } from "../layers/lstm.js";
import {
  directionsOf,
  joinedSize,
  type RecurrentOptions,
} from "../layers/options.js";
import type { RNN } from "../layers/rnn.js";
import type { BatchNorm } from "../layers/batch-norm.js";
import type { LayerNorm } from "../layers/layer-norm.js";
import type { Embedding } from "../layers/embedding.js";
import type { Linear } from "../layers/linear.js";
import type { Masking } from "../layers/masking.js";

/** How likely numbers of a layer are dropped, each by itself or (variational) for a whole sequence. */
export interface Dropout {
  input?: number;
  between?: number;
  recurrent?: number;
  output?: number;
  variational?: boolean;
}

/** What the options of a kind of cell say beside those of all. */
type Own = Pick<
  CellSpec,
  "kind" | "peepholes" | "coupled" | "resetBefore" | "replace"
> & {
  readonly projSize: number;
  /** The functions unless `activations` are given. */
  readonly functions: CellSpec["activations"];
};

const PLAIN = {
  peepholes: false,
  coupled: false,
  resetBefore: false,
  replace: false,
  projSize: 0,
} as const;

const ofRnn = ({ nonlinearity }: RNN["options"]): Own => ({
  ...PLAIN,
  kind: "RNN",
  functions: [nonlinearity],
});
const ofLstm = (options: LSTM["options"]): Own => {
  const { peepholes, coupledGates, projSize, cellClip } = options;
  if (cellClip < Infinity)
    throw new RangeError(
      message("cellClip", "Infinity in training", `${cellClip}`),
    );
  return {
    ...PLAIN,
    kind: "LSTM",
    functions: RECURRENT_KINDS.LSTM.activations as Own["functions"],
    peepholes,
    coupled: coupledGates,
    projSize,
  };
};
const ofGru = (options: GRU["options"]): Own => ({
  ...PLAIN,
  kind: "GRU",
  functions: RECURRENT_KINDS.GRU.activations as Own["functions"],
  resetBefore: !options.resetAfter,
  replace: options.updateGate === "replace",
});

function recurrent(
  options: Required<RecurrentOptions>,
  { projSize, functions, ...own }: Own,
  prefix: string,
  { between = 0, recurrent: rate = 0, variational = false }: Dropout,
): OperationSpec[] {
  const directions = directionsOf(options);
  const outputSize = projSize || options.hiddenSize;
  const { numLayers } = options;
  const asProcessed =
    options.outputOrder === "processing" && directions[0] === "reverse";
  const specs: OperationSpec[] = [];
  for (let layer = 0; layer < numLayers; layer++) {
    if (layer) specs.push(drop(between, variational));
    const last = layer === numLayers - 1;
    specs.push({
      type: "recurrent",
      merge: options.mergeMode,
      lastOnly: last && !options.returnSequences,
      asProcessed,
      stacked: !last,
      maskRule: last ? options.maskRule : "zero",
      dropout: rate,
      cells: directions.map((direction, index) => ({
        ...own,
        activations: activationsOf(options.activations, functions, index),
        inputSize: layer ? joinedSize(options, outputSize) : options.inputSize,
        hiddenSize: options.hiddenSize,
        outputSize,
        clip: options.clip,
        bias: options.bias,
        learnedState: options.learnedState,
        reverse: direction === "reverse",
        prefix,
        suffix: `_l${layer}${index ? "_reverse" : ""}`,
      })),
    });
  }
  return specs;
}

function activationsOf(
  given: Required<RecurrentOptions>["activations"],
  standard: Own["functions"],
  direction: number,
): Own["functions"] {
  const { length } = standard;
  if (!given.length) return standard;
  const from = given.length > length ? direction * length : 0;
  return given.slice(from, from + length);
}

const drop = (rate: number, variational: boolean): OperationSpec => ({
  type: "dropout",
  rate,
  variational,
});

const activation = (
  name: Activation["options"]["activation"],
  size: number,
): OperationSpec => ({ type: "activation", size, activation: name });

type Make = (layer: never, prefix: string, dropout: Dropout) => OperationSpec[];

/** A layer as the kernel trains it, by its type; what is dropped before and behind it comes beside. */
const OPERATIONS: Readonly<Record<string, Make>> = {
  RNN: (layer: RNN, prefix, dropout) =>
    recurrent(layer.options, ofRnn(layer.options), prefix, dropout),
  LSTM: (layer: LSTM, prefix, dropout) =>
    recurrent(layer.options, ofLstm(layer.options), prefix, dropout),
  GRU: (layer: GRU, prefix, dropout) =>
    recurrent(layer.options, ofGru(layer.options), prefix, dropout),
  Linear: ({ options }: Linear, prefix) => [
    {
      type: "linear",
      inputSize: options.inputSize,
      outputSize: options.outputSize,
      bias: options.bias,
      prefix,
    },
    activation(options.activation, options.outputSize),
  ],
  Activation: ({ options }: Activation) => [
    activation(options.activation, options.size),
  ],
  Conv1d: (layer: Conv1d, prefix) => [
    {
      ...layer.options,
      type: "conv1d",
      window: layer.cells[0]?.window ?? null,
      stepsOut: (steps) => layer.stepsOut(steps),
      prefix,
    },
    activation(layer.options.activation, layer.outputSize),
  ],
  LastStep: ({ options }: LastStep) => [
    { type: "lastStep", size: options.size, repeat: options.repeat ?? 1 },
  ],
  LayerNorm: ({ options }: LayerNorm, prefix) => [
    { ...options, type: "layerNorm", prefix },
  ],
  BatchNorm: ({ options }: BatchNorm, prefix) => [
    { ...options, type: "batchNorm", prefix },
  ],
  Embedding: ({ options }: Embedding, prefix) => [
    { ...options, type: "embedding", prefix },
  ],
  Masking: ({ options }: Masking) => [
    { type: "masking", maskValue: options.maskValue },
  ],
};

/** The operations of layers in order. What drops nothing is left out. */
export function operationsOf(
  layers: readonly Layer[],
  prefixOf: (index: number) => string,
  dropout: Readonly<Record<number, Dropout>>,
): OperationSpec[] {
  return layers
    .flatMap((layer, index) => {
      const make = OPERATIONS[layer.type];
      if (!make) {
        const expected = `one of ${Object.keys(OPERATIONS).join(", ")}`;
        throw new RangeError(message(`layers[${index}]`, expected, layer.type));
      }
      const rates = dropout[index] ?? {};
      const { input = 0, output = 0, variational = false } = rates;
      return [
        drop(input, variational),
        ...make(layer as never, prefixOf(index), rates),
        drop(output, variational),
      ];
    })
    .filter(
      (spec) =>
        !(spec.type === "dropout" && !spec.rate) &&
        !(spec.type === "activation" && spec.activation === "linear"),
    );
}

/** The rates that a layer of this type has: others would be ignored in silence. */
export const ratesOf = ({
  type,
  takesTokens,
}: Layer): readonly (keyof Dropout)[] => [
  ...(takesTokens ? [] : (["input"] as const)),
  ...(type in RECURRENT_KINDS ? (["between", "recurrent"] as const) : []),
  "output",
  "variational",
];
