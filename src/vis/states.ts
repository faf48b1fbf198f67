import { nonNegativeInteger } from "../checks.js";
import type { TensorLike } from "../tensor.js";
import { heat } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { largest, matrix, upTo } from "./values.js";

/** Options of `states`. */
export interface StatesOptions extends PictureOptions {
  /** The sequence of a batch to draw; 0 by default. */
  row?: number;
  /** The largest number of features that are drawn as lines, more as colours; 8 by default. */
  lines?: number;
  /** The names of the features, for lines. */
  names?: readonly string[];
}

/**
 * Draws a sequence of vectors, such as inputs, hidden states or outputs: as lines if there are few features, otherwise as
 * colours.
 *
 * @param sequence [T, N], [B, T, N], or [T] for one feature
 * @throws TypeError, RangeError naming the argument
 */
export function states(
  sequence: TensorLike,
  options: StatesOptions = {},
): ChartOption {
  const canvas = new Canvas(options, { row: 0, lines: 0, names: 0 });
  const { row = 0, names } = options;
  const lines = nonNegativeInteger(options.lines ?? 8, "lines");
  const values = matrix(sequence, "sequence", row);
  const [steps, size] = values.shape as [number, number];
  const { left } = MARGIN;
  const width = canvas.width - left - MARGIN.right;
  if (size > lines) {
    const max = largest(values.data);
    const height = Math.max(60, Math.min(360, 4 * size));
    heat(
      canvas,
      { left, top: canvas.top, width, height },
      values,
      upTo(size),
      {
        colours: canvas.theme.signed,
        min: -max,
        max,
        ends: [`${max}`, `−${max}`],
        shown: true,
      },
      { axisLabel: { show: true } },
    );
    return canvas.option;
  }
  const { option, theme } = canvas;
  const legend = size > 1;
  const top = canvas.top + (legend ? 26 : 0);
  const axes = canvas.axes(
    { left, top, width, height: 200 },
    { min: 0, max: Math.max(1, steps - 1), minInterval: 1 },
    { scale: true, splitLine: { show: true }, splitNumber: 4 },
  );
  upTo(size).forEach((feature) => {
    const color = theme.lines[feature % theme.lines.length];
    option.series.push({
      type: "line",
      ...axes,
      name: names?.[feature] ?? `${feature}`,
      color,
      showSymbol: steps === 1,
      lineStyle: { width: 1.6 },
      data: upTo(steps).map((t) => [t, values.data[t * size + feature]]),
    });
  });
  if (legend)
    option["legend"] = {
      top: canvas.top - 4,
      left,
      icon: "roundRect",
      itemHeight: 3,
      itemWidth: 16,
      textStyle: { color: theme.text, fontSize: 12 },
    };
  return option;
}
