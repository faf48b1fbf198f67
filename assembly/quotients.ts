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
  // tanh: its limits, P / 2, Q
  -5.25, 5.25, 40.355877, 4.0713644, 0.025451222, 80.7319, 34.997196,
  // a gate: its limits, N, D
  -10.5, 10.5, 645.69403, 16.285458, 0.025451222, 1291.7104, 139.98878, 0.5,
]);

/** Where the numbers of each begin. */
export const TANH: usize = 0;
export const GATE: usize = 28;

const HALF: usize = 56;


@inline
function constant(offset: usize): v128 {
  return v128.load32_splat(CONSTANTS + offset);
}

/** x within the limits, as both parts take it; NaN stays NaN. */
@inline
export function within(x: v128, form: usize): v128 {
  return f32x4.pmin(f32x4.pmax(x, constant(form)), constant(form + 4));
}

/** P / 2 of tanh, N of a gate. */
@inline
export function odd(x: v128, square: v128, form: usize): v128 {
  const inner = madd(constant(form + 16), square, constant(form + 12));
  return f32x4.mul(x, madd(inner, square, constant(form + 8)));
}

/** Q of tanh, D of a gate. */
@inline
export function even(square: v128, form: usize): v128 {
  return madd(
    f32x4.add(square, constant(form + 24)),
    square,
    constant(form + 20),
  );
}


@inline
export function half(x: v128): v128 {
  return f32x4.mul(x, constant(HALF));
}
