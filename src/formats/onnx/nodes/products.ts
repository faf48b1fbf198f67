/*
 * Matrix products. A product with a constant matrix, which is what exporters make of nn.Linear, runs as a Linear on
 * the kernel; any other is computed here, summed in float64.
 */
import { equalShapes, message, shapeText } from "../../../checks.js";
import { Linear } from "../../../layers/linear.js";
import type { Tensor } from "../../../tensor.js";
import {
  broadcastOffsets,
  broadcastShape,
  broadcastStrides,
  offsets,
  strided,
} from "../indexing.js";
import type { Compile, Node, Run } from "../node.js";
import type { Value } from "../value.js";

/** NumPy's matmul: matrices in the last two axes, the others broadcast; vectors become rows and columns. */
const matMul: Compile = (node) => {
  node.expectInputs(2);
  const weight = node.constant(1);
  if (weight?.shape.length === 2 && isFloats(weight)) {
    const [rows, columns] = weight.shape as [number, number];
    const linear = linearOf(node, weight, rows, columns, false, null);
    if (linear) return linear;
  }
  return ([left, right]) => {
    const [a, b] = [left as Value, right as Value];
    checkFloats(node, a, b);
    const [rowVector, columnVector] = [
      a.shape.length === 1,
      b.shape.length === 1,
    ];
    const wide = rowVector ? { ...a, shape: [1, ...a.shape] } : a;
    const tall = columnVector ? { ...b, shape: [...b.shape, 1] } : b;
    const product = multiply(node, wide, tall);
    const shape = product.shape.filter(
      (_, axis) =>
        !(rowVector && axis === product.shape.length - 2) &&
        !(columnVector && axis === product.shape.length - 1),
    );
    return [{ ...product, shape }];
  };
};

const isFloats = ({ dtype }: Value): boolean => dtype === "float32";

function checkFloats(
  node: Node,
  ...values: readonly (Value | null | undefined)[]
): void {
  for (const value of values)
    if (value && !isFloats(value))
      throw new TypeError(message(node.place, "floats", value.dtype));
}

/** [.., M, K] × [.., K, N] → [.., M, N]. */
function multiply(node: Node, a: Value, b: Value): Value {
  const [m, k] = a.shape.slice(-2);
  const [inner, n] = b.shape.slice(-2);
  if (m === undefined || n === undefined || k === undefined || inner !== k) {
    const got = `${shapeText(a.shape)} and ${shapeText(b.shape)}`;
    throw new RangeError(message(node.place, "[.., M, K] and [.., K, N]", got));
  }
  const batch = broadcastShape(
    [a.shape.slice(0, -2), b.shape.slice(0, -2)],
    node.place,
  );
  const shape = [...batch, m, n];
  const data = node.room("float32", shape);
  if (!data.length) return { dtype: "float32", shape, data };
  const count = data.length / (m * n);
  const starts = ({ shape: own }: Value) =>
    offsets(batch, broadcastStrides(own.slice(0, -2), batch), count);
  const [atA, atB] = [starts(a), starts(b)];
  for (let i = 0; i < count; i++) {
    const from = (atA[i] as number) * m * k;
    const to = data.subarray(i * m * n, (i + 1) * m * n);
    multiplyOne(
      a.data,
      from,
      b.data,
      (atB[i] as number) * k * n,
      to as Float32Array,
      k,
      n,
    );
  }
  return { dtype: "float32", shape, data };
}

function multiplyOne(
  a: ArrayLike<number>,
  fromA: number,
  b: ArrayLike<number>,
  fromB: number,
  to: Float32Array, // (M, N)
  k: number,
  n: number,
): void {
  const sums = new Float64Array(n);
  for (let row = 0; row * n < to.length; row++) {
    sums.fill(0);
    for (let i = 0; i < k; i++) {
      const x = a[fromA + row * k + i] as number;
      const line = fromB + i * n;
      for (let j = 0; j < n; j++)
        sums[j] = (sums[j] as number) + x * (b[line + j] as number);
    }
    to.set(sums, row * n);
  }
}

/** alpha A B + beta C, either of the matrices transposed; C broadcasts. */
const gemm: Compile = (node) => {
  node.expectInputs(2, 3);
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const [transA, transB] = [
    node.int("transA", 0) !== 0,
    node.int("transB", 0) !== 0,
  ];
  const plain = !transA && alpha === 1 && beta === 1;
  const linear = plain ? constantGemm(node, transB) : null;
  if (linear) return linear;
  return ([left, right, third]) => {
    const [a, b] = [left as Value, right as Value];
    checkFloats(node, a, b, third);
    if (a.shape.length !== 2 || b.shape.length !== 2) {
      const got = `${shapeText(a.shape)} and ${shapeText(b.shape)}`;
      throw new RangeError(message(node.place, "two matrices", got));
    }
    const product = multiply(
      node,
      turned(node, a, transA),
      turned(node, b, transB),
    );
    const { shape, data } = product;
    const c = third && beta !== 0 ? third : null;
    if (!c && alpha === 1) return [product];
    if (
      c &&
      !equalShapes(broadcastShape([c.shape, shape], node.place), shape)
    ) {
      const expected = `C that broadcasts to ${shapeText(shape)}`;
      throw new RangeError(message(node.place, expected, shapeText(c.shape)));
    }
    const at = c && broadcastOffsets(c, shape, data.length);
    for (let i = 0; i < data.length; i++) {
      const added = c
        ? beta * (c.data[at ? (at[i] as number) : i] as number)
        : 0;
      data[i] = alpha * (data[i] as number) + added;
    }
    return [product];
  };
};

function turned(node: Node, value: Value, turn: boolean): Value {
  if (!turn) return value;
  const [rows, columns] = value.shape as [number, number];
  return strided(node, value, [columns, rows], [1, columns]);
}

/** Where B is a constant matrix and C a constant row, or not there. */
function constantGemm(node: Node, transB: boolean): Run | null {
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
  const { backend, layers } = node.setting;
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
  layers.push({
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

export const products: Record<string, Compile> = { MatMul: matMul, Gemm: gemm };
