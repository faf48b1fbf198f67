/*
 * Converts weights from the layout of Keras's get_weights() and of TensorFlow into a state dict.
 *
 *     Keras       kernel [I, G·H]   recurrent_kernel [H, G·H]   bias [G·H], of a GRU with reset_after [2, 3·H]
 *     TensorFlow  kernel [I + H, 4·H] of a BasicLSTMCell, inputs first, gates i j f o   bias [4·H], without the forget bias
 *     ours        weight_ih_l0 [G·H, I]   weight_hh_l0 [G·H, H]   bias_ih_l0, bias_hh_l0 [G·H], gates as PyTorch
 */
import { describe, message, wrong } from "../checks.js";
import type { StateDict } from "../safetensors.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import type { RecurrentKind } from "../kernel/model.js";

/** What Keras's arrays do not say themselves. */
export interface KerasWeightsOptions {
  /** The letters of the gates in order; by default 'ifco' for an LSTM ('ijfo' is BasicLSTMCell's) and 'zrh' for a GRU. */
  gateOrder?: string;
  /** Added to the forget gate's bias; BasicLSTMCell adds 1 at run time. 0 by default. */
  forgetBias?: number;
}

/** What the arrays hold. */
export interface KerasWeights {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  /** For a GRU: whether it has two biases, which means reset_after; null if it has none, and for other layers. */
  readonly resetAfter: boolean | null;
  readonly dict: StateDict;
}

type KindFacts = Pick<RecurrentKind, "type" | "gates" | "orders">;

/** Letters that mean the same gate: the candidate is TensorFlow's j, PyTorch's g or n, Keras's c or h. */
const SAME: Readonly<Record<string, string>> = { j: "c", g: "c", n: "h" };

/** @throws TypeError, RangeError that name the array or option */
export function readKerasWeights(
  kind: KindFacts,
  weights: readonly TensorLike[],
  { gateOrder, forgetBias = 0 }: KerasWeightsOptions,
): KerasWeights {
  const { type } = kind;
  const gates = kind.gates.length;
  if (!Array.isArray(weights) || !weights.length || weights.length > 3) {
    const expected =
      "[kernel, recurrent_kernel, bias], as get_weights() returns them";
    throw wrong(Array.isArray(weights), "weights", expected, weights);
  }
  if (typeof forgetBias !== "number" || !Number.isFinite(forgetBias))
    throw wrong(
      typeof forgetBias === "number",
      "forgetBias",
      "a finite number",
      forgetBias,
    );
  const order = blocksOf(kind, gateOrder);
  const all = weights.map((each, index) => asTensor(each, `weights[${index}]`));
  const { kernel, recurrent, bias } = splitArrays(all, gates);
  const [inputSize] = kernel.shape as [number];
  const [hiddenSize] = recurrent.shape as [number];
  const dict: StateDict = {
    weight_ih_l0: transposed(kernel, order),
    weight_hh_l0: transposed(recurrent, order),
  };
  const rows = gates * hiddenSize;
  const twice = bias?.data.length === 2 * rows && type === "GRU";
  if (bias && !twice && bias.data.length !== rows) {
    const two = type === "GRU" ? ` or [2, ${rows}]` : "";
    const name = `weights[${weights.length - 1}]`;
    const expected = `a bias [${rows}]${two}`;
    throw new RangeError(message(name, expected, describe(bias)));
  }
  if (bias || forgetBias) {
    const own = bias?.data ?? new Float32Array(rows);
    const first = reordered(own.subarray(0, rows), order);
    const forget = kind.gates.findIndex(({ name }) => name === "forget");
    if (forgetBias && forget < 0)
      throw new RangeError(
        message("forgetBias", `0 for a ${type}`, `${forgetBias}`),
      );
    if (forgetBias)
      for (let h = 0; h < hiddenSize; h++)
        first[forget * hiddenSize + h] =
          (first[forget * hiddenSize + h] as number) + forgetBias;
    const second = twice
      ? reordered(own.subarray(rows), order)
      : new Float32Array(rows);
    dict["bias_ih_l0"] = { shape: [rows], data: first };
    dict["bias_hh_l0"] = { shape: [rows], data: second };
  }
  return {
    inputSize,
    hiddenSize,
    bias: "bias_ih_l0" in dict,
    resetAfter: bias && type === "GRU" ? twice : null,
    dict,
  };
}

/** For each of PyTorch's gates, the index of its block in Keras's arrays. */
function blocksOf(
  { gates, orders }: KindFacts,
  given: string | undefined,
): number[] {
  const standard = orders.keras.replaceAll(" ", "");
  if (given === undefined)
    return gates.map(({ keras }) => Math.max(0, standard.indexOf(keras)));
  if (typeof given !== "string")
    throw wrong(false, "gateOrder", "a string", given);
  const letters = Array.from(given, (letter) => SAME[letter] ?? letter);
  const order = gates.map(({ keras }) => letters.indexOf(keras));
  if (letters.length === gates.length && !order.includes(-1)) return order;
  const expected = `the letters ${standard} in some order`;
  throw new RangeError(message("gateOrder", expected, JSON.stringify(given)));
}

/** The arrays by their role; the single kernel of a TensorFlow cell is cut in two. */
function splitArrays(all: readonly Tensor[], gates: number) {
  const [kernel, second, third] = all as [Tensor, Tensor?, Tensor?];
  const columns = kernel.shape[1] ?? 0;
  const H = columns / gates;
  if (kernel.shape.length !== 2 || !Number.isInteger(H) || !H)
    throw new RangeError(
      message("weights[0]", `a kernel [I, ${gates} · H]`, describe(kernel)),
    );
  if (second?.shape.length === 2) {
    const expected = `a recurrent kernel [${H}, ${columns}]`;
    if (second.shape[0] !== H || second.shape[1] !== columns)
      throw new RangeError(message("weights[1]", expected, describe(second)));
    return { kernel, recurrent: second, bias: third ?? null };
  }
  const I = (kernel.shape[0] as number) - H;
  if (I < 1 || third)
    throw new RangeError(
      message(
        "weights[1]",
        `a recurrent kernel [${H}, ${columns}]`,
        second ? describe(second) : "nothing",
      ),
    );
  return {
    kernel: { shape: [I, columns], data: kernel.data.subarray(0, I * columns) },
    recurrent: { shape: [H, columns], data: kernel.data.subarray(I * columns) },
    bias: second ?? null,
  };
}

/** [K, G·H] → [G·H, K], with the blocks of H columns in the given order. */
function transposed({ shape, data }: Tensor, order: readonly number[]): Tensor {
  const [K, rows] = shape as [number, number];
  const H = rows / order.length;
  const result = new Float32Array(data.length);
  order.forEach((from, to) => {
    for (let h = 0; h < H; h++)
      for (let k = 0; k < K; k++)
        result[(to * H + h) * K + k] = data[k * rows + from * H + h] as number;
  });
  return { shape: [rows, K], data: result };
}

function reordered(data: Float32Array, order: readonly number[]): Float32Array {
  const H = data.length / order.length;
  const result = new Float32Array(data.length);
  order.forEach((from, to) =>
    result.set(data.subarray(from * H, (from + 1) * H), to * H),
  );
  return result;
}
