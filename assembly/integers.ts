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

function measure(x: usize, end: usize): void {
  const zero = f32x4.splat(0);
  let low = zero;
  let high = zero;
  let sum = zero;
  // the last two of a row alone
  for (; x < end; x += 16) {
    const four = x + 16 <= end ? v128.load(x) : v128.load64_zero(x);
    low = f32x4.pmin(low, four);
    high = f32x4.pmax(high, four);
    sum = f32x4.add(sum, f32x4.mul(four, zero));
  }
  low = f32x4.pmin(low, v128.shuffle<f32>(low, low, 2, 3, 0, 1));
  high = f32x4.pmax(high, v128.shuffle<f32>(high, high, 2, 3, 0, 1));
  sum = f32x4.add(sum, v128.shuffle<f32>(sum, sum, 2, 3, 0, 1));
  least = min(f32x4.extract_lane(low, 0), f32x4.extract_lane(low, 1));
  largest = max(f32x4.extract_lane(high, 0), f32x4.extract_lane(high, 1));
  finite = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
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
    const from: f32 = limit ? -levels : -zero;
    const to = levels - zero;
    store<f32>(q, reach / levels + finite);
    store<i32>(q, bytes ? <i32>zero : 0, 4);
    writeRow(x, q + HEAD, k, inverse, from, to, bytes ? <i32>zero : -1);
  }
}

/** k numbers as nearest(x · inverse) within from … to: int16, or, with an offset of at least 0 added, uint8. */
function writeRow(
  x: usize,
  q: usize,
  k: i32,
  inverse: f32,
  from: f32,
  to: f32,
  offset: i32,
): void {
  const inverses = f32x4.splat(inverse);
  const least = f32x4.splat(from);
  const most = f32x4.splat(to);
  const magic = f32x4.splat(MAGIC);
  const bytes = offset >= 0;
  const bits = i32x4.splat(bytes ? MAGIC_BITS - offset : MAGIC_BITS);
  for (let i = 0; i < k; i += 8, x += 32) {
    const a = f32x4.mul(v128.load(x), inverses);
    const b = f32x4.mul(v128.load(x, 16), inverses);
    const c = f32x4.add(f32x4.pmin(f32x4.pmax(a, least), most), magic);
    const d = f32x4.add(f32x4.pmin(f32x4.pmax(b, least), most), magic);
    const both = i16x8.narrow_i32x4_s(i32x4.sub(c, bits), i32x4.sub(d, bits));
    if (bytes) {
      v128.store64_lane(q, i8x16.narrow_i16x8_u(both, both), 0);
      q += 8;
    } else {
      v128.store(q, both);
      q += 16;
    }
  }
}
