const fround = Math.fround;

/**
 * The sums of one quad (4 outputs) of a panel over k inputs, added to those at `from` and stored at `to`; column after
 * column, as `pair` in assembly/simd.ts adds them without relaxed SIMD.
 */
function quadSums(
  f32: Float32Array,
  w: number,
  x: number,
  k: number,
  from: number,
  to: number,
): void {
  let s0 = f32[from] as number;
  let s1 = f32[from + 1] as number;
  let s2 = f32[from + 2] as number;
  let s3 = f32[from + 3] as number;
  const end = x + k;
  for (let a = w + 16; x < end; x++, a += 16) {
    const input = f32[x] as number;
    s0 = fround(s0 + fround((f32[a] as number) * input));
    s1 = fround(s1 + fround((f32[a + 1] as number) * input));
    s2 = fround(s2 + fround((f32[a + 2] as number) * input));
    s3 = fround(s3 + fround((f32[a + 3] as number) * input));
  }
  f32[to] = s0;
  f32[to + 1] = s1;
  f32[to + 2] = s2;
  f32[to + 3] = s3;
}

/** `product` in product.ts. */
export function productF32(
  f32: Float32Array,
  w: number,
  x: number,
  xStride: number,
  z: number,
  zStride: number,
  rows: number,
  k: number,
  panels: number,
  accumulate: boolean,
): void {
  for (let panel = 0; panel < panels; panel++, w += 16 * (k + 1), z += 16) {
    for (let row = 0; row < rows; row++) {
      for (let lane = 0; lane < 16; lane += 4) {
        const at = z + row * zStride + lane;
        const from = accumulate ? at : w + lane;
        quadSums(f32, w + lane, x + row * xStride, k, from, at);
      }
    }
  }
}
