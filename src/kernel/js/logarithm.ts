/* assembly/arrays/logarithm.ts, operation by operation; see there for the derivation. */

const fround = Math.fround;

const ROOT = 0x3f3504f3;
const P0 = fround(0.6666668653488159);
const P1 = fround(0.3998885154724121);
const P2 = fround(0.2957826554775238);
const LN2_HIGH = fround(0.693359375);
const LN2_LOW = fround(-0.00021219444005469057);
/** 2^-126, the smallest normal number. */
const NORMAL = 1.1754943508222875e-38;

const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** log x of a float32. */
export function logarithm(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : Math.sqrt(x);
  const small = x < NORMAL;
  float[0] = small ? x * 8388608 : x;
  const shifted = (bits[0] as number) - ROOT;
  const e = (shifted >> 23) - (small ? 23 : 0);
  bits[0] = (shifted & 0x7fffff) + ROOT;
  const f = (float[0] as number) - 1;
  const s = fround(f / fround(f + 2));
  const z = fround(s * s);
  const p = fround(fround(fround(fround(P2 * z) + P1) * z) + P0);
  const mantissa = fround(f - fround(s * fround(f - fround(z * p))));
  const low = fround(fround(e * LN2_LOW) + mantissa);
  return fround(fround(e * LN2_HIGH) + low);
}
