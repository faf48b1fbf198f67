import { relu, sigmoid, tanh } from "./activations";
import { madd } from "./simd";

/*
 * The functions of cells that are not standard, each by its number in a slot of the layer's record:
 *
 *      slot   [ number | a | b ]      src/kernel/curves.ts turns names, alpha and beta into these
 *
 * One function with a switch, called for every quad: a cell on this path calls it 3 to 5 times a quad, and the
 * product before it takes several times as long (docs/kernel.md has the figures).
 *
 * exp here holds over all of float32; that of activations.ts ends at ±87, because tanh and sigmoid need no more.
 *
 *      e^x = 2^n · (1 + r · q(r))      n = x log2 e rounded, r = x - n ln 2 in two parts, |r| ≤ ln 2 / 2
 *      log1p(t) = u · p(u²)            u = t / (t + 2), so that u² ≤ 1/9 for t from 0 to 1
 *
 * q of degree 5 and p of degree 4, fitted here at Chebyshev's nodes: relative errors 1.2e-8 and 4.1e-9. Largest errors
 * over float32, on every backend: exponential 1.1e-7, elu 1.2e-7, selu 1.8e-7 and softplus 2.6e-7 of the value, however
 * small; softsign 0.9e-7, silu 1.6e-7, Neural Amp Modeler's tanh 3.8e-7 and RNNoise's 2.8e-7 (both against their own
 * formulas) of the larger of the value and 1.
 */
const TANH = 1;
const SIGMOID = 2;
const RELU = 3;
const LEAKY = 4;
const THRESHOLDED = 5;
const ELU = 6;
const SOFTPLUS = 7;
const SOFTSIGN = 8;
const HARD_SIGMOID = 9;
const AFFINE = 10;
const EXPONENTIAL = 11;
const SILU = 12;
const NAM = 13;
const RNNOISE = 14;

const LOG2E = f32x4.splat(1.4426950408889634);
/** ln 2 in two parts: the first has 10 bits, so that n times it is exact. */
const LN2_HIGH = f32x4.splat(0.693359375);
const LN2_LOW = f32x4.splat(-0.00021219444005469057);
/** 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the low bits. */
const ROUNDER = f32x4.splat(12582912);
const ZERO = f32x4.splat(0);
const HALF = f32x4.splat(0.5);
const ONE = f32x4.splat(1);
const TWO = f32x4.splat(2);

/** a within low … high. pmax and pmin keep their first operand when a comparison fails, so NaN stays NaN. */
@inline
export function within(a: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(a, low), high);
}

/** e^x for x from -104 to 89, behind which float32 has 0 and ∞ anyway; `lessOne`: e^x - 1, for x from -18 to 0. */
@inline
function growth(x: v128, lessOne: bool): v128 {
  const rounded = f32x4.add(f32x4.mul(x, LOG2E), ROUNDER);
  const n = f32x4.sub(rounded, ROUNDER);
  const r = madd(n, f32x4.neg(LN2_LOW), madd(n, f32x4.neg(LN2_HIGH), x));
  let q = madd(
    f32x4.splat(0.0013933649752289057),
    r,
    f32x4.splat(0.00836915522813797),
  );
  q = madd(q, r, f32x4.splat(0.04166646674275398));
  q = madd(q, r, f32x4.splat(0.16666504740715027));
  q = madd(q, r, HALF);
  q = madd(q, r, ONE);
  // 2^128 and 2^-149 are no exponents of float32: the scale is two factors.
  const exponent = i32x4.sub(rounded, ROUNDER);
  const first = i32x4.shr_s(exponent, 1);
  const s = power(first);
  const t = power(i32x4.sub(exponent, first));
  if (lessOne) {
    const scale = f32x4.mul(s, t);
    return madd(f32x4.mul(scale, r), q, f32x4.sub(scale, ONE));
  }
  return f32x4.mul(f32x4.mul(madd(r, q, ONE), s), t);
}

/** 2^n of integers. */
@inline
function power(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), ONE);
}

