import type { ActivationCode } from "../../activations.js";
import { activation, held } from "../../js/all-activations.js";

/* assembly/train/slopes.ts, operation by operation. */

const fround = Math.fround;
const LOGISTIC: ActivationCode = { number: 2, a: 0, b: 0 };
const one = new Float32Array(1);

function logistic(x: number): number {
  one[0] = x;
  activation(LOGISTIC, one, 0, 1);
  return one[0] as number;
}

function cubic(
  v: number,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
): number {
  const inner = fround(fround(fround(c3) * v) + fround(c2));
  const next = fround(fround(inner * v) + fround(c1));
  return fround(fround(next * v) + fround(c0));
}

function namSlope(x: number): number {
  const size = Math.abs(x);
  const v = 1e8 < size ? 1e8 : size;
  const k = fround(2.44506634652299);
  const g = fround(0.814642734961073);
  const n = fround(
    v *
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
  const square = fround(fround(v * v) + k);
  const gv = fround(g * v);
  const bent = fround(fround(gv * v) + v);
  const d = fround(fround(square * bent) + k);
  const db = fround(fround(2 * gv) + 1);
  const dd = fround(fround(fround(2 * v) * bent) + fround(square * db));
  const t = fround(n / d);
  return fround(fround(dn - fround(t * dd)) / d);
}

function rnnoiseSlope(x: number): number {
  const size = Math.abs(x);
  const near = 100 < size ? 100 : size;
  const v = fround(near * near);
  const p = cubic(v, 952.52801514, 96.39235687, 0.60863042, 0);
  const q = cubic(v, 952.72399902, 413.36801147, 11.88600922, 0);
  const dn = cubic(v, 952.52801514, 289.17707061, 3.0431521, 0);
  const dq = fround(near * cubic(v, 826.73602294, 47.54403688, 0, 0));
  const t = fround(fround(near * p) / q);
  const value = fround(fround(dn - fround(t * dq)) / q);
  return t < 1 ? value : 0;
}

/** f'(x), y being f(x), all float32. */
export function slope(
  { number, a, b }: ActivationCode,
  x: number,
  y: number,
): number {
  switch (number) {
    case 1: {
      const t = a === 0 ? 0 : fround(y / a);
      return fround(fround(a * b) * fround(1 - fround(t * t)));
    }
    case 2:
      return fround(y * fround(1 - y));
    case 3:
      return y > 0 ? 1 : 0;
    case 4:
      return x > 0 ? 1 : a;
    case 5:
      return x > a ? 1 : 0;
    case 6:
      return x > 0 ? b : fround(y + a);
    case 7:
      return logistic(x);
    case 8: {
      const size = fround(1 + Math.abs(x));
      return fround(1 / fround(size * size));
    }
    case 9:
      return y > 0 && y < 1 ? a : 0;
    case 10:
      return a;
    case 11:
      return y;
    case 12: {
      const s = logistic(x);
      return fround(s * fround(fround(x * fround(1 - s)) + 1));
    }
    case 13:
    case 14: {
      const t = fround(a * x);
      const inner = number === 13 ? namSlope(t) : rnnoiseSlope(t);
      return fround(fround(a * a) * inner);
    }
    default:
      return 1;
  }
}

/** The same behind a clip: 0 where the sum was clipped. */
export function gateSlope(
  slot: ActivationCode,
  clip: number,
  sum: number,
  y: number,
): number {
  one[0] = sum;
  held(one, 0, clip);
  const value = slope(slot, one[0] as number, y);
  return Math.abs(sum) <= clip ? value : 0;
}
