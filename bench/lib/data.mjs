/** Inputs from a seed, and the check that comes before any timing. */

/**
 * Numbers in [-1, 1), the same for the same seed (mulberry32).
 *
 * @param {number} size
 * @param {number} [seed]
 */
export function uniform(size, seed = 1) {
  let state = seed >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** How far two float32 computations of one output may be apart. */
export const TOLERANCE = 1e-5;

/** And one of int8 weights, of random ones: an RNN of 128 units in seven bits is 0.0201 off, the others less. */
export const INT8_TOLERANCE = 3e-2;

/**
 * The largest difference; NaN where one has NaN or another size.
 *
 * @param {ArrayLike<number>} one
 * @param {ArrayLike<number>} other
 */
export function difference(one, other) {
  if (one.length !== other.length) return Number.NaN;
  let worst = 0;
  for (let i = 0; i < one.length; i++) {
    const apart = Math.abs(Number(one[i]) - Number(other[i]));
    if (!(apart <= worst)) worst = apart;
    if (Number.isNaN(apart)) return apart;
  }
  return worst;
}

/**
 * @param {string} what
 * @param {ArrayLike<number>} got
 * @param {ArrayLike<number>} expected
 * @param {number} [tolerance]
 * @returns {number} the difference
 * @throws Error when it is past the tolerance
 */
export function agree(what, got, expected, tolerance = TOLERANCE) {
  const worst = difference(got, expected);
  if (worst <= tolerance) return worst;
  throw new Error(
    `${what}: its outputs differ by ${worst} (at most ${tolerance} expected), so its time means nothing`,
  );
}