/** f(x) of four numbers, f by the slot at `slot`. */
export function curve(slot: usize, x: v128): v128 {
  const a = v128.load32_splat(slot, 4);
  const b = v128.load32_splat(slot, 8);
  switch (load<i32>(slot)) {
    case TANH:
      return f32x4.mul(a, tanh(f32x4.mul(b, x)));
    case SIGMOID:
      return sigmoid(x);
    case RELU:
      return relu(x);
    case LEAKY:
      return v128.bitselect(f32x4.mul(a, x), x, f32x4.lt(x, ZERO));
    case THRESHOLDED:
      return v128.andnot(x, f32x4.le(x, a));
    case ELU: {
      // Below -18 e^x - 1 rounds to -1.
      const low = within(x, f32x4.splat(-18), ZERO);
      const below = f32x4.mul(a, growth(low, true));
      return v128.bitselect(f32x4.mul(b, x), below, f32x4.gt(x, ZERO));
    }
    case EXPONENTIAL:
    case SOFTPLUS: {
      const soft = load<i32>(slot) == SOFTPLUS;
      const power = soft ? f32x4.neg(f32x4.abs(x)) : x;
      const t = growth(
        within(power, f32x4.splat(-104), f32x4.splat(89)),
        false,
      );
      return soft ? f32x4.add(f32x4.pmax(x, ZERO), log1p(t)) : t;
    }
    case SOFTSIGN:
      return f32x4.div(x, f32x4.add(ONE, f32x4.abs(x)));
    case HARD_SIGMOID:
      return within(madd(a, x, b), ZERO, ONE);
    case AFFINE:
      return madd(a, x, b);
    case SILU:
      // Below -100 sigmoid stops at 1e-38, which a large x would bring back.
      return f32x4.mul(f32x4.pmax(x, f32x4.splat(-100)), sigmoid(x));
    case NAM:
      return madd(a, namTanh(f32x4.mul(a, x)), f32x4.sub(ONE, a));
    case RNNOISE:
      return madd(a, rnnoiseTanh(f32x4.mul(a, x)), f32x4.sub(ONE, a));
    default:
      return x;
  }
}

/** log(1 + t) for t from 0 to 1. */
@inline
function log1p(t: v128): v128 {
  const u = f32x4.div(t, f32x4.add(t, TWO));
  const v = f32x4.mul(u, u);
  let p = madd(
    f32x4.splat(0.28157779574394226),
    v,
    f32x4.splat(0.27965158224105835),
  );
  p = madd(p, v, f32x4.splat(0.4002459645271301));
  p = madd(p, v, f32x4.splat(0.6666632294654846));
  return f32x4.mul(u, madd(p, v, TWO));
}

/** Neural Amp Modeler's rational; past 1e8 it stays at its limit 1.008, where its powers would overflow. */
@inline
function namTanh(value: v128): v128 {
  const x = within(value, f32x4.splat(-1e8), f32x4.splat(1e8));
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  const c = f32x4.splat(2.45550750702956);
  const d = f32x4.splat(2.44506634652299);
  const bend = madd(
    f32x4.splat(0.821226666969744),
    size,
    f32x4.splat(0.893229853513558),
  );
  const above = f32x4.mul(x, madd(bend, square, madd(c, size, c)));
  const inner = madd(f32x4.mul(f32x4.splat(0.814642734961073), x), size, x);
  return f32x4.div(above, madd(f32x4.add(d, square), f32x4.abs(inner), d));
}

/** RNNoise's rational, within ±1; it is past them from 4 on, so an x past ±100 may be taken for 100. */
@inline
function rnnoiseTanh(value: v128): v128 {
  const x = within(value, f32x4.splat(-100), f32x4.splat(100));
  const square = f32x4.mul(x, x);
  const above = madd(
    madd(f32x4.splat(0.60863042), square, f32x4.splat(96.39235687)),
    square,
    f32x4.splat(952.52801514),
  );
  const below = madd(
    madd(f32x4.splat(11.88600922), square, f32x4.splat(413.36801147)),
    square,
    f32x4.splat(952.72399902),
  );
  return within(f32x4.div(f32x4.mul(above, x), below), f32x4.splat(-1), ONE);
}
