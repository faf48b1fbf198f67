/*
 * Writes matrices as initialisers: of floats, or of integers followed by a DequantizeLinear.
 */
import type { IntegerTensor } from "../../../integers.js";
import type { Tensor } from "../../../tensor.js";
import type { Value } from "../../../graph/index.js";
import { floats } from "../make-messages.js";
import type { GraphBuilder } from "./builder.js";

/** A matrix in the shape that its node needs. */
export interface Matrix {
  /** The numbers; integers are unscaled. */
  readonly value: Value;
  /** For integers: a scale for each index of `axis`; null for floats. */
  readonly scales: Float32Array | null;
  readonly axis: number;
}

/** A layer's parameter, whose rows are along the first axis. */
export function matrixOf(tensor: Tensor): Matrix {
  const { integers } = tensor as Partial<IntegerTensor>;
  if (!integers) return { value: floats(tensor), scales: null, axis: 0 };
  const data = Float32Array.from(integers.values);
  return {
    value: { dtype: "int8", shape: tensor.shape, data },
    scales: integers.scales,
    axis: 0,
  };
}

/** Adds the matrix, and returns the name of its float32 numbers: an initialiser, or the output of a DequantizeLinear. */
export function addMatrix(
  graph: GraphBuilder,
  name: string,
  { value, scales, axis }: Matrix,
): string {
  const numbers = graph.weight(name, value);
  if (!scales) return numbers;
  const shape = [scales.length];
  const factors = floats({ shape, data: scales });
  const steps = graph.weight(`${name}_scale`, factors);
  return graph.add("DequantizeLinear", [numbers, steps], { axis });
}

/**
 * Adds a matrix transposed, [O, I] → [I, O]. Integers are transposed by a node: if a DequantizeLinear were followed
 * directly by a MatMul, onnxruntime would round its inputs to 8 bits, an error of 3e-3 of 1.
 */
export function addTransposed(
  graph: GraphBuilder,
  name: string,
  matrix: Matrix,
): string {
  if (matrix.scales) {
    const numbers = addMatrix(graph, name, matrix);
    return graph.add("Transpose", [numbers], { perm: [1, 0] });
  }
  const { shape, data: numbers } = matrix.value;
  const [rows, columns] = shape as [number, number];
  const data = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      data[column * rows + row] = numbers[row * columns + column] as number;
  return graph.weight(name, floats({ shape: [columns, rows], data }));
}
