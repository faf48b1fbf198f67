import { madd } from "./simd";

/*
 * The functions of cells that are not standard, each by its number in the layer's record:
 *
 *      code   [ number | a | b ]      src/kernel/activations.ts turns names, alpha and beta into these
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

/*
 * The constants lie in memory, below the first address that models use: a load of one into all lanes takes 7 bytes of
 * the binary, a constant of four lanes 18, and this path can wait for the load.
 */
const CONSTANTS = memory.data<f32>([
  1.4426950408889634, // log2 e
  12582912, // 1.5 · 2²³: adding it rounds to an integer and leaves that integer in the low bits
  -0.693359375, // -ln 2 in two parts: the first has 10 bits, so that n times it is exact
  0.00021219444005469057,
  0.0013933649752289057, // q
  0.00836915522813797,
  0.04166646674275398,
  0.16666504740715027,
  0.28157779574394226, // p
  0.27965158224105835,
  0.4002459645271301,
  0.6666632294654846,
  0.821226666969744, // Neural Amp Modeler's
  0.893229853513558,
  2.45550750702956,
  0.814642734961073,
  2.44506634652299,
  0.60863042, // RNNoise's
  96.39235687,
  952.52801514,
  11.88600922,
  413.36801147,
  952.72399902,
  0.5,
  1,
  2,
  40, // tanh and e^x - 1 have reached their limits long before
  88, // e^88 is a float32 number, and so is 1 / e^88
  104, // e^104 is ∞ to float32, 1 / e^104 is 0
  100,
  1e8,
]);
const LOG2E = 0;
const ROUNDER = 1;
const LN2_HIGH = 2;
const LN2_LOW = 3;
const Q = 4;
const P = 8;
const NAM_AT = 12;
const RNNOISE_AT = 17;
const HALF = 23;
const ONE = 24;
const TWO = 25;
const NEAR_1 = 26;
const FINITE = 27;
const INFINITE = 28;
const HUNDRED = 29;
const WIDE = 30;


@inline
function constant(index: i32): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

/** a within ±limit. pmax and pmin keep their first operand when a comparison fails, so NaN stays NaN. */
@inline
export function held(a: v128, limit: v128): v128 {
  return f32x4.pmin(f32x4.pmax(a, f32x4.neg(limit)), limit);
}

/** e^x, or e^x - 1 if `lessOne`, for x within ±104. */
function growth(x: v128, lessOne: i32): v128 {
  const one = constant(ONE);
  const rounder = constant(ROUNDER);
  const rounded = f32x4.add(f32x4.mul(x, constant(LOG2E)), rounder);
  const n = f32x4.sub(rounded, rounder);
  const r = madd(n, constant(LN2_LOW), madd(n, constant(LN2_HIGH), x));
  let q = madd(constant(Q), r, constant(Q + 1));
  q = madd(q, r, constant(Q + 2));
  q = madd(q, r, constant(Q + 3));
  q = madd(q, r, constant(HALF));
  q = madd(q, r, one);
  // Neither 2^150 nor 2^-150 is a float32 number: the scale is two factors.
  const exponent = i32x4.sub(rounded, rounder);
  const first = i32x4.shr_s(exponent, 1);
  const s = i32x4.add(i32x4.shl(first, 23), one);
  const t = i32x4.add(i32x4.shl(i32x4.sub(exponent, first), 23), one);
  if (lessOne) {
    const scale = f32x4.mul(s, t);
    return madd(f32x4.mul(scale, r), q, f32x4.sub(scale, one));
  }
  return f32x4.mul(f32x4.mul(madd(r, q, one), s), t);
}

