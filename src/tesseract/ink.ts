/*
 * Separates ink from ground: the threshold, which side of it is ink, and the bounding box.
 */
import type { Box, GreyImage } from "./image.js";

/** An image's two shades. */
export interface Shades {
  /** Pixels above are light. */
  readonly threshold: number;
  /** Whether ink is the dark side, as in black on white. */
  readonly darkInk: boolean;
  /** The ground's mean. */
  readonly ground: number;
}

/** Less contrast than this is only noise. */
const LEAST_CONTRAST = 20;

/**
 * The two shades with the largest variance between them (Otsu 1979); the more frequent is the ground. Null for an image
 * without contrast.
 */
export function shadesOf({ data }: GreyImage): Shades | null {
  const counts = new Float64Array(256);
  for (const pixel of data) counts[pixel] = (counts[pixel] as number) + 1;
  const total = counts.reduce((sum, n, value) => sum + n * value, 0);
  let [count, sum, best] = [0, 0, 0];
  let shades: Shades | null = null;
  for (let value = 0; value < 255; value++) {
    count += counts[value] as number;
    sum += (counts[value] as number) * value;
    const rest = data.length - count;
    if (!count || !rest) continue;
    const dark = sum / count;
    const light = (total - sum) / rest;
    const between = count * rest * (light - dark) ** 2;
    if (between <= best) continue;
    best = between;
    if (light - dark < LEAST_CONTRAST) continue;
    const darkInk = rest >= count;
    shades = { threshold: value, darkInk, ground: darkInk ? light : dark };
  }
  return shades;
}

/** 1 for ink, 0 for ground: (height, width). Isolated pixels do not count as ink. */
export function inkOf(
  { width, height, data }: GreyImage,
  { threshold, darkInk }: Shades,
): Uint8Array {
  const ink = data.map((pixel) => Number(pixel > threshold !== darkInk));
  const kept = new Uint8Array(ink.length);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++)
      kept[i] =
        ink[i] &&
        ((x > 0 && ink[i - 1]) ||
          (x + 1 < width && ink[i + 1]) ||
          (y > 0 && ink[i - width]) ||
          (y + 1 < height && ink[i + width]))
          ? 1
          : 0;
  return kept;
}

/** The ink of each row, in columns `left` to `right`. */
export function rowsOf(
  ink: Uint8Array,
  width: number,
  left = 0,
  right = width,
): number[] {
  return Array.from({ length: ink.length / width }, (_, y) => {
    let sum = 0;
    for (let x = left; x < right; x++) sum += ink[y * width + x] as number;
    return sum;
  });
}

/** The ink of each column, in rows `top` to `bottom`. */
export function columnsOf(
  ink: Uint8Array,
  width: number,
  top = 0,
  bottom = ink.length / width,
): number[] {
  const sums = Array.from<number>({ length: width }).fill(0);
  for (let y = top; y < bottom; y++)
    for (let x = 0; x < width; x++)
      sums[x] = (sums[x] as number) + (ink[y * width + x] as number);
  return sums;
}

/** The bounding box of all ink in an image; null if there is none. */
export function boxOf(ink: Uint8Array, width: number): Box | null {
  const [top, bottom] = extent(rowsOf(ink, width));
  if (top === bottom) return null;
  const [left, right] = extent(columnsOf(ink, width, top, bottom));
  return { left, top, right, bottom };
}

/** The index of the first sum above 0, and the one after the last. */
export function extent(sums: readonly number[]): [number, number] {
  let end = sums.length;
  while (end && !sums[end - 1]) end--;
  const start = sums.findIndex((sum) => sum > 0);
  return [Math.max(0, start), end];
}
