/** What the kernels share on four float32 lanes. */

/** a · b + c: one rounding where the build has relaxed SIMD and the machine fuses, two elsewhere. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * One step of every sum over k in this kernel: two columns at a time,
 *
 *     sum ← sum + (w0 · x0 + w1 · x1)
 *
 * so that a panel's sums wait for one addition in two columns: four sums in flight are then bound by the
 * loads (46 GFLOP/s), not by the adder (31 when each column was added by itself). All products use it, one
 * row or many, so a row's bits do not depend on the rows beside it.
 */
@inline
export function pair(sum: v128, w0: v128, x0: v128, w1: v128, x1: v128): v128 {
  return f32x4.add(sum, madd(w1, x1, f32x4.mul(w0, x0)));
}

/** All bits set in the first `lanes` lanes (1 to 4), none in the others. */
@inline
export function laneMask(lanes: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes));
}
