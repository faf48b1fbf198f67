/*
 * Products with a constant matrix as Linears on the kernel.
 */
import { message, shapeText } from "../../checks.js";
import type { Tensor } from "../../tensor.js";
import { reordered } from "../indexing.js";
import type { Node, Operation } from "../node.js";
import { movedBy, valueOf } from "../scaled.js";
import type { Numbers, Value } from "../value.js";
import { Product } from "./product.js";

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
export function transposed(
  node: Node,
  value: Value,
  transposes: boolean,
): Value {
  if (!transposes) return value;
  const [rows, columns] = value.shape as [number, number];
  const shape = [columns, rows];
  const turn2 = (data: Numbers) =>
    reordered(node, { ...value, data }, shape, [1, columns]).data;
  return movedBy(value, shape, turn2);
}

/** A MatMul where B is a constant matrix, else null. */
export function constantMatMul(node: Node): Operation | null {
  const weight = node.constant(1);
  if (weight?.shape.length !== 2 || !isFloats(weight)) return null;
  const [rows, columns] = weight.shape as [number, number];
  return linearOf(node, weight, rows, columns, false, null);
}

/** A Gemm where B is a constant matrix and C a constant row, or not there; else null. */
export function constantGemm(node: Node, transB: boolean): Operation | null {
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

/** x W (+ b) as a layer of its own; null for sizes of 0, or too many. W is [K, N], or transposed [N, K]. */
function linearOf(
  node: Node,
  weight: Value,
  inputSize: number,
  outputSize: number,
  isTransposed: boolean,
  bias: Value | null,
): Operation | null {
  if (!inputSize || !outputSize || !node.setting.work.take(weight.data.length))
    return null;
  const matrix = transposed(node, weight, !isTransposed);
  const product = new Product(
    node,
    inputSize,
    outputSize,
    matrix,
    bias && floats(bias),
  );
  node.runsAs = product.layer;
  node.setting.notes.layers.push({
    name: node.name,
    type: node.type,
    sizes: { inputSize, outputSize },
    convention: `W ${isTransposed ? "[O, I]" : "[I, O]"}, ${bias ? "a bias" : "no bias"}`,
  });
  node.absorb(1, () => {
    const own = product.layer.stateDict()["weight"] as Tensor;
    return transposed(node, valueOf(own), !isTransposed);
  });
  if (bias)
    node.absorb(2, () => {
      const { data } = product.layer.stateDict()["bias"] as Tensor;
      return { dtype: "float32", shape: bias.shape, data };
    });
  const anyRank = node.type === "MatMul";
  return {
    prepare([x]) {
      const input = x as Value;
      checkFloats(node, input);
      const { shape } = input;
      if (shape.at(-1) !== inputSize || (!anyRank && shape.length !== 2)) {
        const expected = anyRank ? `[.., ${inputSize}]` : `[M, ${inputSize}]`;
        throw new RangeError(message(node.place, expected, shapeText(shape)));
      }
      const y = node.value("float32", [...shape.slice(0, -1), outputSize]);
      return {
        outputs: [y],
        work: y.data.length * inputSize * 0.1,
        run: ([own]) => {
          if (y.data.length) product.run((own as Value).data, y.data);
        },
      };
    },
  };
}

const floats = ({ data }: Value): Float32Array => data as Float32Array;
