/*
 * The number formats of weight files, all read as float32.
 */
export interface Dtype {
  /** In bytes. */
  readonly size: number;
  /** May keep `bytes`: the caller passes a copy. */
  readonly read: (bytes: ArrayBuffer) => Float32Array;
}

/** By their names in safetensors. */
export const DTYPES = new Map<unknown, Dtype>([
  ["F32", { size: 4, read: (bytes) => new Float32Array(bytes) }],
  [
    "F64",
    { size: 8, read: (bytes) => new Float32Array(new Float64Array(bytes)) },
  ],
  ["F16", { size: 2, read: (bytes) => widen(bytes, halfToSingle) }],
  ["BF16", { size: 2, read: (bytes) => widen(bytes, (bits) => bits << 16) }],
]);

function widen(
  bytes: ArrayBuffer,
  toSingle: (bits: number) => number,
): Float32Array {
  const halves = new Uint16Array(bytes);
  const singles = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++)
    singles[i] = toSingle(halves[i] as number);
  return new Float32Array(singles.buffer);
}

/** The bits of a float32 that equals the float16 with these bits. */
function halfToSingle(half: number): number {
  const sign = (half & 0x8000) << 16;
  const rest = half & 0x7fff;
  if (rest >= 0x7c00) return sign | 0x7f800000 | (rest << 13); // infinity, NaN
  if (rest >= 0x0400) return sign | ((rest << 13) + (112 << 23));
  if (rest === 0) return sign;
  const shift = Math.clz32(rest) - 21; // subnormal: shifted until the leading 1 is the implicit bit
  return sign | (((rest << shift) & 0x3ff) << 13) | ((113 - shift) << 23);
}
