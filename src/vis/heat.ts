/*
 * Draws a matrix as colours. One SVG element per number would take millions of bytes, so the values are rounded to 24
 * colours, and all cells of a colour are one path.
 */
import type { Tensor } from "../tensor.js";
import type { Canvas, Grid } from "./picture.js";

const COLOURS = 24;

/** The scale of colours. */
export interface Scale {
  readonly colours: readonly string[];
  readonly min: number;
  readonly max: number;
  /** The labels at the top and the bottom of the scale. */
  readonly ends: readonly [string, string];
  /** Whether the scale is drawn beside the panel. */
  readonly shown: boolean;
}

/** Adjacent cells of one colour: the columns from `from` up to, not including, `to`. */
type Run = readonly [row: number, from: number, to: number];

/** The API that ECharts passes to a function that draws. */
interface Drawing {
  coord(point: readonly number[]): [number, number];
  visual(name: string): string;
}

/**
 * @param values [columns, rows], as the steps come first
 * @param order the indices of the rows, from the top
 */
export function heat(
  canvas: Canvas,
  place: Grid,
  values: Tensor,
  order: readonly number[],
  scale: Scale,
  x: object = {},
  y: object = {},
): void {
  const [columns] = values.shape as [number];
  const levels = [...levelsOf(values, order, scale)];
  const { option } = canvas;
  const { xAxisIndex, yAxisIndex } = canvas.axes(
    place,
    { min: 0, max: columns, axisLabel: { show: false }, ...x },
    {
      min: 0,
      max: order.length,
      inverse: true,
      axisLabel: { show: false },
      ...y,
    },
  );
  option.visualMap.push({
    type: "continuous",
    show: scale.shown,
    seriesIndex: option.series.length,
    dimension: 2,
    min: scale.min,
    max: scale.max,
    inRange: { color: [...scale.colours] },
    text: [...scale.ends],
    textStyle: { color: canvas.theme.quiet, fontSize: 11 },
    left: place.left + place.width + 10,
    top: place.top,
    padding: 0,
    itemHeight: Math.max(10, Math.min(70, place.height - 34)),
    itemWidth: 10,
  });
  option.series.push({
    type: "custom",
    silent: true,
    xAxisIndex,
    yAxisIndex,
    data: levels.map(([value]) => [0, 0, value]),
    renderItem: ({ dataIndex }: { dataIndex: number }, api: Drawing) => ({
      type: "path",
      shape: { pathData: pathOf(levels[dataIndex]?.[1] ?? [], api) },
      style: { fill: api.visual("color") },
    }),
  });
}

/** The cells of each colour, by the value of the colour. */
function levelsOf(
  { shape, data }: Tensor,
  order: readonly number[],
  { min, max }: Scale,
): Map<number, Run[]> {
  const [columns, rows] = shape as [number, number];
  const step = (max - min) / COLOURS || 1;
  const levels = new Map<number, Run[]>();
  order.forEach((from, row) => {
    const level = (t: number) => {
      const value = data[t * rows + from] as number;
      if (Number.isNaN(value)) return null; // not drawn
      const inside = Math.min(max, Math.max(min, value));
      return min + Math.round((inside - min) / step) * step;
    };
    for (let t = 0, end = 1; t < columns; t = end++) {
      const value = level(t);
      while (end < columns && level(end) === value) end++;
      if (value === null) continue;
      const runs = levels.get(value) ?? [];
      runs.push([row, t, end]);
      levels.set(value, runs);
    }
  });
  return levels;
}

function pathOf(runs: readonly Run[], api: Drawing): string {
  const round = (value: number) => Math.round(value * 10) / 10;
  return runs
    .map(([row, from, to]) => {
      const [left, top] = api.coord([from, row]).map(round);
      const [right, bottom] = api.coord([to, row + 1]).map(round);
      return `M${left} ${top}H${right}V${bottom}H${left}Z`;
    })
    .join("");
}
