import { productF32 as product } from "../product-f32";

/** Rows that are taken together: 64 to 80 keep both copies in the first cache. */
const MOST = 80;

/**
 * dW += daᵀ x over all rows, by the product that the layers run on: a block of rows of da, 16 lanes of it, is a panel
 * whose columns are rows; the block of x, transposed, is its rows; the sums go on in the gradient, which has the layout
 * of the weights:
 *
 *      x [block, k] → xT [k, block]      da [block, 16 lanes] → panel [1 + block][16]      dW [k][16] += xT × panel
 *
 * The copy is needed: rows of da lie a power of two apart, and 64 of them share a few sets of the first cache. The
 * bias's gradient, the panel's first 16 numbers, falls out of it. k is a multiple of 4; `scratch` holds both copies.
 */
export function weightGradient(
  x: usize,
  xStride: i32,
  k: i32,
  da: usize,
  daStride: i32,
  panels: i32,
  gradient: usize,
  rows: i32,
  scratch: usize,
): void {
  if (!rows) return;
  const blocks = (rows + MOST - 1) / MOST;
  const block = ((rows + blocks - 1) / blocks + 1) & ~1;
  const xT = scratch;
  const panel = scratch + k * ((MOST + 4) << 2);
  for (let row = 0; row < rows; row += block) {
    const count = min(block, rows - row);
    const even = (count + 1) & ~1;
    transpose(x, xStride, xT, count, k);
    for (let p = 0; p < panels; p++) {
      const to = gradient + p * ((1 + k) << 6);
      copyLanes(da + (p << 6), daStride, panel, to, count);
      product(panel, xT, (MOST + 4) << 2, to + 64, 64, k, even, 1, 1);
    }
    x += count * xStride;
    da += count * daStride;
  }
}

/** 16 lanes of `count` rows, and a row of zeros after an odd count; their sum is added to the bias's gradient. */
function copyLanes(
  from: usize,
  stride: i32,
  panel: usize,
  bias: usize,
  count: i32,
): void {
  let b0 = v128.load(bias);
  let b1 = v128.load(bias, 16);
  let b2 = v128.load(bias, 32);
  let b3 = v128.load(bias, 48);
  let to = panel + 64;
  for (let i = 0; i < count; i++) {
    const v0 = v128.load(from);
    const v1 = v128.load(from, 16);
    const v2 = v128.load(from, 32);
    const v3 = v128.load(from, 48);
    v128.store(to, v0);
    v128.store(to, v1, 16);
    v128.store(to, v2, 32);
    v128.store(to, v3, 48);
    b0 = f32x4.add(b0, v0);
    b1 = f32x4.add(b1, v1);
    b2 = f32x4.add(b2, v2);
    b3 = f32x4.add(b3, v3);
    from += stride;
    to += 64;
  }
  if (count & 1) memory.fill(to, 0, 64);
  v128.store(bias, b0);
  v128.store(bias, b1, 16);
  v128.store(bias, b2, 32);
  v128.store(bias, b3, 48);
}

/** to [k][84] ← from [count, k], four by four; rows past the last are the last one again, times the panel's zeros. */
function transpose(
  from: usize,
  stride: i32,
  to: usize,
  count: i32,
  k: i32,
): void {
  const line: i32 = (MOST + 4) << 2;
  for (let row = 0; row < count; row += 4) {
    let s0 = from + row * stride;
    let s1 = row + 1 < count ? s0 + stride : s0;
    let s2 = row + 2 < count ? s1 + stride : s1;
    let s3 = row + 3 < count ? s2 + stride : s2;
    let d = to + (row << 2);
    for (let j = 0; j < k; j += 4) {
      const a = v128.load(s0);
      const b = v128.load(s1);
      const c = v128.load(s2);
      const e = v128.load(s3);
      const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const ce0 = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
      const ce1 = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
      v128.store(d, v128.shuffle<f32>(ab0, ce0, 0, 1, 4, 5));
      v128.store(d + line, v128.shuffle<f32>(ab0, ce0, 2, 3, 6, 7));
      v128.store(d + 2 * line, v128.shuffle<f32>(ab1, ce1, 0, 1, 4, 5));
      v128.store(d + 3 * line, v128.shuffle<f32>(ab1, ce1, 2, 3, 6, 7));
      s0 += 16;
      s1 += 16;
      s2 += 16;
      s3 += 16;
      d += line << 2;
    }
  }
}
