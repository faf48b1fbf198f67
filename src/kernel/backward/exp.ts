/*
 * exp, log and cos in float64 from +, -, × and ÷ alone, so that every engine gives the same bits: those of Math may
 * differ between engines in the last one.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** base^n, n an integer, by squares. */
export function power(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let count = Math.abs(n); count > 0; count = Math.floor(count / 2)) {
    if (count % 2) result *= square;
    square *= square;
  }
  return n < 0 ? 1 / result : result;
}

const POWERS_FROM = -1022;
/** 2^n for all exponents of normal numbers. */
const POWERS = Float64Array.from({ length: 2046 }, (_, i) =>
  power(2, i + POWERS_FROM),
);

/** 1 / k!, k from 0. */
const SERIES = Array.from({ length: 14 }, (_, k) => {
  let product = 1;
  for (let i = 2; i <= k; i++) product *= i;
  return 1 / product;
});
const [C0, C1, C2, C3, C4, C5, C6, C7, C8, C9, C10, C11, C12, C13] = SERIES as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** e^x: 2^n e^r by its series, |r| ≤ ln 2 / 2; within 2e-16 of the value. Below -708 it is 0. */
export function exp(x: number): number {
  if (!(x > -708)) return x < 0 ? 0 : x;
  if (x > 709)
    return x > 709.78 ? Number.POSITIVE_INFINITY : exp(x / 2) * exp(x / 2);
  const n = Math.round(x / Math.LN2);
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  const high = C8 + r * (C9 + r * (C10 + r * (C11 + r * (C12 + r * C13))));
  const low =
    C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * (C7 + r * high)))));
  return (C0 + r * (C1 + r * low)) * (POWERS[n - POWERS_FROM] as number);
}

/** log x: n ln 2 + 2 atanh(u), u = (m - 1) / (m + 1), m within √½ … √2. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let m = x;
  let n = 0;
  for (; m > 4294967296; n += 32) m /= 4294967296;
  for (; m < 1 / 4294967296; n -= 32) m *= 4294967296;
  for (; m > Math.SQRT2; n++) m /= 2;
  for (; m < Math.SQRT1_2; n--) m *= 2;
  const u = (m - 1) / (m + 1);
  const v = u * u;
  let sum = 0;
  for (let k = 23; k > 0; k -= 2) sum = sum * v + 1 / k;
  return n * LN2_HIGH + (n * LN2_LOW + 2 * u * sum);
}

/** log(1 + x), x > -1, without the loss of digits near 0. */
export function log1p(x: number): number {
  const u = 1 + x;
  return u === 1 ? x : (log(u) * x) / (u - 1);
}

/** cos(π x), x from 0 to 1: the sine's series about ½, to 1e-15. */
export function cosPi(x: number): number {
  const y = Math.PI * (0.5 - x);
  const v = y * y;
  let sum = 1;
  for (let k = 22; k > 0; k -= 2) sum = 1 - (sum * v) / (k * (k + 1));
  return y * sum;
}
