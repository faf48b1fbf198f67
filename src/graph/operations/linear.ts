/*
 * Products with a constant matrix as Linears on the kernel.
 */
import { message, shapeText } from "../../checks.js";
import { Linear } from "../../layers/linear.js";
import type { Tensor } from "../../tensor.js";
import { strided } from "../indexing.js";
import type { Node, Run } from "../node.js";
import type { Value } from "../value.js";

const isFloats = ({ dtype }: Value): boolean => dtype === "float32";

/** @throws TypeError for values of other dtypes */
export function checkFloats(
  node: Node,
  ...values: readonly (Value | null | undefined)[]
): void {
  for (const value of values)
    if (value && !isFloats(value))
      throw new TypeError(message(node.place, "floats", value.dtype));
}

/** A matrix, transposed or as it is. */
export function turned(node: Node, value: Value, turn: boolean): Value {
  if (!turn) return value;
  const [rows, columns] = value.shape as [number, number];
  return strided(node, value, [columns, rows], [1, columns]);
}

/** A MatMul where B is a constant matrix, else null. */
export function constantMatMul(node: Node): Run | null {
  const weight = node.constant(1);
  if (weight?.shape.length !== 2 || !isFloats(weight)) return null;
  const [rows, columns] = weight.shape as [number, number];
  return linearOf(node, weight, rows, columns, false, null);
}

/** A Gemm where B is a constant matrix and C a constant row, or not there; else null. */
export function constantGemm(node: Node, transB: boolean): Run | null {
  const weight = node.constant(1);
  const bias = node.constant(2);
  if (weight?.shape.length !== 2 || !isFloats(weight) || (node.has(2) && !bias))
    return null;
  const [rows, columns] = weight.shape as [number, number];
  const outputSize = transB ? rows : columns;
  const isRow =
    !bias ||
    (bias.data.length === outputSize && bias.shape.at(-1) === outputSize);
  if (!isRow || (bias && (bias.shape.length > 2 || !isFloats(bias))))
    return null;
  return linearOf(
    node,
    weight,
    transB ? columns : rows,
    outputSize,
    transB,
    bias,
  );
}

/** x W (+ b) as a layer of its own; null for sizes of 0, or too many. W is [K, N], or turned [N, K]. */
function linearOf(
  node: Node,
  weight: Value,
  inputSize: number,
  outputSize: number,
  isTurned: boolean,
  bias: Value | null,
): Run | null {
  if (!inputSize || !outputSize || !node.setting.work.take(weight.data.length))
    return null;
  const { backend, notes } = node.setting;
  const layer = new Linear({
    inputSize,
    outputSize,
    bias: bias !== null,
    backend,
  });
  layer.loadStateDict({
    // a Linear's weight is [N, K]
    weight: {
      shape: [outputSize, inputSize],
      data: floats(turned(node, weight, !isTurned)),
    },
    ...(bias && { bias: { shape: [outputSize], data: floats(bias) } }),
  });
  notes.layers.push({
    name: node.name,
    type: node.type,
    sizes: { inputSize, outputSize },
    convention: `W ${isTurned ? "[O, I]" : "[I, O]"}, ${bias ? "a bias" : "no bias"}`,
  });
  node.absorb(1, () => {
    const own = layer.stateDict()["weight"] as Tensor;
    return turned(node, { dtype: "float32", ...own }, !isTurned);
  });
  if (bias)
    node.absorb(2, () => {
      const { data } = layer.stateDict()["bias"] as Tensor;
      return { dtype: "float32", shape: bias.shape, data };
    });
  return ([x]) => {
    const input = x as Value;
    checkFloats(node, input);
    const { shape } = input;
    const matches =
      shape.at(-1) === inputSize &&
      (node.type === "MatMul" || shape.length === 2);
    if (!matches) {
      const expected =
        node.type === "MatMul" ? `[.., ${inputSize}]` : `[M, ${inputSize}]`;
      throw new RangeError(message(node.place, expected, shapeText(shape)));
    }
    const result = [...shape.slice(0, -1), outputSize];
    if (!input.data.length)
      return [
        { dtype: "float32", shape: result, data: node.room("float32", result) },
      ];
    const { output } = layer.forward({ shape, data: floats(input) });
    return [{ dtype: "float32", shape: result, data: output.data }];
  };
}

const floats = ({ data }: Value): Float32Array => data as Float32Array;
