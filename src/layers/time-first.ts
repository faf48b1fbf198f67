import { boolean } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";

/** Whether the caller's arrays are [T, B, ..], that is `batchFirst: false`. */
export const isTimeFirst = (batchFirst: unknown): boolean =>
  !boolean(batchFirst ?? true, "batchFirst");

/** Swaps the first two axes of an array of rank `rank`, [T, B, ..] ↔ [B, T, ..]; an array without B is unchanged. */
export function swapAxes(
  input: TensorLike,
  rank: number,
  name: string,
): Tensor {
  const { shape, data } = asTensor(input, name);
  const [rows, columns] = shape;
  if (shape.length !== rank || !rows || !columns) return { shape, data };
  const size = data.length / (rows * columns);
  const swapped = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const from = (row * columns + column) * size;
      swapped.set(
        data.subarray(from, from + size),
        (column * rows + row) * size,
      );
    }
  return { shape: [columns, rows, ...shape.slice(2)], data: swapped };
}
