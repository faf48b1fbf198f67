import { madd } from "../simd";

/*
 * The natural logarithm over all of float32:
 *
 *      x = 2^e · m, √½ ≤ m < √2        f = m - 1, exact        s = f / (f + 2), so that s² ≤ 0.0295
 *      log m = 2 s + s³ p(s²) = f - s · (f - s² p(s²))         log x = e ln 2, in two parts, + log m
 *
 * p of degree 2, fitted here at Chebyshev's nodes: relative error 2.7e-9 of log m.
 */

/** √½, and a mantissa's bits. */
const ROOT = 0x3f3504f3;
const MANTISSA = 0x007fffff;
/** The smallest number that is not subnormal, 2^-126; what is below is taken 2^23 times. */
const NORMAL: f32 = 1.1754943508222875e-38;

const P0: f32 = 0.6666668653488159;
const P1: f32 = 0.3998885154724121;
const P2: f32 = 0.2957826554775238;
/** ln 2 in two parts: the first has 10 bits, so that e times it is exact. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -0.00021219444005469057;

/** log x of four numbers: NaN below 0, -∞ of 0. */
@inline
export function logarithm(x: v128): v128 {
  const small = f32x4.lt(x, f32x4.splat(NORMAL));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, small);
  const bits = i32x4.sub(normal, i32x4.splat(ROOT));
  const shift = v128.and(small, i32x4.splat(23));
  const e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_s(bits, 23), shift));
  const m = i32x4.add(v128.and(bits, i32x4.splat(MANTISSA)), i32x4.splat(ROOT));
  const f = f32x4.sub(m, f32x4.splat(1));
  const s = f32x4.div(f, f32x4.add(f, f32x4.splat(2)));
  const z = f32x4.mul(s, s);
  const p = madd(madd(f32x4.splat(P2), z, f32x4.splat(P1)), z, f32x4.splat(P0));
  const mantissa = f32x4.sub(f, f32x4.mul(s, f32x4.sub(f, f32x4.mul(z, p))));
  const value = madd(
    e,
    f32x4.splat(LN2_HIGH),
    madd(e, f32x4.splat(LN2_LOW), mantissa),
  );
  // √x is what is left: ∞ of ∞, NaN of NaN and below 0; and -∞ of 0
  const finite = v128.and(
    f32x4.gt(x, f32x4.splat(0)),
    f32x4.lt(x, f32x4.splat(Infinity)),
  );
  const rest = v128.bitselect(
    f32x4.splat(-Infinity),
    f32x4.sqrt(x),
    f32x4.eq(x, f32x4.splat(0)),
  );
  return v128.bitselect(value, rest, finite);
}
