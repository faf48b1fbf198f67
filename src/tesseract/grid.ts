import { message } from "../checks.js";

/** Numbers at every place of an image: (height, width, channels), row-major. */
export interface Grid {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Float32Array;
}

/** 2²⁷ numbers, 512 MB: a line of 36 rows is then 23 000 times as wide as it is high. */
const MAX_NUMBERS = 2 ** 27;

/** @throws RangeError if it would take too much memory, because the image is far wider than a line of text */
export function grid(height: number, width: number, channels: number): Grid {
  const size = height * width * channels;
  if (size > MAX_NUMBERS) {
    const expected = `at most ${MAX_NUMBERS} numbers in a layer`;
    throw new RangeError(message("line", expected, `${size}`));
  }
  return { height, width, channels, data: new Float32Array(size) };
}

/** x and y swapped. */
export function transposed(source: Grid): Grid {
  const { height, width, channels } = source;
  const result = grid(width, height, channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      copy(source, y * width + x, result, x * height + y);
  return result;
}

/** Right to left. */
export function mirrored(source: Grid): Grid {
  const { height, width, channels } = source;
  const result = grid(height, width, channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      copy(source, y * width + x, result, (y + 1) * width - 1 - x);
  return result;
}

/** Upside down. */
export function flipped(source: Grid): Grid {
  const { height, width, channels, data } = source;
  const result = grid(height, width, channels);
  const row = width * channels;
  for (let y = 0; y < height; y++)
    result.data.set(
      data.subarray(y * row, (y + 1) * row),
      (height - 1 - y) * row,
    );
  return result;
}

/** Copies the channels of a place to another place, from channel `at` on. */
export function copy(
  { data: from, channels }: Grid,
  place: number,
  to: Grid,
  toPlace: number,
  at = 0,
): void {
  const source = place * channels;
  const target = toPlace * to.channels + at;
  for (let c = 0; c < channels; c++)
    to.data[target + c] = from[source + c] as number;
}
