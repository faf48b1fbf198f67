/*
 * Rows of float32 as integers, for products with int8 weights (product-int8.ts). A row lies as
 *
 *      [ scale f32 | zero i32 | · | · ][ k integers, int16 or uint8, and up to 7 more, which meet zero weights ]
 *
 *      int16     x ≈ scale · q              |q| ≤ limit: as large as sums of k products with int8 allow
 *      7 bits    x ≈ scale · (u - zero)     0 ≤ u ≤ 127; as int16, q = u - zero itself
 *
 * Each row has a scale of its own, found in its numbers, or one for all that was calibrated. A row with a NaN or an
 * infinity in it has the scale NaN, and so all of its sums are NaN.
 */

/** Before a row's integers. */
export const HEAD = 16;

/** Where this thread's rows of integers lie. */
let room: usize = 0;

/** Takes the room that a call has for them. */
@inline
export function useRoom(address: usize): void {
  room = address;
}


@inline
export function roomAt(): usize {
  return room;
}

/** Bytes from row to row, as src/kernel/pack/int8.ts counts them too. */
@inline
export function rowStride(k: i32): i32 {
  return HEAD + (((k + 7) >> 3) << 4);
}

/** 1.5 · 2²³: added to a number below 2²² it leaves the nearest integer, ties to even, in the sum's low bits. */
const MAGIC: f32 = 12582912;
const MAGIC_BITS = 0x4b400000;

/** A row whose largest number is smaller counts as zeros: the inverse of its scale would be infinite. 2^-100. */
const TINY: f32 = 7.888609052210118e-31;

/** Of one row: the least and the largest number, 0 among them, and 0, or NaN where a number is none or infinite. */
let least: f32 = 0;
let largest: f32 = 0;
let finite: f32 = 0;

/** The bits of ∞; those of a NaN without its sign are more. */
const INFINITE = 0x7f800000;

/**
 * Two chains for each, and the check in integers: h of a step is measured between two of its products, where nothing else
 * can be done meanwhile. 0.95 to 0.99 of the time of layers of 128 units beside one chain and a float's sum.
 */
function measure(x: usize, end: usize): void {
  const magnitude = i32x4.splat(0x7fffffff);
  let low = f32x4.splat(0);
  let high = low;
  let bits = low;
  let lower = low;
  let higher = low;
  for (; x + 32 <= end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    low = f32x4.pmin(low, a);
    high = f32x4.pmax(high, a);
    bits = i32x4.max_s(bits, v128.and(a, magnitude));
    lower = f32x4.pmin(lower, b);
    higher = f32x4.pmax(higher, b);
    bits = i32x4.max_s(bits, v128.and(b, magnitude));
  }
  for (; x < end; x += 16) {
    // the last two of a row alone
    const four = x + 16 <= end ? v128.load(x) : v128.load64_zero(x);
    low = f32x4.pmin(low, four);
    high = f32x4.pmax(high, four);
    bits = i32x4.max_s(bits, v128.and(four, magnitude));
  }
  low = f32x4.pmin(low, lower);
  high = f32x4.pmax(high, higher);
  low = f32x4.pmin(low, v128.shuffle<f32>(low, low, 2, 3, 0, 1));
  high = f32x4.pmax(high, v128.shuffle<f32>(high, high, 2, 3, 0, 1));
  least = min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1));
  largest = max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1));
  finite = v128.any_true(i32x4.ge_s(bits, i32x4.splat(INFINITE))) ? NaN : 0;
}

/**
 * rows × k numbers → rows of integers at q; k even.
 *
 * @param limit of int16; 0: seven bits
 * @param low, high the calibrated range, 0 and 0: each row's own
 * @param bytes as uint8, zero added, not int16
 */
export function toIntegers(
  x: usize,
  xStride: i32,
  q: usize,
  rows: i32,
  k: i32,
  limit: i32,
  low: f32,
  high: f32,
  bytes: bool,
): void {
  const stride = rowStride(k);
  const own = low == high;
  for (; rows > 0; rows--, x += xStride, q += stride) {
    measure(x, x + (k << 2));
    const bottom: f32 = own ? -least : -low;
    const top: f32 = own ? largest : high;
    const levels: f32 = limit ? <f32>limit : 127;
    let reach = top + bottom;
    if (limit) reach = max(bottom, top);
    let inverse: f32 = 0;
    if (reach >= TINY) inverse = levels / reach;
    let zero: f32 = 0;
    if (!limit) zero = nearest<f32>(bottom * inverse);
    const offset = bytes ? <i32>zero : 0;
    const most: i32 = limit ? limit : 127 - <i32>zero + offset;
    store<f32>(q, reach / levels + finite);
    store<i32>(q, offset, 4);
    const from: f32 = limit ? -levels : -zero;
    writeRow(x, q + HEAD, k, inverse, offset, most, bytes, !own, from);
  }
}

/**
 * k numbers as integers of at most `most`: nearest(x · inverse) + offset, as int16 or uint8.
 *
 * @param clipped whether the scale was calibrated: what is beyond its range is cut off as a float. By a scale that fits
 *   the row none is below `from`, and the largest can be rounded up to one more than `most`: a limit in integers, eight
 *   at a time, is four operations less.
 */
function writeRow(
  x: usize,
  q: usize,
  k: i32,
  inverse: f32,
  offset: i32,
  most: i32,
  bytes: bool,
  clipped: bool,
  from: f32,
): void {
  const inverses = f32x4.splat(inverse);
  const magic = f32x4.splat(MAGIC);
  const bits = i32x4.splat(MAGIC_BITS - offset);
  const mosts = i16x8.splat(<i16>most);
  const low = f32x4.splat(from);
  const high = f32x4.splat(<f32>(most - offset));
  for (let i = 0; i < k; i += 8, x += 32) {
    let a = f32x4.mul(v128.load(x), inverses);
    let b = f32x4.mul(v128.load(x, 16), inverses);
    if (clipped) {
      a = f32x4.pmin(f32x4.pmax(a, low), high);
      b = f32x4.pmin(f32x4.pmax(b, low), high);
    }
    a = i32x4.sub(f32x4.add(a, magic), bits);
    b = i32x4.sub(f32x4.add(b, magic), bits);
    const both = i16x8.min_s(i16x8.narrow_i32x4_s(a, b), mosts);
    if (bytes) {
      v128.store64_lane(q, i8x16.narrow_i16x8_u(both, both), 0);
      q += 8;
    } else {
      v128.store(q, both);
      q += 16;
    }
  }
}
