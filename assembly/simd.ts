/** What the kernels share on four float32 lanes. */

/** a · b + c: one rounding where the build has relaxed SIMD and the machine fuses, two elsewhere. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/**
 * One step of every sum over k in this kernel, two columns of it. All products use it, one row or many, so a row's
 * bits do not depend on the rows beside it.
 *
 *     simd      sum ← (sum + w0 · x0) + w1 · x1         a column after the other
 *     relaxed   sum ← sum + (w0 · x0 + w1 · x1)         fused: mul, madd, add
 *
 * Fused, a column at a time would put the multiplication on the sum's chain, 4 cycles a column, and four sums in
 * flight do not hide that: 30 GFLOP/s against 47 for a matrix times a vector. Unfused, only the addition is on the
 * chain, and taking the columns one by one needs so few registers that a tile of 2 × 16 fits (product.ts).
 */
@inline
export function pair(sum: v128, w0: v128, x0: v128, w1: v128, x1: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD)
    return f32x4.add(sum, f32x4.relaxed_madd(w1, x1, f32x4.mul(w0, x0)));
  return f32x4.add(f32x4.add(sum, f32x4.mul(w0, x0)), f32x4.mul(w1, x1));
}

/*
 * The two columns of x that a matrix-vector product's `pair` multiplies, each in all lanes. It is bound by its loads:
 * where multiply and add are one operation, one load and two shuffles beat two loads (57 GFLOP/s against 52 at
 * k = 128, on Node 20 and 24); where they are two, the shuffles cost as much as they save.
 */

@inline
export function columns(x: usize): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return v128.load64_splat(x);
  return v128.load32_splat(x);
}


@inline
export function firstOf(columns: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD)
    return v128.shuffle<f32>(columns, columns, 0, 0, 0, 0);
  return columns;
}


@inline
export function secondOf(columns: v128, x: usize): v128 {
  if (ASC_FEATURE_RELAXED_SIMD)
    return v128.shuffle<f32>(columns, columns, 1, 1, 1, 1);
  return v128.load32_splat(x, 4);
}

/** All bits set in the first `lanes` lanes (1 to 4), none in the others. */
@inline
export function laneMask(lanes: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lanes));
}
