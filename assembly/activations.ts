import { madd } from "./simd";

/*
 * tanh, σ and exp from one core, 2^a = 2^n · (1 + r · p(r)):
 *
 *     a = n (an integer: a rounded to the nearest) + r, |r| ≤ ½
 *     p(r) = (2^r - 1) / r, a polynomial of degree 4, fitted here by Remez's exchange: relative error 4.3e-7
 *            of 2^r - 1, which the callers halve or quarter
 *
 *     σ(x) = 1 / (1 + e),  e = e^-x                    expNegated
 *     tanh(x) = m / (m + 2),  m = e^2x - 1             expm1Doubled, formed without cancellation
 *
 * Cells take e and m rather than σ and tanh, because that saves divisions: σ(x) · tanh(y) = m / ((1 + e) · (m + 2)).
 *
 * Largest absolute errors over all 2³² float32 inputs, unfused and fused alike: tanh 1.8e-7, sigmoid 1.2e-7.
 * A rational of degree 9/8 costs as much (22 operations and a division) and errs by 3.3e-7 and 1.9e-7; it also
 * needs a second clamp to stay within ±1, which this form never leaves.
 */

/**
 * The constants, one float each, in the module's own data, which a memory begins with (FIRST_ADDRESS in
 * src/kernel/network.ts lies behind). A constant vector in the code is three instructions at each use in V8 of Node 24,
 * a load is one: the gates and cell update of four LSTM units took 13 ns instead of 19 fused, 16 instead of 21 unfused.
 */
const CONSTANTS: usize = memory.data<f32>([
  1.4426950408889634, // log2 e
  -1.4426950408889634,
  2.8853900817779268, // 2 log2 e
  // exp: past ±126 the scale would leave the normal float32 numbers
  -126,
  126,
  // tanh is ±1 to the last bit from 2^±26 on
  -32,
  32,
  // a gate: with tanh's, the product of two denominators stays below 2^127
  -94,
  94,
  // 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the low bits
  12582912,
  // and 127 more: the low bits are then n's biased exponent
  12583039,
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
const MINUS_LOG2E: usize = 4;
const TWO_LOG2E: usize = 8;
const EXP_LIMITS: usize = 12;
const TANH_LIMITS: usize = 20;
const GATE_LIMITS: usize = 28;
const ROUNDER: usize = 36;
const BIASED_ROUNDER: usize = 40;
const P0: usize = 44;
const P1: usize = 48;
const P2: usize = 52;
const P3: usize = 56;
const P4: usize = 60;
const ONE: usize = 64;
const TWO: usize = 68;


@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

/** a within two neighbouring constants. pmax and pmin keep their first operand when a comparison fails, so NaN stays NaN. */
@inline
function clamp(a: v128, limits: usize): v128 {
  return f32x4.pmin(f32x4.pmax(a, constant(limits)), constant(limits + 4));
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

/**
 * 2^a: 2^r times 2^n, which is exact. Adding n to the exponent of 2^r would save a multiplication, but makes a number of a
 * NaN, whose lowest bits would be added as well.
 */
@inline
function exp2(a: v128): v128 {
  const rounded = f32x4.add(a, constant(ROUNDER));
  const r = f32x4.sub(a, f32x4.sub(rounded, constant(ROUNDER)));
  const fraction = madd(polynomial(r), r, constant(ONE));
  const scale = i32x4.add(i32x4.shl(rounded, 23), constant(ONE));
  return f32x4.mul(fraction, scale);
}

/** e^x for x within ±87; below, the smallest normal number's neighbourhood (1.2e-38), above, its limit 8.5e37. */
@inline
export function exp(x: v128): v128 {
  return exp2(clamp(f32x4.mul(x, constant(LOG2E)), EXP_LIMITS));
}

/** e^-x for x within ±65; beyond, 2^±94. */
@inline
export function expNegated(x: v128): v128 {
  const a = clamp(f32x4.mul(x, constant(MINUS_LOG2E)), GATE_LIMITS);
  return exp2(a);
}

/** e^2x - 1 for x within ±11; beyond, 2^±32 - 1. */
@inline
export function expm1Doubled(x: v128): v128 {
  const a = clamp(f32x4.mul(x, constant(TWO_LOG2E)), TANH_LIMITS);
  const rounded = f32x4.add(a, constant(BIASED_ROUNDER));
  const s = i32x4.shl(rounded, 23);
  const r = f32x4.sub(a, f32x4.sub(rounded, constant(BIASED_ROUNDER)));
  const p = polynomial(r);
  return madd(f32x4.mul(s, r), p, f32x4.sub(s, constant(ONE)));
}


@inline
export function plusOne(x: v128): v128 {
  return f32x4.add(x, constant(ONE));
}


@inline
export function plusTwo(x: v128): v128 {
  return f32x4.add(x, constant(TWO));
}


@inline
export function tanh(x: v128): v128 {
  const m = expm1Doubled(x);
  return f32x4.div(m, plusTwo(m));
}

/** The logistic function, down to 1.2e-38. */
@inline
export function sigmoid(x: v128): v128 {
  const e = exp2(clamp(f32x4.mul(x, constant(MINUS_LOG2E)), EXP_LIMITS));
  return f32x4.div(constant(ONE), plusOne(e));
}

/** max(x, 0); NaN stays NaN. */
@inline
export function relu(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}
