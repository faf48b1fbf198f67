import { message, sameShape } from "../../checks.js";
import {
  gateOrder,
  peepholeOrder,
  RECURRENT_KINDS,
  type RecurrentType,
} from "../../layers/cells.js";
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import type { Node } from "../node.js";
import { joined, matrixFor, valueOf } from "../scaled.js";
import type { Numbers, Value } from "../value.js";

export type { RecurrentType };

/** The weight inputs of a recurrent node; null where it has none. */
export interface Weights {
  readonly W: Value; // [D, G·H, I]
  readonly R: Value; // [D, G·H, H]
  readonly B: Value | null; // [D, 2·G·H]: those of W, then those of R
  readonly P: Value | null; // [D, 3·H], LSTM: i, o, f
}

/** The blocks of ONNX that go into PyTorch's, in PyTorch's order. */
const gatesOf = (type: RecurrentType) =>
  gateOrder(RECURRENT_KINDS[type], "onnx");

const PEEPHOLES = peepholeOrder(RECURRENT_KINDS.LSTM);

export interface Sizes {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly bias: boolean;
  /** Peepholes of zeros are none. */
  readonly peepholes: boolean;
}

/** The sizes that the weights tell, checked against each other, the directions and the node's hidden_size. */
export function sizesOf(
  type: RecurrentType,
  { W, R, B, P }: Weights,
  directions: number,
  given: number | null,
  place: string,
): Sizes {
  for (const value of [W, R, B, P])
    if (value && value.dtype !== "float32")
      throw new TypeError(message(place, "weights of floats", value.dtype));
  const hiddenSize = given ?? R.shape[2] ?? 0;
  const inputSize = W.shape[2] ?? 0;
  const rows = gatesOf(type).length * hiddenSize;
  sameShape(W, [directions, rows, inputSize], `${place}, W`);
  sameShape(R, [directions, rows, hiddenSize], `${place}, R`);
  if (B) sameShape(B, [directions, 2 * rows], `${place}, B`);
  if (P) sameShape(P, [directions, 3 * hiddenSize], `${place}, P`);
  if (!(inputSize > 0 && hiddenSize > 0)) {
    const got = `${inputSize} and ${hiddenSize}`;
    throw new RangeError(message(place, "sizes of at least 1", got));
  }
  const peepholes = !!P && P.data.some((weight) => weight !== 0);
  return { inputSize, hiddenSize, bias: B !== null, peepholes };
}

/** The weights by PyTorch's names and in its order of gates; as integers where W and R were such. */
export function stateDictOf(
  node: Node,
  type: RecurrentType,
  weights: Weights,
  sizes: Sizes,
  directions: number,
): StateDict {
  const dict = numbersOf(type, weights, sizes, directions);
  for (const [name, key] of [
    ["weight_ih", "W"],
    ["weight_hh", "R"],
  ] as const) {
    const { scaled } = weights[key];
    if (!scaled) continue;
    const [integers, scales] = [scaled.integers, scaled.scales].map((data) =>
      numbersOf(
        type,
        { ...weights, [key]: { ...weights[key], data } },
        sizes,
        directions,
      ),
    ) as [StateDict, StateDict];
    for (const own of Object.keys(dict).filter((any) => any.startsWith(name)))
      dict[own] = matrixFor(node, {
        dtype: "float32",
        ...(dict[own] as Tensor),
        scaled: {
          integers: (integers[own] as Tensor).data,
          scales: (scales[own] as Tensor).data,
        },
      });
  }
  return dict;
}

function numbersOf(
  type: RecurrentType,
  { W, R, B, P }: Weights,
  { inputSize, hiddenSize, peepholes }: Sizes,
  directions: number,
): StateDict {
  const dict: StateDict = {};
  const gates = gatesOf(type);
  const rows = gates.length * hiddenSize;
  for (let direction = 0; direction < directions; direction++) {
    const suffix = direction ? "_l0_reverse" : "_l0";
    const add = (
      name: string,
      { data }: Value,
      start: number,
      blocks: readonly number[],
      columns?: number,
    ) => {
      const size = hiddenSize * (columns ?? 1);
      const sorted = new Float32Array(blocks.length * size);
      blocks.forEach((block, i) => {
        const from = start + block * size;
        sorted.set(data.subarray(from, from + size), i * size);
      });
      const lead = blocks.length * hiddenSize;
      const shape = columns ? [lead, columns] : [lead];
      dict[name + suffix] = { shape, data: sorted };
    };
    add("weight_ih", W, direction * rows * inputSize, gates, inputSize);
    add("weight_hh", R, direction * rows * hiddenSize, gates, hiddenSize);
    if (B) add("bias_ih", B, direction * 2 * rows, gates);
    if (B) add("bias_hh", B, (direction * 2 + 1) * rows, gates);
    if (P && peepholes)
      add("weight_peephole", P, direction * 3 * hiddenSize, PEEPHOLES);
  }
  return dict;
}

/** The inverse of `stateDictOf`, of layer `index` of the dict: B and P are null where it has none. */
export function weightsOfDict(
  type: RecurrentType,
  dict: StateDict,
  index: number,
  directions: number,
): Weights {
  const gates = gatesOf(type);
  const suffixes = [`_l${index}`, `_l${index}_reverse`].slice(0, directions);
  /** `parts` beside each other, of every direction, their blocks in ONNX's order. */
  const join = (
    parts: readonly string[],
    blocks: readonly number[],
  ): Value | null => {
    const tensors = suffixes.flatMap((suffix) =>
      parts.map((part) => dict[part + suffix]),
    );
    if (!tensors.every((tensor) => tensor !== undefined)) return null;
    const values = tensors.map(valueOf);
    const [{ shape }] = values as [Value];
    const rows = parts.length * (shape[0] as number);
    return joined(values, [directions, rows, ...shape.slice(1)], (numbers) =>
      sorted(numbers, blocks),
    );
  };
  return {
    W: join(["weight_ih"], gates) as Value,
    R: join(["weight_hh"], gates) as Value,
    B: join(["bias_ih", "bias_hh"], gates),
    P: join(["weight_peephole"], PEEPHOLES),
  };
}

/** Lists of equal length, one after another, the blocks of each in this order. */
function sorted(
  lists: readonly Numbers[],
  blocks: readonly number[],
): Float32Array {
  const { length } = lists[0] as Numbers;
  const size = length / blocks.length;
  const data = new Float32Array(lists.length * length);
  lists.forEach((list, i) =>
    blocks.forEach((block, from) =>
      data.set(
        list.subarray(from * size, (from + 1) * size),
        i * length + block * size,
      ),
    ),
  );
  return data;
}
