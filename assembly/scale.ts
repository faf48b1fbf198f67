/*
 * What sums of integers count, added up while they are in registers. A row's head says its scale and its zero (integers.ts),
 * a panel's head those of its weights (product-int8.ts):
 *
 *      z ← bias, or z, + (scale_x · scale_w) · (s - zero · Σ w)
 *
 * In a pass of its own behind the product that is 12 % of a batch of LSTM 64 → 128.
 */

/** Before a panel's columns. */
export const PANEL_HEAD = 192;

/** The scale of the row of integers at q, in all lanes. */
@inline
export function scaleOf(q: usize): v128 {
  return f32x4.splat(load<f32>(q));
}

/** Its zero. */
@inline
export function zeroOf(q: usize): v128 {
  return i32x4.splat(load<i32>(q, 4));
}

/** z ← what lies at `start` + what four sums count; `head`: their lanes of the panel's scales. */
@inline
export function scaleUp(
  sum: v128,
  head: usize,
  start: usize,
  z: usize,
  scale: v128,
  zero: v128,
): void {
  const own = i32x4.sub(sum, i32x4.mul(zero, v128.load(head, 128)));
  const both = f32x4.mul(scale, v128.load(head));
  const product = f32x4.mul(f32x4.convert_i32x4_s(own), both);
  v128.store(z, f32x4.add(v128.load(start), product));
}
