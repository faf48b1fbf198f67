import { message } from "../checks.js";
import {
  type Cell,
  type CellFunction,
  parametersOf,
  formatOf,
  type RecurrentKind,
  type RecurrentSpec,
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

/** What one kind of layer has besides the options that RNN, LSTM and GRU share. */
export interface LayerKind {
  readonly kind: RecurrentKind;
  readonly projSize: number; // P; 0: none
  readonly peepholes: boolean;
  /** Its activations unless the options give others. */
  readonly activations: readonly CellFunction[];
  /** The cell, with the options that only this kind has. */
  cell(spec: RecurrentSpec): Cell;
}

/** PyTorch's suffix of a parameter: its layer, and _reverse for the second of two directions. */
const suffix = (layer: number, direction: number): string =>
  `_l${layer}${direction === 1 ? "_reverse" : ""}`;

/** The parameters of all layers and directions in PyTorch's order, drawn from U(-1/√H, 1/√H). */
export function initialParameters(
  options: Required<RecurrentOptions>,
  { kind, projSize, peepholes }: LayerKind,
): Parameters {
  const { inputSize, hiddenSize, numLayers, bias, seed } = options;
  const { learnedState } = options;
  const outputSize = projSize || hiddenSize;
  const random = seeded(seed);
  const bound = 1 / Math.sqrt(hiddenSize);
  const choice = { bias, projection: projSize > 0, peepholes, learnedState };
  const shapes: [string, readonly number[]][] = [];
  for (let layer = 0; layer < numLayers; layer++) {
    for (const direction of directionsOf(options).keys()) {
      const inputs = layer ? joinedSize(options, outputSize) : inputSize;
      const sizes = { inputSize: inputs, hiddenSize, outputSize };
      for (const [name, shape] of parametersOf(kind, sizes, choice))
        shapes.push([name + suffix(layer, direction), shape]);
    }
  }
  const draw = (size: number) => uniform(size, bound, random);
  return new Parameters(shapes, draw, options);
}

/** The layers as the kernel runs them: a stage a layer, a cell a direction. */
export function stagesOf(
  options: Required<RecurrentOptions>,
  { cell, projSize, activations }: LayerKind,
  parameters: Parameters,
): StageSpec[] {
  const { inputSize, hiddenSize, numLayers, returnSequences } = options;
  const { clip, learnedState } = options;
  const directions = directionsOf(options);
  const outputSize = projSize || hiddenSize;
  return Array.from({ length: numLayers }, (_, layer) => ({
    lastOnly: !returnSequences && layer === numLayers - 1,
    merge: options.mergeMode,
    inProcessingOrder:
      options.outputOrder === "processing" && directions[0] === "reverse",
    cells: directions.map((direction, index): Cell => {
      const spec = {
        inputSize: layer ? joinedSize(options, outputSize) : inputSize,
        hiddenSize,
        outputSize,
        activations: activationsOf(options, activations, index),
        clip,
        reverse: direction === "reverse",
        learnedState,
        format: formatOf(options.precision),
        parameter: (name: string) =>
          parameters.get(name + suffix(layer, index)),
        integers: (name: string) =>
          parameters.integers(name + suffix(layer, index)),
        range: (name: string) =>
          options.ranges[name + suffix(layer, index)] ?? null,
      };
      return cell(spec);
    }),
  }));
}

/** The standard activations, or those given: one set for all directions, or one for each. */
function activationsOf(
  { activations }: Required<RecurrentOptions>,
  standard: readonly CellFunction[],
  direction: number,
): readonly CellFunction[] {
  if (!activations.length) return standard;
  const { length } = standard;
  const from = activations.length > length ? direction * length : 0;
  return activations.slice(from, from + length);
}

/** The options that follow from a state dict's names and shapes; `own`: those that only an LSTM has. */
export function optionsFromDict(
  dict: unknown,
  prefix: string,
  { gates: { length: gates } }: Pick<RecurrentKind, "gates">,
) {
  const entries = entriesUnder(dict, prefix);
  const [gateRows, inputSize] = matrixShape(entries, "weight_ih_l0", prefix);
  const [, outputSize] = matrixShape(entries, "weight_hh_l0", prefix);
  const hiddenSize = gateRows / gates;
  const found = gateRows / outputSize;
  const other = found !== gates && !entries.has("weight_hr_l0");
  if (other || !Number.isInteger(hiddenSize)) {
    const name = `dict["${prefix}weight_ih_l0"]`;
    const how = other
      ? `, ${found} gate${found === 1 ? "" : "s"} of ${outputSize} units`
      : "";
    const got = `[${gateRows}, ${inputSize}]${how}`;
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
