/*
 * Matrix products. A product with a constant matrix, which is what exporters make of nn.Linear, runs as a Linear on
 * the kernel (linear.ts); any other is computed here, summed in float64.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import {
  broadcastOffsets,
  broadcastShape,
  broadcastStrides,
} from "../indexing.js";
import { offsets } from "../strides.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { checkExact, type Dtype, type Numbers, type Value } from "../value.js";
import { checkFloats, constantGemm, constantMatMul } from "./linear.js";

/** NumPy's matmul: matrices in the last two axes, the others broadcast; vectors become rows and columns. */
const matMul: Compile = (node) => {
  node.expectInputs(2);
  const linear = constantMatMul(node);
  if (linear) return linear;
  return {
    prepare([left, right]) {
      const [a, b] = [left as Value, right as Value];
      if (a.dtype !== b.dtype || a.dtype === "bool") checkFloats(node, a, b);
      return multiplied(node, a, b, a.dtype);
    },
  };
};

/** A product of stacks of matrices, either of which may be a vector. */
export function multiplied(
  node: Node,
  a: Value,
  b: Value,
  dtype: Dtype,
): Prepared {
  const [row, column] = [a.shape.length === 1, b.shape.length === 1];
  const wide = row ? [1, ...a.shape] : a.shape;
  const tall = column ? [...b.shape, 1] : b.shape;
  const product = new Matrices(node, wide, tall);
  const { shape } = product;
  const kept = shape.filter(
    (_, axis) =>
      !(row && axis === shape.length - 2) &&
      !(column && axis === shape.length - 1),
  );
  const y = node.value(dtype, kept);
  return {
    outputs: [y],
    work: product.work,
    run([x, z]) {
      product.run((x as Value).data, (z as Value).data, y.data);
      checkExact(y, node.place);
    },
  };
}

/** How a matrix lies: the steps from row to row and from column to column. */
interface Steps {
  readonly row: number;
  readonly column: number;
}

/** [.., M, K] × [.., K, N] → [.., M, N]. */
export class Matrices {
  readonly shape: readonly number[];
  readonly work: number;
  readonly #sizes: readonly [m: number, k: number, n: number];
  readonly #starts: readonly [Int32Array, Int32Array];
  readonly #sums: Float64Array;

  constructor(node: Node, a: readonly number[], b: readonly number[]) {
    const [m, k] = a.slice(-2);
    const [inner, n] = b.slice(-2);
    if (m === undefined || n === undefined || k === undefined || inner !== k) {
      const got = `${shapeText(a)} and ${shapeText(b)}`;
      throw new RangeError(
        message(node.place, "[.., M, K] and [.., K, N]", got),
      );
    }
    const [leadA, leadB] = [a.slice(0, -2), b.slice(0, -2)];
    const batch = broadcastShape([leadA, leadB], node.place);
    this.shape = [...batch, m, n];
    const count = m * n ? batch.reduce((all, size) => all * size, 1) : 0;
    this.work = 0.5 * count * m * n * k;
    this.#sizes = [m, k, n];
    this.#starts = [
      offsets(batch, broadcastStrides(leadA, batch), count),
      offsets(batch, broadcastStrides(leadB, batch), count),
    ];
    this.#sums = new Float64Array(n);
  }

  run(
    a: Numbers,
    b: Numbers,
    to: Numbers,
    ofA: Steps | null = null,
    ofB: Steps | null = null,
  ): void {
    const [m, k, n] = this.#sizes;
    const [atA, atB] = this.#starts;
    const stepsA = ofA ?? { row: k, column: 1 };
    const stepsB = ofB ?? { row: n, column: 1 };
    const sums = this.#sums;
    let at = 0;
    for (let i = 0; i < atA.length; i++) {
      const fromA = (atA[i] as number) * m * k;
      const fromB = (atB[i] as number) * k * n;
      for (let row = 0; row < m; row++) {
        sums.fill(0);
        for (let j = 0; j < k; j++) {
          const x = a[fromA + row * stepsA.row + j * stepsA.column] as number;
          let line = fromB + j * stepsB.row;
          for (let c = 0; c < n; c++, line += stepsB.column)
            sums[c] = (sums[c] as number) + x * (b[line] as number);
        }
        for (let c = 0; c < n; c++) to[at++] = sums[c] as number;
      }
    }
  }
}

/** alpha A B + beta C, either of the matrices transposed; C broadcasts. */
const gemm: Compile = (node) => {
  node.expectInputs(2, 3);
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const [transA, transB] = [node.flag("transA"), node.flag("transB")];
  const plain = !transA && alpha === 1 && beta === 1;
  const linear = plain ? constantGemm(node, transB) : null;
  if (linear) return linear;
  return {
    prepare([left, right, third]) {
      const [a, b] = [left as Value, right as Value];
      checkFloats(node, a, b, third);
      if (a.shape.length !== 2 || b.shape.length !== 2) {
        const got = `${shapeText(a.shape)} and ${shapeText(b.shape)}`;
        throw new RangeError(message(node.place, "two matrices", got));
      }
      const shapeOf = ({ shape }: Value, transposes: boolean) =>
        transposes ? [shape[1] as number, shape[0] as number] : shape;
      const product = new Matrices(
        node,
        shapeOf(a, transA),
        shapeOf(b, transB),
      );
      const { shape } = product;
      const y = node.value("float32", shape);
      const c = third && beta !== 0 ? third : null;
      if (
        c &&
        !equalShapes(broadcastShape([c.shape, shape], node.place), shape)
      ) {
        const expected = `C that broadcasts to ${shapeText(shape)}`;
        throw new RangeError(message(node.place, expected, shapeText(c.shape)));
      }
      const at = c && broadcastOffsets(c, shape, y.data.length);
      const steps = (
        { shape: own }: Value,
        transposes: boolean,
      ): Steps | null =>
        transposes ? { row: 1, column: own[1] as number } : null;
      const [stepsA, stepsB] = [steps(a, transA), steps(b, transB)];
      return {
        outputs: [y],
        work: product.work,
        run([x, z, added]) {
          const { data } = y;
          product.run(
            (x as Value).data,
            (z as Value).data,
            data,
            stepsA,
            stepsB,
          );
          if (c)
            for (let i = 0; i < data.length; i++)
              data[i] =
                alpha * (data[i] as number) +
                beta *
                  ((added as Value).data[at ? (at[i] as number) : i] as number);
          else if (alpha !== 1)
            for (let i = 0; i < data.length; i++)
              data[i] = alpha * (data[i] as number);
        },
      };
    },
  };
};

export const products = (): Family => ({
  operations: { MatMul: matMul, Gemm: gemm },
});
