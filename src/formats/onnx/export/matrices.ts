/*
 * Matrices as initialisers: of floats, or as integers with a DequantizeLinear behind them.
 */
import type { IntegerTensor } from "../../../integers.js";
import type { Tensor } from "../../../tensor.js";
import type { Value } from "../../../graph/index.js";
import { floats } from "../make-messages.js";
import type { GraphBuilder } from "./builder.js";

/** A matrix in whatever shape a node wants it. */
export interface Matrix {
  /** Its numbers; those of integers before they are scaled. */
  readonly value: Value;
  /** Of integers: a scale for each index of `axis`. */
  readonly scales: Float32Array | null;
  readonly axis: number;
}

/** A parameter as a layer has it, a row being all that one index of the first axis has. */
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

/** The name of its float32 numbers in the graph: an initialiser, or what becomes of one. */
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
 * [O, I] → [I, O]. Integers are turned by the graph: onnxruntime rounds to 8 bits what comes in where a DequantizeLinear
 * is right in front of a MatMul, which errs by 3e-3 of 1.
 */
export function addTurned(
  graph: GraphBuilder,
  name: string,
  matrix: Matrix,
): string {
  if (matrix.scales) {
    const numbers = addMatrix(graph, name, matrix);
    return graph.add("Transpose", [numbers], { perm: [1, 0] });
  }
  const { shape, data: own } = matrix.value;
  const [rows, columns] = shape as [number, number];
  const data = new Float32Array(own.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      data[column * rows + row] = own[row * columns + column] as number;
  return graph.weight(name, floats({ shape: [columns, rows], data }));
}
