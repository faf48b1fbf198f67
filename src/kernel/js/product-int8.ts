const fround = Math.fround;

/* The constants of assembly/integers.ts. */
const MAGIC = 12582912;
const TINY = 2 ** -100;
/** The number of floats before a panel's columns. */
const HEAD = 48;

/** A row of x as integers. */
let integers = new Int16Array(0);
/** The memory's weights. */
let weights: Int16Array = new Int16Array(0);

/** The largest integer for which the sum of k products with int8 fits into 32 bits. */
export const limitOf = (k: number): number =>
  Math.min(32767, Math.floor(0x7fffffff / (127 * k)));

/** The nearest integer, ties to even, of a number below 2²². */
const nearest = (value: number): number => fround(value + MAGIC) - MAGIC;

/** Writes one row as integers, x ≈ scale · integers, and returns the scale; `limit` 0: seven bits. */
function toIntegers(
  f32: Float32Array,
  x: number,
  k: number,
  limit: number,
  low: number,
  high: number,
): number {
  const own = low === high;
  let least = 0;
  let most = 0;
  for (let i = x; i < x + k; i++) {
    least = Math.min(least, f32[i] as number);
    most = Math.max(most, f32[i] as number);
  }
  if (!(most - least < Number.POSITIVE_INFINITY)) return Number.NaN; // the integers do not matter
  const bottom = own ? -least : -low;
  const top = own ? most : high;
  const reach = limit ? Math.max(bottom, top) : fround(top + bottom);
  const levels = limit || 127;
  const inverse = reach >= TINY ? fround(levels / reach) : 0;
  const zero = nearest(fround(bottom * inverse));
  const from = limit ? -limit : -zero;
  const to = limit || 127 - zero;
  for (let i = 0; i < k; i++) {
    const value = fround((f32[x + i] as number) * inverse);
    integers[i] = nearest(Math.min(Math.max(value, from), to));
  }
  return fround(reach / levels);
}

/** `product` in product.ts; sums are exact, in any order. */
export function productInt8(
  f32: Float32Array,
  limit: number,
  w: number,
  x: number,
  xStride: number,
  z: number,
  zStride: number,
  rows: number,
  k: number,
  panels: number,
  accumulate: boolean,
  matrix: number,
): void {
  if (integers.length < k) integers = new Int16Array(k);
  if (weights.buffer !== f32.buffer) weights = new Int16Array(f32.buffer);
  const low = f32[matrix - 4] as number;
  const high = f32[matrix - 3] as number;
  const panelFloats = HEAD + Math.ceil(k / 8) * 64;
  for (let row = 0; row < rows; row++) {
    const scale = toIntegers(f32, x + row * xStride, k, limit, low, high);
    let to = z + row * zStride;
    for (let panel = 0; panel < panels; panel++, to += 16) {
      const head = w + panel * panelFloats;
      for (let lane = 0; lane < 16; lane++) {
        let sum = 0;
        let at = (head + HEAD + lane) * 2;
        for (let i = 0; i < k; i += 2, at += 32)
          sum +=
            (integers[i] as number) * (weights[at] as number) +
            (integers[i + 1] as number) * (weights[at + 1] as number);
        const both = fround(scale * (f32[head + lane] as number));
        const start = f32[accumulate ? to + lane : head + 16 + lane] as number;
        f32[to + lane] = start + fround(fround(sum) * both);
      }
    }
  }
}
