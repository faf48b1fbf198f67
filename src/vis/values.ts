/*
 * Reads tensors for pictures.
 */
import { message, shapeText } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";

/** One sequence [T, N], from [T], [T, N] or [B, T, N]. */
export function matrix(given: TensorLike, name: string, row = 0): Tensor {
  const value = asTensor(given, name);
  const { shape, data } = value;
  if (shape.length === 1) return { shape: [shape[0] as number, 1], data };
  if (shape.length === 2) return value;
  const [batch, steps, size] = shape as [number, number, number];
  if (shape.length !== 3)
    throw new RangeError(
      message(name, "[T, N] or [B, T, N]", shapeText(shape)),
    );
  if (!Number.isInteger(row) || row < 0 || row >= batch)
    throw new RangeError(
      message("row", `an integer from 0 to ${batch - 1}`, String(row)),
    );
  const from = row * steps * size;
  return {
    shape: [steps, size],
    data: data.subarray(from, from + steps * size),
  };
}

/** The largest magnitude of the finite values, at least `least`, rounded to two digits for the end of a scale. */
export function largest(data: Float32Array, least = 0): number {
  let most = least;
  for (const value of data)
    if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return most === 0 ? 1 : Number(most.toPrecision(2));
}

export const upTo = (count: number): number[] =>
  Array.from({ length: count }, (_, i) => i);
