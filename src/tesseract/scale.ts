import type { GreyImage } from "./image.js";

/** The source pixels of each target pixel i: from `starts[i]` on, weighted by `weights[i]`. */
interface Shares {
  readonly starts: Int32Array;
  readonly weights: readonly Float32Array[];
}

/** Area averages to shrink an image, linear interpolation to enlarge it. */
function sharesOf(from: number, to: number): Shares {
  const scale = from / to;
  const starts = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    if (scale <= 1) {
      const centre = Math.min(from - 1, Math.max(0, (i + 0.5) * scale - 0.5));
      const start = Math.min(Math.floor(centre), Math.max(0, from - 2));
      starts[i] = start;
      const share = centre - start;
      return from > 1 ? Float32Array.of(1 - share, share) : Float32Array.of(1);
    }
    const begin = i * scale;
    const end = Math.min(from, begin + scale);
    const start = Math.floor(begin);
    starts[i] = start;
    return Float32Array.from(
      { length: Math.ceil(end) - start },
      (_, k) =>
        (Math.min(end, start + k + 1) - Math.max(begin, start + k)) / scale,
    );
  });
  return { starts, weights };
}

/** The image in another size: (height, width) float32, 0 to 255. */
export function scaled(
  image: GreyImage,
  width: number,
  height: number,
): Float32Array {
  const across = sharesOf(image.width, width);
  const rows = new Float32Array(image.height * width);
  for (let x = 0; x < width; x++) {
    const start = across.starts[x] as number;
    const weights = across.weights[x] as Float32Array;
    for (let y = 0; y < image.height; y++) {
      const at = y * image.width + start;
      let sum = 0;
      for (let k = 0; k < weights.length; k++)
        sum += (weights[k] as number) * (image.data[at + k] as number);
      rows[y * width + x] = sum;
    }
  }
  const down = sharesOf(image.height, height);
  const result = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    const start = down.starts[y] as number;
    (down.weights[y] as Float32Array).forEach((weight, k) => {
      const at = (start + k) * width;
      for (let x = 0; x < width; x++)
        result[y * width + x] =
          (result[y * width + x] as number) + weight * (rows[at + x] as number);
    });
  }
  return result;
}

/**
 * Scales pixels to -1 (ink) … 1 (ground) as Tesseract does: black is the lower quartile of the minima along the middle
 * row, white the upper quartile of its maxima.
 *
 * @param pixels (height, width), 0 to 255; overwritten
 */
export function contrasted(
  pixels: Float32Array,
  width: number,
  height: number,
): Float32Array {
  const middle = Math.floor(height / 2) * width;
  const row = pixels.subarray(middle, middle + width);
  const minima: number[] = [];
  const maxima: number[] = [];
  for (let x = 1; x + 1 < width; x++) {
    const before = row[x - 1] as number;
    const here = row[x] as number;
    const after = row[x + 1] as number;
    if ((here < before && here <= after) || (here <= before && here < after))
      minima.push(here);
    if ((here > before && here >= after) || (here >= before && here > after))
      maxima.push(here);
  }
  const black = quantile(minima, 0.25) ?? 0;
  const white = quantile(maxima, 0.75) ?? 255;
  const contrast = white > black ? (white - black) / 2 : 1;
  for (let i = 0; i < pixels.length; i++) {
    const value = ((pixels[i] as number) - black) / contrast - 1;
    pixels[i] = Math.max(-1, Math.min(1, value));
  }
  return pixels;
}

function quantile(values: number[], share: number): number | undefined {
  values.sort((a, b) => a - b);
  return values[Math.floor(values.length * share)];
}
