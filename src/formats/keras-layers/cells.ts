/*
 * Converts a cell's config and weights to PyTorch's form. A layer such as LSTM has its cell's fields in its own config.
 */
import {
  gateOrder,
  RECURRENT_KINDS,
  type RecurrentType as CellType,
} from "../../layers/cells.js";
import { integer, type Place } from "../json.js";
import {
  type Activation,
  activationText,
  readCellActivation,
} from "./activations.js";
import { flag } from "./config.js";
import { joinedGates } from "./keras1.js";
import type { Context } from "./context.js";
import { fromCudnn, reordered, transposed } from "./matrices.js";
import { checkShape, type LayerWeights, type Part } from "./weights.js";

/** One direction of a layer. */
export interface CellWeights {
  readonly type: CellType;
  readonly inputSize: number;
  readonly units: number;
  /** f of the gates first, as our layers take them: RNN [f], GRU [f, g], LSTM [f, g, h]. */
  readonly activations: readonly Activation[];
  /** Of a GRU. */
  readonly resetAfter: boolean;
  /** [G·H, I] and [G·H, H]. */
  readonly kernel: Float32Array;
  readonly recurrent: Float32Array;
  /** G·H each; null: none. */
  readonly biases: readonly [Float32Array, Float32Array] | null;
  readonly convention: string;
}

/** The cell type of each class of cells, and of layers with one cell. */
export const CELL_TYPES = new Map<string, CellType>([
  ["SimpleRNN", "RNN"],
  ["SimpleRNNCell", "RNN"],
  ["LSTM", "LSTM"],
  ["LSTMCell", "LSTM"],
  ["CuDNNLSTM", "LSTM"],
  ["GRU", "GRU"],
  ["GRUCell", "GRU"],
  ["CuDNNGRU", "GRU"],
]);

export type { CellType };

/** "gates i f c o, "; "" for a single gate. */
function orderText(type: CellType): string {
  const { gates, orders } = RECURRENT_KINDS[type];
  return gates.length > 1 ? `gates ${orders.keras}, ` : "";
}

/**
 * @param inputSize null if only the kernel shows it
 * @throws FormatError if a weight is missing, or not of the size that the config says
 */
export function readCell(
  className: string,
  config: Place,
  saved: LayerWeights,
  part: Part,
  inputSize: number | null,
  { producer, budget }: Context,
): CellWeights {
  const type = CELL_TYPES.get(className) as CellType;
  const weights = joinedGates(saved, type, config);
  const cudnn = className.startsWith("CuDNN");
  const gates = gateOrder(RECURRENT_KINDS[type], "keras");
  const units = integer(config, "units");
  const rows = units * gates.length;
  const activations = readActivations(type, cudnn, config, producer);
  const resetAfter =
    type === "GRU" &&
    (cudnn || flag(config, "reset_after", producer.major === 3));

  const kernel = weights.take(part, "kernel", 0);
  const letter = gates.length === 1 ? "" : `${gates.length} · `;
  const names = `the kernel of ${units} units: [inputs, ${letter}units]`;
  const [inputs] = checkShape(kernel, [inputSize, rows], names);
  const recurrent = weights.take(part, "recurrent_kernel", 1);
  checkShape(recurrent, [units, rows], `[units, ${letter}units]`);
  for (const { data, place } of [kernel, recurrent])
    budget.take(data.byteLength, place);
  const convert = cudnn ? fromCudnn : transposed;

  const biased = cudnn || flag(config, "use_bias", true);
  const two = cudnn || resetAfter;
  let biases: CellWeights["biases"] = null;
  if (biased) {
    const bias = weights.take(part, "bias", 2);
    const shape = cudnn ? [2 * rows] : two ? [2, rows] : [rows];
    checkShape(bias, shape, `the bias of ${units} units`);
    const row = (index: number) =>
      reordered(bias.data.subarray(index * rows, (index + 1) * rows), gates);
    biases = [row(0).data, two ? row(1).data : new Float32Array(rows)];
  }
  const reset =
    type === "GRU" ? `reset ${resetAfter ? "after" : "before"}, ` : "";
  const count = biased ? (two ? "two biases" : "one bias") : "no bias";
  const layout = cudnn ? "cuDNN's matrices" : `kernel [in, ${letter}units]`;
  return {
    type,
    inputSize: inputs as number,
    units,
    activations,
    resetAfter,
    kernel: convert(kernel, gates).data,
    recurrent: convert(recurrent, gates).data,
    biases,
    convention: `${orderText(type)}${layout}, ${count}, ${reset}${activations.slice(0, 2).map(activationText).join(" and ")}`,
  };
}

function readActivations(
  type: CellType,
  cudnn: boolean,
  config: Place,
  producer: Context["producer"],
): Activation[] {
  const read = (name: string) => readCellActivation(config, name, producer);
  const g = cudnn ? "tanh" : read("activation");
  if (type === "RNN") return [g];
  const f = cudnn ? "sigmoid" : read("recurrent_activation");
  return type === "GRU" ? [f, g] : [f, g, g];
}
