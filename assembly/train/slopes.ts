import { activation } from "../all-activations";
import { madd } from "../simd";

/*
 * Derivatives of the functions of all-activations.ts, by the same numbers and slots. Most need the value y alone; those that are
 * no function of y take x. At a corner the derivative is that of the lower side (PyTorch's).
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

/** A slot of σ: [ number | a | b ]. */
const LOGISTIC = memory.data<i32>([SIGMOID, 0, 0]);

/** f'(x) of four numbers, f by the slot at `slot`; y = f(x). */
export function slope(slot: usize, x: v128, y: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const a = v128.load32_splat(slot, 4);
  const b = v128.load32_splat(slot, 8);
  const number = load<i32>(slot);
  switch (number) {
    case TANH: {
      // a tanh(b x): by 1 - t² = 1 - (y / a)²
      const t = v128.andnot(f32x4.div(y, a), f32x4.eq(a, zero));
      return f32x4.mul(f32x4.mul(a, b), f32x4.sub(one, f32x4.mul(t, t)));
    }
    case SIGMOID:
      return f32x4.mul(y, f32x4.sub(one, y));
    case RELU:
      return v128.and(one, f32x4.gt(y, zero));
    case LEAKY:
      return v128.bitselect(one, a, f32x4.gt(x, zero));
    case THRESHOLDED:
      return v128.and(one, f32x4.gt(x, a));
    case ELU:
      return v128.bitselect(b, f32x4.add(y, a), f32x4.gt(x, zero));
    case SOFTPLUS:
      return activation(LOGISTIC, x);
    case SOFTSIGN: {
      const size = f32x4.add(one, f32x4.abs(x));
      return f32x4.div(one, f32x4.mul(size, size));
    }
    case HARD_SIGMOID:
      return v128.and(a, v128.and(f32x4.gt(y, zero), f32x4.lt(y, one)));
    case AFFINE:
      return a;
    case EXPONENTIAL:
      return y;
    case SILU: {
      const s = activation(LOGISTIC, x);
      return f32x4.mul(s, madd(x, f32x4.sub(one, s), one));
    }
    case NAM:
    case RNNOISE: {
      const t = f32x4.mul(a, x);
      const inner = number == NAM ? namSlope(t) : rnnoiseSlope(t);
      return f32x4.mul(f32x4.mul(a, a), inner);
    }
    default:
      return one;
  }
}

/** c0 + v (c1 + v (c2 + v c3)). */
function cubic(v: v128, c0: f32, c1: f32, c2: f32, c3: f32): v128 {
  const inner = madd(f32x4.splat(c3), v, f32x4.splat(c2));
  return madd(madd(inner, v, f32x4.splat(c1)), v, f32x4.splat(c0));
}

/**
 * Neural Amp Modeler's tanh is even in its derivative, so v = |x| will do:
 *
 *      n = v (c + v (c + v (f + v e)))      d = k + (k + v²) (v + g v²)      (n' - (n / d) d') / d
 */
function namSlope(x: v128): v128 {
  const v = f32x4.pmin(f32x4.abs(x), f32x4.splat(1e8));
  const k = f32x4.splat(2.44506634652299);
  const g = f32x4.splat(0.814642734961073);
  const one = f32x4.splat(1);
  const n = f32x4.mul(
    v,
    cubic(
      v,
      2.45550750702956,
      2.45550750702956,
      0.893229853513558,
      0.821226666969744,
    ),
  );
  const dn = cubic(
    v,
    2.45550750702956,
    4.91101501405912,
    2.679689560540674,
    3.284906667878976,
  );
  const square = madd(v, v, k);
  const gv = f32x4.mul(g, v);
  const bent = madd(gv, v, v);
  const d = madd(square, bent, k);
  const db = madd(f32x4.splat(2), gv, one);
  const dd = madd(f32x4.mul(f32x4.splat(2), v), bent, f32x4.mul(square, db));
  const t = f32x4.div(n, d);
  return f32x4.div(f32x4.sub(dn, f32x4.mul(t, dd)), d);
}

/** RNNoise's, by v = x²: x p / q, 0 where it has reached ±1. */
function rnnoiseSlope(x: v128): v128 {
  const near = f32x4.pmin(f32x4.abs(x), f32x4.splat(100));
  const v = f32x4.mul(near, near);
  const p = cubic(v, 952.52801514, 96.39235687, 0.60863042, 0);
  const q = cubic(v, 952.72399902, 413.36801147, 11.88600922, 0);
  const dn = cubic(v, 952.52801514, 289.17707061, 3.0431521, 0);
  const dq = f32x4.mul(near, cubic(v, 826.73602294, 47.54403688, 0, 0));
  const t = f32x4.div(f32x4.mul(near, p), q);
  const value = f32x4.div(f32x4.sub(dn, f32x4.mul(t, dq)), q);
  return v128.and(value, f32x4.lt(t, f32x4.splat(1)));
}
