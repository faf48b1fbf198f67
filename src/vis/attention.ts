import type { TensorLike } from "../tensor.js";
import { heat } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { largest, matrix, upTo } from "./values.js";

/** Options of `attention`. */
export interface AttentionOptions extends PictureOptions {
  /** The sequence of a batch to draw; 0 by default. */
  row?: number;
  /** Labels of the rows, from the top: usually the words of the output. */
  queries?: readonly string[];
  /** Labels of the columns, from the left: usually the words of the input. */
  keys?: readonly string[];
}

/**
 * Draws attention weights: a row per query, a column per key.
 *
 * @param weights [queries, keys], or [B, queries, keys]
 * @throws TypeError, RangeError naming the argument
 */
export function attention(
  weights: TensorLike,
  options: AttentionOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { row: 0, queries: 0, keys: 0 });
  const { row = 0, queries, keys } = options;
  const given = matrix(weights, "weights", row);
  const [rows, columns] = given.shape as [number, number];
  // `heat` expects [columns, rows]
  const transposed = new Float32Array(given.data.length);
  for (let q = 0; q < rows; q++)
    for (let k = 0; k < columns; k++)
      transposed[k * rows + q] = given.data[q * columns + k] as number;
  const { left } = MARGIN;
  const width = canvas.width - left - MARGIN.right;
  const height = Math.max(60, Math.min(480, 22 * rows));
  const max = largest(given.data);
  const labels = (names: readonly string[] | undefined, count: number) => ({
    interval: 1,
    axisLabel: {
      show: Boolean(names),
      // the last label is beyond the last cell
      showMaxLabel: false,
      formatter: (index: number) =>
        index < count ? (names?.[index] ?? "") : "",
    },
  });
  heat(
    canvas,
    { left, top: canvas.top, width, height },
    { shape: [columns, rows], data: transposed },
    upTo(rows),
    {
      colours: [canvas.theme.ground, ...canvas.theme.gate.slice(3)],
      min: 0,
      max,
      ends: [`${max}`, "0"],
      shown: true,
    },
    labels(keys, columns),
    labels(queries, rows),
  );
  return canvas.option;
}
