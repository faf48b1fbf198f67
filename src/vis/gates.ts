import { message, oneOf } from "../checks.js";
import type { Tensor } from "../tensor.js";
import { heat, type Scale } from "./heat.js";
import {
  Canvas,
  type ChartOption,
  MARGIN,
  type PictureOptions,
} from "./picture.js";
import { largest, matrix, upTo } from "./values.js";

/** Options of `gates`. */
export interface GatesOptions extends PictureOptions {
  /** The sequence of a batch to draw; 0 by default. */
  row?: number;
  /** The order of the units: as in the layer, or by the mean of their forget (GRU: update) gate, the most open first. */
  order?: "unit" | "openness";
  /** Labels of the steps, below the last panel; by default their numbers. */
  labels?: readonly string[];
}

const KNOWN = { row: 0, order: 0, labels: 0 };

/** One layer in one direction, from `trace: true` or `traceLayers`. */
interface Entry {
  readonly [name: string]: unknown;
}

/** The gates, which are between 0 and 1; all else has a sign. */
const GATES = ["input", "forget", "output", "reset", "update"];
/** The gates that say how much of the state is kept. */
const KEEPING_GATES = ["forget", "update"];
const GAP = 10;

/**
 * Draws every gate and state of every traced layer as a panel, with a row per unit and a column per step. Layers are beside
 * each other if there is room, otherwise below each other.
 *
 * @param trace the result of `forward(x, { trace: true })` or `traceLayers`
 * @throws TypeError, RangeError naming the argument
 */
export function gates(
  trace: readonly Entry[],
  options: GatesOptions = {},
): ChartOption {
  const canvas = new Canvas(options, KNOWN);
  const { row = 0, order = "unit", labels } = options;
  oneOf(order, "order", ["unit", "openness"] as const);
  if (!Array.isArray(trace) || !trace.length)
    throw new RangeError(message("trace", "at least one layer", "none"));
  const across = Math.min(
    trace.length,
    Math.max(1, Math.floor((canvas.width - MARGIN.left) / 380)),
  );
  const room = canvas.width - MARGIN.left - MARGIN.right;
  const width = Math.floor((room - (across - 1) * 24) / across);
  let top = canvas.top;
  for (let first = 0; first < trace.length; first += across) {
    const together = trace.slice(first, first + across) as Entry[];
    const bottoms = together.map((entry, column) => {
      const left = MARGIN.left + column * (width + 24);
      const last = column === together.length - 1;
      return drawLayer(entry, { left, top, width, last, named: column === 0 });
    });
    top = Math.max(...bottoms) + 36;
  }
  return canvas.option;

  /** The largest of all layers, as the panels beside each other share a scale. */
  function largestOf(name: string): number {
    const found = trace.map((entry) => entry[name]).filter(isTensor);
    return Math.max(...found.map(({ data }) => largest(data)));
  }

  /** Draws one layer's panels from the top down, and returns where they end. */
  function drawLayer(
    entry: Entry,
    place: {
      left: number;
      top: number;
      width: number;
      last: boolean;
      named: boolean;
    },
  ): number {
    const { left, named, last } = place;
    const panels = Object.entries(entry).flatMap(([name, value]) =>
      isTensor(value) ? [[name, matrix(value, name, row)] as const] : [],
    );
    const sorted = sortedUnits(panels, order);
    canvas.write(left, place.top, titleOf(entry), 14, "bold");
    let at = place.top + 26;
    panels.forEach(([name, values], index) => {
      const [steps, units] = values.shape as [number, number];
      const height = Math.max(36, Math.min(160, 4 * units));
      if (named) canvas.write(16, at + height / 2 - 8, name, 12);
      const scale = scaleOf(name, largestOf(name), canvas.theme, last);
      const end = index === panels.length - 1;
      const rows = sorted.length === units ? sorted : upTo(units);
      heat(
        canvas,
        { left, top: at, width: place.width, height },
        values,
        rows,
        scale,
        {
          axisLabel: {
            show: end,
            ...(labels && {
              formatter: (step: number) => labels[step] ?? "",
            }),
          },
          interval: niceInterval(steps, place.width),
        },
      );
      at += height + GAP;
    });
    return at;
  }
}

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" && value !== null && "shape" in value;

function titleOf(entry: Entry): string {
  const { name, layer, direction } = entry;
  const which =
    typeof name === "string" ? name : `layer ${Number(layer ?? 0) + 1}`;
  return direction === "reverse" ? `${which}, reverse` : which;
}

function scaleOf(
  name: string,
  most: number,
  theme: Canvas["theme"],
  shown: boolean,
): Scale {
  if (GATES.includes(name))
    return { colours: theme.gate, min: 0, max: 1, ends: ["1", "0"], shown };
  // candidates and hidden states are within ±1, usually; a cell has no limit
  const max = name === "cell" ? most : Math.max(1, most);
  return {
    colours: theme.signed,
    min: -max,
    max,
    ends: [`${max}`, `−${max}`],
    shown,
  };
}

function sortedUnits(
  panels: readonly (readonly [string, Tensor])[],
  order: "unit" | "openness",
): number[] {
  const found =
    panels.find(([name]) => KEEPING_GATES.includes(name)) ?? panels[0];
  if (!found) return [];
  const [, { shape, data }] = found;
  const [steps, units] = shape as [number, number];
  if (order === "unit") return upTo(units);
  const sum = (unit: number) => {
    let total = 0;
    for (let t = 0; t < steps; t++) total += data[t * units + unit] as number;
    return total;
  };
  return upTo(units).sort((a, b) => sum(b) - sum(a));
}

/** Steps between labels: about 60 pixels apart, a round number. */
function niceInterval(steps: number, width: number): number {
  const least = Math.max(1, (steps * 60) / width);
  const unit = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5, 10].find((n) => n * unit >= least) ?? 10) * unit;
}
