import { madd } from "./simd";

/*
 * tanh and σ as quotients of polynomials, for cells whose h becomes seven bits. Each is an odd part over an even one:
 *
 *      tanh(x) = P / Q              P = x (p₀ + p₁ x² + p₂ x⁴)        Q = q₀ + q₁ x² + x⁴        |x| ≤ 5.25
 *      σ(x) = (D + N) / 2 D         N = 16 P(x/2)                     D = 16 Q(x/2)              |x| ≤ 10.5
 *
 * fitted here by Remez's exchange, with P = Q at the limit, from where on they are 1. Largest errors over all float32:
 * tanh 5.8e-5, σ 2.9e-5, a seventieth of what seven bits err by; neither leaves its range.
 *
 * Numerators and denominators of several gates make one quotient: an LSTM divides twice, where it would three times with
 * e^x, and a function takes 11 operations, not 15. tanh comes halved, P / 2, for the two of a gate's denominator.
 */
const CONSTANTS: usize = memory.data<f32>([
  // limits of tanh and of a gate
  -5.25, 5.25, -10.5, 10.5,
  // P / 2
  40.355877, 4.0713644, 0.025451222,
  // Q
  80.7319, 34.997196,
  // N
  645.69403, 16.285458, 0.025451222,
  // D
  1291.7104, 139.98878, 0.5,
]);

/* Their offsets. */
const TANH_LIMITS: usize = 0;
const GATE_LIMITS: usize = 8;
const TANH_ODD: usize = 16;
const TANH_EVEN: usize = 28;
const GATE_ODD: usize = 36;
const GATE_EVEN: usize = 48;
const HALF: usize = 56;


@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

/** x within the limits; NaN stays NaN. */
@inline
function clamp(x: v128, limits: usize): v128 {
  return f32x4.pmin(f32x4.pmax(x, constant(limits)), constant(limits + 4));
}


@inline
function odd(x: v128, square: v128, at: usize): v128 {
  const inner = madd(constant(at + 8), square, constant(at + 4));
  return f32x4.mul(x, madd(inner, square, constant(at)));
}


@inline
function even(square: v128, at: usize): v128 {
  return madd(f32x4.add(square, constant(at + 4)), square, constant(at));
}

/** What tanh's parts take: x within its limits. */
@inline
export function tanhArgument(x: v128): v128 {
  return clamp(x, TANH_LIMITS);
}

/** P / 2. */
@inline
export function tanhOdd(x: v128, square: v128): v128 {
  return odd(x, square, TANH_ODD);
}

/** Q. */
@inline
export function tanhEven(square: v128): v128 {
  return even(square, TANH_EVEN);
}

/** What a gate's parts take. */
@inline
export function gateArgument(x: v128): v128 {
  return clamp(x, GATE_LIMITS);
}

/** N. */
@inline
export function gateOdd(x: v128, square: v128): v128 {
  return odd(x, square, GATE_ODD);
}

/** D. */
@inline
export function gateEven(square: v128): v128 {
  return even(square, GATE_EVEN);
}


@inline
export function half(x: v128): v128 {
  return f32x4.mul(x, constant(HALF));
}
