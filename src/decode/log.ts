/*
 * Sums of probabilities as logarithms, in float64; -Infinity is a probability of 0.
 */
import { message } from "../checks.js";

/** log(eᵃ + eᵇ). */
export function logAdd(a: number, b: number): number {
  const most = Math.max(a, b);
  if (most === Number.NEGATIVE_INFINITY) return most;
  return most + Math.log1p(Math.exp(Math.min(a, b) - most));
}

/**
 * Normalises logits to log-probabilities: subtracts the logarithm of the sum of all eˣ. Log-probabilities are unchanged.
 *
 * @throws RangeError naming the row for NaN, Infinity, or only -Infinity, for which any result would be made up
 */
export function logSoftmax(
  row: ArrayLike<number>,
  name: string,
  out: Float64Array = new Float64Array(row.length),
): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  let proper = true;
  for (let i = 0; i < out.length; i++) {
    const value = row[i] as number;
    proper &&= value < Number.POSITIVE_INFINITY; // false for NaN too
    if (value > most) most = value;
  }
  if (!proper || most === Number.NEGATIVE_INFINITY) {
    const expected = "numbers, of which at least one is finite";
    const got = proper ? "only -Infinity" : "NaN or Infinity";
    throw new RangeError(message(name, expected, got));
  }
  let sum = 0;
  for (let i = 0; i < out.length; i++)
    sum += Math.exp((row[i] as number) - most);
  const total = most + Math.log(sum);
  for (let i = 0; i < out.length; i++) out[i] = (row[i] as number) - total;
  return out;
}

/** The index of the largest number, the first of equals. */
export function largest(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++)
    if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
}
