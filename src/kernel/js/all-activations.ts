import type { ActivationCode } from "../activations.js";

/*
 * assembly/all-activations.ts, operation by operation; see there for the derivation and the errors. Numbers are passed
 * in arrays, as in activations.ts.
 */

const fround = Math.fround;

const LOG2E = fround(1.4426950408889634);
const LN2_HIGH = fround(0.693359375);
const LN2_LOW = fround(-0.00021219444005469057);
const ROUNDER = 12582912;
const Q2 = fround(0.16666504740715027);
const Q3 = fround(0.04166646674275398);
const Q4 = fround(0.00836915522813797);
const Q5 = fround(0.0013933649752289057);
const P1 = fround(0.6666632294654846);
const P2 = fround(0.4002459645271301);
const P3 = fround(0.27965158224105835);
const P4 = fround(0.28157779574394226);
const NAM_C = fround(2.45550750702956);
const NAM_D = fround(2.44506634652299);
const NAM_E = fround(0.821226666969744);
const NAM_F = fround(0.893229853513558);
const NAM_G = fround(0.814642734961073);
const N0 = fround(952.52801514);
const N1 = fround(96.39235687);
const N2 = fround(0.60863042);
const D0 = fround(952.72399902);
const D1 = fround(413.36801147);
const D2 = fround(11.88600922);

const bits = new Int32Array(2);
/** The two factors of 2^n. */
const powers = new Float32Array(bits.buffer);
/** What `reduce` leaves: r and q(r). */
const parts = new Float32Array(2);

function reduce(values: Float32Array, at: number): void {
  const x = values[at] as number;
  const rounded = fround(fround(x * LOG2E) + ROUNDER);
  const n = fround(rounded - ROUNDER);
  const r = fround(fround(n * -LN2_LOW) + fround(fround(n * -LN2_HIGH) + x));
  let q = fround(fround(Q5 * r) + Q4);
  q = fround(fround(q * r) + Q3);
  q = fround(fround(q * r) + Q2);
  q = fround(fround(q * r) + 0.5);
  parts[0] = r;
  parts[1] = fround(q * r) + 1;
  const first = n >> 1;
  bits[0] = (first << 23) + 0x3f800000;
  bits[1] = ((n - first) << 23) + 0x3f800000;
}

/** e^x in place, x within ±104. */
function exponential(values: Float32Array, at: number): void {
  reduce(values, at);
  const power = fround(fround((parts[0] as number) * (parts[1] as number)) + 1);
  values[at] = fround(power * (powers[0] as number)) * (powers[1] as number);
}

/** e^x - 1 in place, x within ±40: it reaches its limits long before that. */
function lessOne(values: Float32Array, at: number): void {
  held(values, at, 40);
  reduce(values, at);
  const scale = fround((powers[0] as number) * (powers[1] as number));
  const grown = fround(
    fround(scale * (parts[0] as number)) * (parts[1] as number),
  );
  values[at] = grown + fround(scale - 1);
}

/** log(1 + t) in place, t from 0 to 1. */
function log1p(values: Float32Array, at: number): void {
  const t = values[at] as number;
  const u = fround(t / fround(t + 2));
  const v = fround(u * u);
  let p = fround(fround(P4 * v) + P3);
  p = fround(fround(p * v) + P2);
  p = fround(fround(p * v) + P1);
  values[at] = u * fround(fround(p * v) + 2);
}

/** Clamps a number to ±limit; NaN stays NaN. */
export function held(values: Float32Array, at: number, limit: number): void {
  const value = values[at] as number;
  if (value < -limit) values[at] = -limit;
  else if (value > limit) values[at] = limit;
}

function namTanh(values: Float32Array, at: number): void {
  held(values, at, 1e8);
  const x = values[at] as number;
  const size = Math.abs(x);
  const square = fround(x * x);
  const bend = fround(fround(NAM_E * size) + NAM_F);
  const line = fround(fround(NAM_C * size) + NAM_C);
  const above = fround(x * fround(fround(bend * square) + line));
  const inner = Math.abs(fround(fround(fround(NAM_G * x) * size) + x));
  values[at] = above / fround(fround(fround(NAM_D + square) * inner) + NAM_D);
}

function rnnoiseTanh(values: Float32Array, at: number): void {
  held(values, at, 100);
  const x = values[at] as number;
  const square = fround(x * x);
  const above = fround(fround(fround(fround(N2 * square) + N1) * square) + N0);
  const below = fround(fround(fround(fround(D2 * square) + D1) * square) + D0);
  values[at] = fround(above * x) / below;
  held(values, at, 1);
}

/** What a function still needs after its number has been overwritten. */
const kept = new Float32Array(1);

/** f of the one number at `at`, in place; functions have the numbers of assembly/all-activations.ts. */
function apply(
  { number, a, b }: ActivationCode,
  values: Float32Array,
  at: number,
): void {
  const x = values[at] as number;
  if (number === 1) {
    const half = fround(b * x);
    values[at] = half + half;
    lessOne(values, at);
    const m = values[at] as number;
    values[at] = a * fround(m / fround(m + 2));
  } else if (number === 2 || number === 12) {
    kept[0] = x < -88 ? -88 : x;
    held(values, at, 88);
    exponential(values, at);
    const e = values[at] as number;
    values[at] = e / fround(e + 1);
    if (number === 12)
      values[at] = (values[at] as number) * (kept[0] as number);
  } else if (number === 3) values[at] = x < 0 ? 0 : x;
  else if (number === 4) values[at] = x < 0 ? a * x : x;
  else if (number === 5) values[at] = x <= a ? 0 : x;
  else if (number === 6) {
    if (x > 0) values[at] = b * x;
    else {
      lessOne(values, at);
      values[at] = a * (values[at] as number);
    }
  } else if (number === 7) {
    kept[0] = x < 0 ? 0 : x;
    values[at] = -Math.abs(x);
    held(values, at, 104);
    exponential(values, at);
    log1p(values, at);
    values[at] = (kept[0] as number) + (values[at] as number);
  } else if (number === 8) values[at] = x / fround(1 + Math.abs(x));
  else if (number === 9) {
    const value = fround(fround(a * x) + b);
    values[at] = value < 0 ? 0 : value > 1 ? 1 : value;
  } else if (number === 10) values[at] = fround(a * x) + b;
  else if (number === 11) {
    held(values, at, 104);
    exponential(values, at);
  } else if (number > 12) {
    values[at] = a * x;
    if (number === 13) namTanh(values, at);
    else rnnoiseTanh(values, at);
    values[at] = fround(a * (values[at] as number)) + fround(1 - a);
  }
}

/** f of `count` numbers in place. */
export function activation(
  code: ActivationCode,
  values: Float32Array,
  at: number,
  count: number,
): void {
  for (let i = at; i < at + count; i++) apply(code, values, i);
}
