import { expect } from "vitest";
import type { State, StateDict, Tensor } from "../../src/index.js";

const bitsOf = (data: Float32Array) =>
  new Uint32Array(data.buffer, data.byteOffset, data.length);

/** Equal to the last bit, so that 0 is not -0. NaN equals NaN whatever its payload: no standard fixes that. */
export function expectSameBits(
  actual: Float32Array,
  expected: Float32Array,
  what = "result",
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const [a, b] = [bitsOf(actual), bitsOf(expected)];
  const differs = a.findIndex(
    (bits, i) => bits !== b[i] && !(isNaN(actual[i]!) && isNaN(expected[i]!)),
  );
  if (differs >= 0)
    expect.fail(
      `${what}: entry ${differs} of ${a.length} is ${actual[differs]}, expected ${expected[differs]} to the bit`,
    );
}

export function expectSameTensor(
  actual: Tensor,
  expected: Tensor,
  what = "tensor",
): void {
  expect(actual.shape, `${what}: shape`).toEqual(expected.shape);
  expectSameBits(actual.data, expected.data, what);
}

export function expectSameState(
  actual: State,
  expected: State,
  what = "state",
): void {
  expectSameTensor(actual.hidden, expected.hidden, `${what}.hidden`);
  expect(actual.cell !== undefined, `${what} has a cell`).toBe(
    expected.cell !== undefined,
  );
  if (actual.cell && expected.cell)
    expectSameTensor(actual.cell, expected.cell, `${what}.cell`);
}

/** The same names in the same order, with the same tensors. `toEqual` takes six times as long. */
export function expectSameDict(actual: StateDict, expected: StateDict): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  const others = Object.values(expected);
  Object.entries(actual).forEach(([name, value], i) =>
    expectSameTensor(value, others[i]!, name),
  );
}

/**
 * The largest difference. NaN must meet NaN, and an infinity the same infinity, or the difference is infinite.
 */
export function worstError(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e) || a === e) continue;
    const error = Math.abs(a - e);
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
}

/** Within the tolerance everywhere; returns the worst error. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = "result",
): number {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const worst = worstError(actual, expected);
  expect(worst, `${what}: largest error`).toBeLessThanOrEqual(tolerance);
  return worst;
}
