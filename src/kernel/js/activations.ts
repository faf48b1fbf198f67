/* assembly/activations.ts, operation by operation; see there for the derivation and the errors. */

const fround = Math.fround;

/* The factor that makes e^x a power of two, and the limit of the product. */
const EXP = Float32Array.of(1.4426950408889634, 126);
const SIGMOID = Float32Array.of(-1.4426950408889634, 126);
const GATE = Float32Array.of(-1.4426950408889634, 94);
const TANH = Float32Array.of(2.8853900817779268, 32);

const ROUNDER = 12582912;
const P0 = fround(0.6931471228599548);
const P1 = fround(0.24022351205348969);
const P2 = fround(0.05550500378012657);
const P3 = fround(0.009666245430707932);
const P4 = fround(0.0013333539245650172);

/*
 * Numbers are passed in arrays: a call that is not inlined would box every number that it takes or returns, and a
 * step must not allocate.
 */

/** The bits of one number, and n · 2^23 as `split` leaves it. */
const bits = new Int32Array(2);
const float = new Float32Array(bits.buffer);

/** The rest of what `split` leaves, where a = n + r: r and p(r). */
const parts = new Float32Array(2);

/** Splits values[at], as the exponent of a power of two, into parts. */
function split(values: Float32Array, at: number, form: Float32Array): void {
  const limit = form[1] as number;
  let a = fround((values[at] as number) * (form[0] as number));
  if (a < -limit) a = -limit;
  if (a > limit) a = limit;
  const rounded = fround(a + ROUNDER);
  float[0] = rounded;
  bits[1] = (bits[0] as number) << 23;
  const r = fround(a - fround(rounded - ROUNDER));
  parts[0] = r;
  const r2 = fround(r * r);
  const high = fround(fround(P4 * r2) + fround(fround(P3 * r) + P2));
  parts[1] = fround(high * r2) + fround(fround(P1 * r) + P0);
}

/** to ← 2^from, `count` lanes; `form` scales and limits `from`. */
function exp2(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
  form: Float32Array,
): void {
  for (let i = 0; i < count; i++) {
    split(from, fromAt + i, form);
    const fraction = fround(
      fround((parts[1] as number) * (parts[0] as number)) + 1,
    );
    bits[0] = (bits[1] as number) + 0x3f800000;
    to[toAt + i] = fraction * (float[0] as number);
  }
}

/** to ← e^from, `count` lanes. */
export function exp(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  exp2(from, fromAt, to, toAt, count, EXP);
}

/** to ← e^-from, `count` lanes. */
export function expNegated(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  exp2(from, fromAt, to, toAt, count, GATE);
}

/** to ← e^(2 from) - 1, `count` lanes. */
export function expm1Doubled(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    split(from, fromAt + i, TANH);
    bits[0] = (bits[1] as number) + 0x3f800000;
    const s = float[0] as number;
    const sr = fround(s * (parts[0] as number));
    to[toAt + i] = fround(sr * (parts[1] as number)) + fround(s - 1);
  }
}

/** to ← tanh(from), `count` lanes. */
export function tanh(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  expm1Doubled(from, fromAt, to, toAt, count);
  for (let i = toAt; i < toAt + count; i++) {
    const m = to[i] as number;
    to[i] = m / fround(m + 2);
  }
}

/** to ← σ(from), `count` lanes. */
export function sigmoid(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  exp2(from, fromAt, to, toAt, count, SIGMOID);
  for (let i = toAt; i < toAt + count; i++)
    to[i] = 1 / fround((to[i] as number) + 1);
}
