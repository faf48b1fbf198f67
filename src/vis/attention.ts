import type { TensorLike } from "../tensor.js";
import { heat } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { largest, matrix, upTo } from "./values.js";

/** What `attention` draws, and how. */
export interface AttentionOptions extends PictureOptions {
  /** Which row of a batch; 0 by default. */
  row?: number;
  /** What asks, from the top down: the words that come out. */
  queries?: readonly string[];
  /** What is looked at, from the left: the words that went in. */
  keys?: readonly string[];
}

/**
 * Where attention looks: a row for each step that asks, a column for each that is looked at.
 *
 * @param weights [queries, keys], or [B, queries, keys]
 * @throws TypeError, RangeError that name the argument
 */
export function attention(
  weights: TensorLike,
  options: AttentionOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { row: 0, queries: 0, keys: 0 });
  const { row = 0, queries, keys } = options;
  const given = matrix(weights, "weights", row);
  const [asking, looked] = given.shape as [number, number];
  // colours are drawn time first, which here is what is looked at
  const across = new Float32Array(given.data.length);
  for (let q = 0; q < asking; q++)
    for (let k = 0; k < looked; k++)
      across[k * asking + q] = given.data[q * looked + k] as number;
  const { left } = MARGIN;
  const width = canvas.width - left - MARGIN.right;
  const height = Math.max(60, Math.min(480, 22 * asking));
  const max = largest(given.data);
  const labels = (names: readonly string[] | undefined, count: number) => ({
    interval: 1,
    axisLabel: {
      show: Boolean(names),
      // a label in the middle of its cell
      showMaxLabel: false,
      formatter: (index: number) =>
        index < count ? (names?.[index] ?? "") : "",
    },
  });
  heat(
    canvas,
    { left, top: canvas.top, width, height },
    { shape: [looked, asking], data: across },
    upTo(asking),
    {
      colours: [canvas.theme.ground, ...canvas.theme.gate.slice(3)],
      min: 0,
      max,
      ends: [`${max}`, "0"],
      shown: true,
    },
    labels(keys, looked),
    labels(queries, asking),
  );
  return canvas.option;
}
