import type { Activation } from "../contract.js";

/* assembly/activations.ts, operation by operation: the derivation and the errors are there. */

const fround = Math.fround;

const LOG2E = fround(1.4426950408889634);
const TWO_LOG2E = fround(2.8853900817779268);
const ROUNDER = 12582912;
const P0 = fround(0.6931471228599548);
const P1 = fround(0.24022351205348969);
const P2 = fround(0.05550500378012657);
const P3 = fround(0.009666245430707932);
const P4 = fround(0.0013333539245650172);

/*
 * Numbers go in and out by arrays: a call that is not inlined would box every number it takes or returns, and a
 * step must allocate nothing.
 */

/** One number's bits; and n · 2^23, which `split` leaves. */
const bits = new Int32Array(2);
const float = new Float32Array(bits.buffer);

/** What else `split` leaves, of a = n + r: r and p(r). */
const parts = new Float32Array(2);

/** values[at] · factor, within ±limit, in parts. */
function split(
  values: Float32Array,
  at: number,
  factor: number,
  limit: number,
): void {
  let a = fround((values[at] as number) * factor);
  if (a < -limit) a = -limit;
  if (a > limit) a = limit;
  const rounded = fround(a + ROUNDER);
  float[0] = rounded;
  bits[1] = (bits[0] as number) << 23;
  const r = fround(a - fround(rounded - ROUNDER));
  const r2 = fround(r * r);
  const high = fround(fround(P4 * r2) + fround(fround(P3 * r) + P2));
  parts[0] = r;
  parts[1] = fround(high * r2) + fround(fround(P1 * r) + P0);
}

/** to ← e^(from · factor / log2 e), `count` lanes. */
function exp2(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
  factor: number,
  limit: number,
): void {
  for (let i = 0; i < count; i++) {
    split(from, fromAt + i, factor, limit);
    float[0] = fround((parts[1] as number) * (parts[0] as number)) + 1;
    bits[0] = (bits[0] as number) + (bits[1] as number);
    to[toAt + i] = float[0] as number;
  }
}

/** to ← e^-from, `count` lanes. */
export function expNegated(
  from: Float32Array,
  fromAt: number,
  to: Float32Array,
  toAt: number,
  count: number,
): void {
  exp2(from, fromAt, to, toAt, count, -LOG2E, 94);
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
    split(from, fromAt + i, TWO_LOG2E, 32);
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
  exp2(from, fromAt, to, toAt, count, -LOG2E, 126);
  for (let i = toAt; i < toAt + count; i++)
    to[i] = 1 / fround((to[i] as number) + 1);
}

/** One row's softmax; sums by lanes of four, as the vector code does. */
function softmax(f32: Float32Array, z: number, y: number, lanes: number): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < lanes; i++) most = Math.max(most, f32[z + i] as number);
  for (let i = 0; i < lanes; i++) f32[y + i] = (f32[z + i] as number) - most;
  exp2(f32, y, f32, y, lanes, LOG2E, 126);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = y; i < y + lanes; i += 4) {
    a = fround(a + (f32[i] as number));
    b = fround(b + (f32[i + 1] as number));
    c = fround(c + (f32[i + 2] as number));
    d = fround(d + (f32[i + 3] as number));
  }
  const sum = fround(fround(a + c) + fround(b + d));
  for (let i = y; i < y + lanes; i++) f32[i] = (f32[i] as number) / sum;
}

/** y ← f(z), lane by lane. */
export function activate(
  f32: Float32Array,
  z: number,
  y: number,
  lanes: number,
  activation: Activation,
): void {
  if (activation === "tanh") tanh(f32, z, f32, y, lanes);
  else if (activation === "sigmoid") sigmoid(f32, z, f32, y, lanes);
  else if (activation === "softmax") softmax(f32, z, y, lanes);
  else if (activation === "relu") {
    for (let i = 0; i < lanes; i++) {
      const value = f32[z + i] as number;
      f32[y + i] = value < 0 ? 0 : value;
    }
  } else f32.copyWithin(y, z, z + lanes);
}
