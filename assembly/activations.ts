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

/**
 * The constants, one float each, in the module's own data, which a memory begins with (FIRST_ADDRESS in
 * src/kernel/network.ts lies behind). A constant vector in the code is three instructions at each use in V8 of Node 24,
 * a load is one: the gates and cell update of four LSTM units take 13 ns instead of 19 fused, 16 instead of 21 unfused.
 */
const CONSTANTS: usize = memory.data<f32>([
  1.4426950408889634, // log2 e
  2.8853900817779268, // 2 log2 e
  // past ±126 the scale would leave the normal float32 numbers
  -126,
  126,
  // 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the low bits
  12582912,
  // p
  0.6931471228599548,
  0.24022351205348969,
  0.05550500378012657,
  0.009666245430707932,
  0.0013333539245650172,
  1,
  2,
]);

/* Their offsets. */
const LOG2E: usize = 0;
const TWO_LOG2E: usize = 4;
const LOWEST: usize = 8;
const HIGHEST: usize = 12;
const ROUNDER: usize = 16;
const P0: usize = 20;
const P1: usize = 24;
const P2: usize = 28;
const P3: usize = 32;
const P4: usize = 36;
const ONE: usize = 40;
const TWO: usize = 44;


@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

/** a within ±126. pmax and pmin keep their first operand when a comparison fails, so NaN stays NaN. */
@inline
function clamp(a: v128): v128 {
  return f32x4.pmin(f32x4.pmax(a, constant(LOWEST)), constant(HIGHEST));
}

/** 2^n of the integer that `rounded` (a + ROUNDER) holds in its low bits: moved into the exponent. */
@inline
function scale(rounded: v128): v128 {
  return i32x4.add(i32x4.shl(rounded, 23), constant(ONE));
}


@inline
function polynomial(r: v128): v128 {
  const r2 = f32x4.mul(r, r);
  return madd(
    madd(constant(P4), r2, madd(constant(P3), r, constant(P2))),
    r2,
    madd(constant(P1), r, constant(P0)),
  );
}

/** tanh: (2^a - 1) / (2^a + 1) with a = 2 x log2 e; 2^a - 1 is formed without cancellation. */
@inline
export function tanh(x: v128): v128 {
  const a = clamp(f32x4.mul(x, constant(TWO_LOG2E)));
  const rounded = f32x4.add(a, constant(ROUNDER));
  const s = scale(rounded);
  const r = f32x4.sub(a, f32x4.sub(rounded, constant(ROUNDER)));
  const m = madd(f32x4.mul(s, r), polynomial(r), f32x4.sub(s, constant(ONE)));
  return f32x4.div(m, f32x4.add(m, constant(TWO)));
}

/** e^x for x within ±87; below, the smallest normal number's neighbourhood (1.2e-38), above, its limit 8.5e37. */
@inline
export function exp(x: v128): v128 {
  const a = clamp(f32x4.mul(x, constant(LOG2E)));
  const rounded = f32x4.add(a, constant(ROUNDER));
  const s = scale(rounded);
  const r = f32x4.sub(a, f32x4.sub(rounded, constant(ROUNDER)));
  return madd(f32x4.mul(s, r), polynomial(r), s);
}

/** The logistic function, e^x / (e^x + 1). */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp(x);
  return f32x4.div(e, f32x4.add(e, constant(ONE)));
}

/** max(x, 0); NaN stays NaN. */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}