/** f(x) of four numbers, f by the code at `code`. */
export function activation(code: usize, x: v128): v128 {
  const zero = f32x4.splat(0);
  const one = constant(ONE);
  const a = v128.load32_splat(code, 4);
  const b = v128.load32_splat(code, 8);
  const number = load<i32>(code);
  switch (number) {
    case TANH: {
      const half = f32x4.mul(b, x);
      const m = growth(held(f32x4.add(half, half), constant(NEAR_1)), 1);
      return f32x4.mul(a, f32x4.div(m, f32x4.add(m, constant(TWO))));
    }
    case SIGMOID:
    case SILU: {
      const near = held(x, constant(FINITE));
      const e = growth(near, 0);
      const s = f32x4.div(e, f32x4.add(e, one));
      // Not -∞ times nearly 0.
      return number == SILU
        ? f32x4.mul(s, f32x4.pmax(x, f32x4.neg(constant(FINITE))))
        : s;
    }
    case RELU:
      return f32x4.pmax(x, zero);
    case LEAKY:
      return v128.bitselect(f32x4.mul(a, x), x, f32x4.lt(x, zero));
    case THRESHOLDED:
      return v128.andnot(x, f32x4.le(x, a));
    case ELU: {
      const m = growth(held(f32x4.pmin(x, zero), constant(NEAR_1)), 1);
      return v128.bitselect(
        f32x4.mul(b, x),
        f32x4.mul(a, m),
        f32x4.gt(x, zero),
      );
    }
    case EXPONENTIAL:
      return growth(held(x, constant(INFINITE)), 0);
    case SOFTPLUS: {
      const down = f32x4.neg(f32x4.abs(x));
      const t = growth(held(down, constant(INFINITE)), 0);
      return f32x4.add(f32x4.pmax(x, zero), log1p(t));
    }
    case SOFTSIGN:
      return f32x4.div(x, f32x4.add(one, f32x4.abs(x)));
    case HARD_SIGMOID:
      return f32x4.pmin(f32x4.pmax(madd(a, x, b), zero), one);
    case AFFINE:
      return madd(a, x, b);
    case NAM:
    case RNNOISE: {
      const y = f32x4.mul(a, x);
      const t = number == NAM ? namTanh(y) : rnnoiseTanh(y);
      return madd(a, t, f32x4.sub(one, a));
    }
    default:
      return x;
  }
}

/** log(1 + t) for t from 0 to 1. */
@inline
function log1p(t: v128): v128 {
  const u = f32x4.div(t, f32x4.add(t, constant(TWO)));
  const v = f32x4.mul(u, u);
  let p = madd(constant(P), v, constant(P + 1));
  p = madd(p, v, constant(P + 2));
  p = madd(p, v, constant(P + 3));
  return f32x4.mul(u, madd(p, v, constant(TWO)));
}

/** Neural Amp Modeler's rational; past 1e8 it stays at its limit 1.008, where its powers would overflow. */
@inline
function namTanh(value: v128): v128 {
  const x = held(value, constant(WIDE));
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  const c = constant(NAM_AT + 2);
  const d = constant(NAM_AT + 4);
  const bend = madd(constant(NAM_AT), size, constant(NAM_AT + 1));
  const above = f32x4.mul(x, madd(bend, square, madd(c, size, c)));
  const inner = madd(f32x4.mul(constant(NAM_AT + 3), x), size, x);
  const below = madd(f32x4.add(d, square), f32x4.abs(inner), d);
  return f32x4.div(above, below);
}

/** RNNoise's rational, within ±1; it is past them from 4 on, so an x past ±100 may be taken for 100. */
@inline
function rnnoiseTanh(value: v128): v128 {
  const x = held(value, constant(HUNDRED));
  const square = f32x4.mul(x, x);
  const above = ratio(RNNOISE_AT, square);
  const below = ratio(RNNOISE_AT + 3, square);
  return held(f32x4.div(f32x4.mul(above, x), below), constant(ONE));
}


@inline
function ratio(at: i32, square: v128): v128 {
  const inner = madd(constant(at), square, constant(at + 1));
  return madd(inner, square, constant(at + 2));
}
