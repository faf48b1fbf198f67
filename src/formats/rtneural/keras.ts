/*
 * Converts Keras's weights, which RTNeural's files hold, to PyTorch's layout.
 *
 *     Keras     W [I, G·H]  U [H, G·H]    LSTM i f c o, b [4·H]     GRU z r h, b [2, 3·H]
 *     PyTorch   W [G·H, I]  U [G·H, H]    LSTM i f g o, two biases  GRU r z n, two biases
 *
 * The sizes come from `shape`; the lists are checked against them before memory of that size is allocated.
 */
import { gateOrder, RECURRENT_KINDS } from "../../layers/cells.js";
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import { equalShapes, shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import { asList, matrix, nested, unexpected, vector } from "../json.js";
import { reordered, transposed } from "../keras-layers/matrices.js";

/** For each of PyTorch's gates, the index of Keras's. */
const LSTM_GATES = gateOrder(RECURRENT_KINDS.LSTM, "keras");
const GRU_GATES = gateOrder(RECURRENT_KINDS.GRU, "keras");

/** [kernel [I, O], bias [O]], the bias optional. */
export function denseWeights(
  value: unknown,
  at: string,
  inputSize: number,
  outputSize: number,
): StateDict {
  const weights = asList(value, at);
  if (weights.length !== 1 && weights.length !== 2)
    throw unexpected("[kernel, bias] or [kernel]", value, at);
  const kernel = matrix(weights[0], `${at}[0]`, inputSize, outputSize);
  const dict: StateDict = { weight: transposed(kernel, [0]) };
  if (weights.length === 2)
    dict["bias"] = vector(weights[1], `${at}[1]`, outputSize);
  return dict;
}

/** [kernel [K, I / groups, O], bias [O]], the bias optional. */
export function convWeights(
  value: unknown,
  at: string,
  [kernelSize, inputs, outputs]: readonly [number, number, number],
): StateDict {
  const weights = asList(value, at);
  if (weights.length !== 1 && weights.length !== 2)
    throw unexpected("[kernel, bias] or [kernel]", value, at);
  const { shape, data } = nested(weights[0], `${at}[0]`);
  if (!equalShapes(shape, [kernelSize, inputs, outputs]))
    throw new FormatError(
      `${at}[0]: expected [${kernelSize}, ${inputs}, ${outputs}], [kernel, inputs, outputs], got ${shapeText(shape)}`,
    );
  const moved = new Float32Array(data.length);
  for (let k = 0; k < kernelSize; k++)
    for (let i = 0; i < inputs; i++)
      for (let o = 0; o < outputs; o++)
        moved[(o * inputs + i) * kernelSize + k] = data[
          (k * inputs + i) * outputs + o
        ] as number;
  const dict: StateDict = {
    weight: { shape: [outputs, inputs, kernelSize], data: moved },
  };
  if (weights.length === 2)
    dict["bias"] = vector(weights[1], `${at}[1]`, outputs);
  return dict;
}

/** [kernel [I, 4·H], recurrent kernel [H, 4·H], bias [4·H]]. */
export function lstmWeights(
  value: unknown,
  at: string,
  inputSize: number,
  hiddenSize: number,
): StateDict {
  const rows = 4 * hiddenSize;
  const [kernel, recurrent, bias] = asList(value, at, 3);
  const weights = [
    matrix(kernel, `${at}[0]`, inputSize, rows),
    matrix(recurrent, `${at}[1]`, hiddenSize, rows),
  ] as const;
  return {
    weight_ih_l0: transposed(weights[0], LSTM_GATES),
    weight_hh_l0: transposed(weights[1], LSTM_GATES),
    bias_ih_l0: reordered(vector(bias, `${at}[2]`, rows).data, LSTM_GATES),
    bias_hh_l0: { shape: [rows], data: new Float32Array(rows) },
  };
}

/** [kernel [I, 3·H], recurrent kernel [H, 3·H], biases [2, 3·H]: of the input, of the state (reset_after=True)]. */
export function gruWeights(
  value: unknown,
  at: string,
  inputSize: number,
  hiddenSize: number,
): StateDict {
  const rows = 3 * hiddenSize;
  const [kernel, recurrent, biases] = asList(value, at, 3);
  const weights = [
    matrix(kernel, `${at}[0]`, inputSize, rows),
    matrix(recurrent, `${at}[1]`, hiddenSize, rows),
  ] as const;
  const [ofInput, ofState] = asList(biases, `${at}[2]`, 2);
  const bias = (given: unknown, row: number): Tensor => {
    const { data } = vector(given, `${at}[2][${row}]`, rows);
    return reordered(data, GRU_GATES);
  };
  return {
    weight_ih_l0: transposed(weights[0], GRU_GATES),
    weight_hh_l0: transposed(weights[1], GRU_GATES),
    bias_ih_l0: bias(ofInput, 0),
    bias_hh_l0: bias(ofState, 1),
  };
}
