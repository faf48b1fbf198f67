import { isFloat32Array, positiveInteger, wrong } from "../checks.js";

/** A Float32Array of samples. */
export function samplesOf(value: unknown, name: string): Float32Array {
  if (isFloat32Array(value)) return value;
  throw wrong(false, name, "a Float32Array", value);
}

/** A sample rate, a whole number as in all devices and files. */
export function rateOf(value: unknown, name: string): number {
  return positiveInteger(value, name);
}

/** `value` of `from` to `to`, both included. */
export function between(
  value: unknown,
  name: string,
  from: number,
  to: number,
): number {
  if (typeof value === "number" && value >= from && value <= to) return value;
  const expected =
    to === Infinity
      ? `a number of at least ${from}`
      : `a number from ${from} to ${to}`;
  throw wrong(typeof value === "number", name, expected, value);
}
