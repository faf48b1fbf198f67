/*
 * Matrix products. A product with a constant matrix, which is what exporters make of nn.Linear, runs as a Linear on
 * the kernel (linear.ts); any other is computed here, summed in float64.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import {
  broadcastOffsets,
  broadcastShape,
  broadcastStrides,
  offsets,
} from "../indexing.js";
import type { Compile, Node } from "../node.js";
import type { Value } from "../value.js";
import { checkFloats, constantGemm, constantMatMul, turned } from "./linear.js";

/** NumPy's matmul: matrices in the last two axes, the others broadcast; vectors become rows and columns. */
const matMul: Compile = (node) => {
  node.expectInputs(2);
  const linear = constantMatMul(node);
  if (linear) return linear;
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

export const products: Record<string, Compile> = { MatMul: matMul, Gemm: gemm };
