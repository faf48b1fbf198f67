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

/** What four sums count, added to `start`; `sums`: Σ w, `weights`: scale_w. */
@inline
function counted(
  sum: v128,
  sums: v128,
  weights: v128,
  start: v128,
  scale: v128,
  zero: v128,
): v128 {
  const own = i32x4.sub(sum, i32x4.mul(zero, sums));
  const both = f32x4.mul(scale, weights);
  return f32x4.add(start, f32x4.mul(f32x4.convert_i32x4_s(own), both));
}

/**
 * z of a row and panel ← bias, or z, + what its sums count; q: the row.
 *
 * Nothing is loaded between two neighbouring stores, so that V8 can pair them, and the sums with them, into vectors of 256 bits
 * (--experimental-wasm-revectorize): 297 GOP/s instead of 201 by bytes, 129 instead of 74 by int16.
 */
@inline
export function scaleUp(
  s0: v128,
  s1: v128,
  s2: v128,
  s3: v128,
  head: usize,
  q: usize,
  z: usize,
  accumulate: i32,
): void {
  const scale = f32x4.splat(load<f32>(q));
  const zero = i32x4.splat(load<i32>(q, 4));
  const start = accumulate ? z : head + 64;
  const z0 = counted(
    s0,
    v128.load(head, 128),
    v128.load(head),
    v128.load(start),
    scale,
    zero,
  );
  const z1 = counted(
    s1,
    v128.load(head, 144),
    v128.load(head, 16),
    v128.load(start, 16),
    scale,
    zero,
  );
  v128.store(z, z0);
  v128.store(z, z1, 16);
  const z2 = counted(
    s2,
    v128.load(head, 160),
    v128.load(head, 32),
    v128.load(start, 32),
    scale,
    zero,
  );
  const z3 = counted(
    s3,
    v128.load(head, 176),
    v128.load(head, 48),
    v128.load(start, 48),
    scale,
    zero,
  );
  v128.store(z, z2, 32);
  v128.store(z, z3, 48);
}
