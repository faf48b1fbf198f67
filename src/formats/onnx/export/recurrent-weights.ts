/*
 * Writes the weights of recurrent layers as inputs of their nodes: floats, integers followed by a DequantizeLinear, or
 * integers as in onnxruntime's DynamicQuantizeLSTM.
 */
import type { Numbers, Scaled, Value, Weights } from "../../../graph/index.js";
import {
  directionsOf,
  type RecurrentLayer,
  replacesByUpdateGate,
} from "./attributes.js";
import type { GraphBuilder } from "./builder.js";
import { addMatrix } from "./matrices.js";

/** The names of W, R, B and P, "" for those that the layer does not have. */
export function addWeights(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  weights: Weights,
  nameOf: (input: string) => string,
): string[] {
  if (replacesByUpdateGate(layer))
    negateUpdateGate(weights, directionsOf(layer));
  return (["W", "R", "B", "P"] as const).map((name) => {
    const value = weights[name];
    if (!value) return "";
    if (value.scaled) return addRows(graph, nameOf(name), value, value.scaled);
    return graph.weight(nameOf(name), value);
  });
}

/** W and R transposed from [D, 4·H, I] to [D, I, 4·H], B and P, and a scale and a zero point per row of W and of R. */
export function addTransposedWeights(
  graph: GraphBuilder,
  { W, R, B, P }: Weights,
  nameOf: (input: string) => string,
): string[] {
  const rest = [B, P].map((value, i) =>
    value ? graph.weight(nameOf(i ? "P" : "B"), value) : "",
  );
  const names = [W, R].map((value, i) => {
    const name = nameOf(i ? "R" : "W");
    const { integers, scales } = value.scaled as Scaled;
    const [directions, rows, columns] = value.shape as [number, number, number];
    const transposed = new Float32Array(integers.length);
    for (let d = 0; d < directions; d++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          transposed[(d * columns + column) * rows + row] = integers[
            (d * rows + row) * columns + column
          ] as number;
    const shape = [directions, rows];
    const data = rowScales(scales, columns);
    const zeros = new Float32Array(directions * rows);
    return [
      graph.weight(name, {
        dtype: "int8",
        shape: [directions, columns, rows],
        data: transposed,
      }),
      graph.weight(`${name}_scale`, { dtype: "float32", shape, data }),
      graph.weight(`${name}_zero`, { dtype: "int8", shape, data: zeros }),
    ];
  });
  const [input, recurrent] = names as [string[], string[]];
  return [
    input[0],
    recurrent[0],
    ...rest,
    ...input.slice(1),
    ...recurrent.slice(1),
  ] as string[];
}

/** A scale per row, from a scale per number. */
const rowScales = (scales: Numbers, columns: number): Float32Array =>
  Float32Array.from(
    { length: scales.length / columns },
    (_, row) => scales[row * columns] as number,
  );

/** Integers [D, rows, columns] with a scale per row. They are flattened, as DequantizeLinear has scales along one axis. */
function addRows(
  graph: GraphBuilder,
  name: string,
  { shape }: Value,
  { integers, scales }: Scaled,
): string {
  const [directions, rows, columns] = shape as [number, number, number];
  const flat = directions > 1;
  const matrix = addMatrix(graph, name, {
    value: {
      dtype: "int8",
      shape: flat ? [directions * rows, columns] : shape,
      data: integers,
    },
    scales: rowScales(scales, columns),
    axis: flat ? 0 : 1,
  });
  if (!flat) return matrix;
  return graph.add("Reshape", [matrix, graph.integers(...shape)]);
}

/**
 * In ONNX, the update gate z multiplies the state. A gate that multiplies the candidate is 1 - z, and σ(-a) = 1 - σ(a):
 * its rows, the first block in ONNX, are negated.
 */
function negateUpdateGate({ W, R, B }: Weights, directions: number): void {
  const negate = (data: Numbers, blocks: number, which: readonly number[]) => {
    const size = data.length / (directions * blocks);
    for (let direction = 0; direction < directions; direction++)
      for (const block of which) {
        const from = (direction * blocks + block) * size;
        for (let i = from; i < from + size; i++) data[i] = -(data[i] as number);
      }
  };
  for (const { data, scaled } of [W, R])
    negate(scaled?.integers ?? data, 3, [0]);
  if (B) negate(B.data, 6, [0, 3]);
}
