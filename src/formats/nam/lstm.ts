/*
 * Reads the LSTM of a .nam file. Its weights are one list of numbers, for each layer in turn
 *
 *     W [4·H, I + H] row by row: the columns of the input, then those of the state; gates i f g o
 *     b [4·H]    h0 [H]    c0 [H]
 *
 * and after the last layer the head: [out, H] row by row, then [out].
 */
import { LSTM, Linear, Sequential } from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import type { StateDict } from "../../safetensors.js";
import { sizeOf, type Tensor } from "../../tensor.js";
import { FormatError } from "../../errors.js";
import {
  field,
  inside,
  integer,
  list,
  object,
  type Place,
  unexpected,
  vector,
} from "../json.js";
import type { ReportLayer } from "../report.js";

export interface NamLstm {
  readonly model: Sequential;
  readonly layers: readonly ReportLayer[];
  readonly warnings: readonly string[];
}

interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly outputSize: number;
}

/** NAM's approximations, in the order of the option `activations`. */
const FAST = ["namSigmoid", "namTanh", "namTanh"] as const;

/** Whether a layer's activations are NAM's approximations. */
export const isFast = (activations: readonly unknown[]): boolean =>
  activations.length === FAST.length &&
  FAST.every((name, i) => activations[i] === name);

/** @param file of architecture LSTM */
export function readLstm(
  file: Place,
  fastTanh: boolean,
  backend: BackendChoice,
): NamLstm {
  const config = object(file, "config");
  const sizes = readSizes(config);
  const { inputSize, hiddenSize, numLayers, outputSize } = sizes;
  const weights = readWeights(file, sizes);
  const lstm = new LSTM({
    inputSize,
    hiddenSize,
    numLayers,
    learnedState: true,
    ...(fastTanh && { activations: FAST }),
    backend,
  });
  const head = new Linear({ inputSize: hiddenSize, outputSize, backend });
  const numbers = new Numbers(weights);
  lstm.loadStateDict(lstmDict(numbers, sizes));
  head.loadStateDict({
    weight: numbers.take(outputSize, hiddenSize),
    bias: numbers.take(outputSize),
  });
  const activations = fastTanh ? ", NAM's fast tanh" : "";
  const channels = field(config, "in_channels") ?? null;
  return {
    model: new Sequential([lstm, head]),
    layers: [
      {
        name: "lstm",
        type: "LSTM",
        sizes: { inputSize, hiddenSize, numLayers },
        convention: `NAM: gates i f g o, [W | U] in one matrix, one bias, learned initial state${activations}`,
      },
      {
        name: "head",
        type: "Linear",
        sizes: { inputSize: hiddenSize, outputSize },
        convention: "NAM: weight [out, in], bias",
      },
    ],
    warnings:
      inputSize > 1 && channels === null
        ? [
            `input_size ${inputSize}, but no in_channels: NAM's plug-in only feeds the first input`,
          ]
        : [],
  };
}

function readSizes(config: Place): Sizes {
  const inputSize = integer(config, "input_size");
  const channels = integer(config, "in_channels", { absent: inputSize });
  if (channels !== inputSize)
    throw unexpected(
      `input_size, ${inputSize}`,
      channels,
      inside(config, "in_channels"),
    );
  return {
    inputSize,
    hiddenSize: integer(config, "hidden_size"),
    numLayers: integer(config, "num_layers"),
    outputSize: integer(config, "out_channels", { absent: 1 }),
  };
}

/** All weights. Their number is checked against the sizes before memory is allocated. */
function readWeights(file: Place, sizes: Sizes): Float32Array {
  const { inputSize: I, hiddenSize: H, numLayers: L, outputSize: O } = sizes;
  const layer = (inputs: number) => 4 * H * (inputs + H + 1) + 2 * H;
  const expected = layer(I) + (L - 1) * layer(H) + O * (H + 1);
  const { length } = list(file, "weights");
  if (length === expected)
    return vector(field(file, "weights"), "weights", length).data;
  throw new FormatError(
    `weights: expected ${expected} numbers for input_size ${I}, hidden_size ${H}, num_layers ${L} and ${O} outputs, got ${length}`,
  );
}

/** Takes tensors off a list of numbers, from the first on. */
class Numbers {
  readonly #data: Float32Array;
  #at = 0;

  constructor(data: Float32Array) {
    this.#data = data;
  }

  take(...shape: number[]): Tensor {
    const size = sizeOf(shape);
    const data = this.#data.slice(this.#at, this.#at + size);
    this.#at += size;
    return { shape, data };
  }
}

function lstmDict(numbers: Numbers, sizes: Sizes): StateDict {
  const { inputSize, hiddenSize, numLayers } = sizes;
  const rows = 4 * hiddenSize;
  const dict: StateDict = {};
  for (let layer = 0; layer < numLayers; layer++) {
    const inputs = layer ? hiddenSize : inputSize;
    const joined = numbers.take(rows, inputs + hiddenSize);
    dict[`weight_ih_l${layer}`] = columns(joined, 0, inputs);
    dict[`weight_hh_l${layer}`] = columns(joined, inputs, hiddenSize);
    dict[`bias_ih_l${layer}`] = numbers.take(rows);
    dict[`bias_hh_l${layer}`] = {
      shape: [rows],
      data: new Float32Array(rows),
    };
    dict[`hidden0_l${layer}`] = numbers.take(hiddenSize);
    dict[`cell0_l${layer}`] = numbers.take(hiddenSize);
  }
  return dict;
}

/** `count` columns of a matrix, from `start` on. */
function columns(
  { shape, data }: Tensor,
  start: number,
  count: number,
): Tensor {
  const [rows, width] = shape as [number, number];
  const part = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    const from = row * width + start;
    part.set(data.subarray(from, from + count), row * count);
  }
  return { shape: [rows, count], data: part };
}
