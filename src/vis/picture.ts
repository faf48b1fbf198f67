/*
 * What all pictures share: sizes, colours and panels.
 */
import { message, oneOf, record } from "../checks.js";

/** An argument for ECharts' `setOption`: plain data, except for functions that draw cells and format numbers. */
export interface ChartOption {
  readonly backgroundColor: string;
  readonly animation: boolean;
  readonly title: object[];
  readonly grid: Grid[];
  readonly xAxis: object[];
  readonly yAxis: object[];
  readonly series: object[];
  readonly visualMap: object[];
  [component: string]: unknown;
}

/** The position of a panel, in pixels. */
export interface Grid {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Options of every picture. */
export interface PictureOptions {
  /** The width in pixels, at least 280; 960 by default. */
  width?: number;
  /** The theme of the page; "light" by default. */
  theme?: "light" | "dark";
  /** A title above the picture; none by default. */
  title?: string;
}

/** The size of a picture in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Theme {
  readonly ground: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  /** Colours of gates, from closed to open. */
  readonly gate: readonly string[];
  /** Colours of values with a sign, from negative to positive. */
  readonly signed: readonly string[];
  /** Colours of lines, which colour-blind readers can tell apart too (Okabe and Ito 2008). */
  readonly lines: readonly string[];
}

const THEMES: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    ground: "#ffffff",
    text: "#1f2a27",
    quiet: "#5b6a65",
    line: "#dfe5e2",
    gate: ["#7a4a0e", "#c68f3f", "#f6f1e4", "#62b3a7", "#0b5f57"],
    signed: ["#17407a", "#5c9bc9", "#f7f7f5", "#e08a6d", "#8e1b2c"],
    lines: ["#0b7a6f", "#c2571a", "#3b6fb6", "#a3478f", "#8a7300", "#4b8f2f"],
  },
  dark: {
    ground: "#151b1a",
    text: "#e3ebe8",
    quiet: "#9aaaa4",
    line: "#2d3836",
    gate: ["#d9963b", "#8a5a22", "#222a28", "#23786e", "#57d3c3"],
    signed: ["#6fb2ea", "#2f6496", "#222827", "#a34a3a", "#f58f7a"],
    lines: ["#57d3c3", "#f0934f", "#82b1ef", "#d98ac6", "#d6bd3f", "#93d26f"],
  },
};

/** Room around panels for the labels of axes and for the scale. */
export const MARGIN = { left: 92, right: 72, bottom: 30 } as const;
const SMALLEST = 280;

/** Builds a picture, panel by panel. */
export class Canvas {
  readonly theme: Theme;
  readonly width: number;
  /** The top of the first panel. */
  readonly top: number;
  readonly option: ChartOption;

  constructor(options: object, known: object = {}) {
    const all = { width: 0, theme: 0, title: 0, ...known };
    const checked = record(options, "options", all);
    const { width = 960, theme = "light", title } = checked as PictureOptions;
    if (typeof width !== "number" || !(width >= SMALLEST))
      throw new RangeError(
        message("width", `a number of at least ${SMALLEST}`, String(width)),
      );
    const name = oneOf(theme, "theme", ["light", "dark"] as const);
    this.theme = THEMES[name];
    this.width = width;
    this.top = title === undefined ? 16 : 52;
    this.option = {
      animation: false,
      backgroundColor: this.theme.ground,
      textStyle: { fontFamily: "system-ui, sans-serif" },
      title: [],
      grid: [],
      xAxis: [],
      yAxis: [],
      series: [],
      visualMap: [],
    };
    if (title !== undefined) this.write(16, 16, title, 17, "bold");
  }

  write(
    left: number,
    top: number,
    text: string,
    fontSize = 13,
    fontWeight: "normal" | "bold" = "normal",
  ): void {
    const { text: color } = this.theme;
    const textStyle = { fontSize, fontWeight, color };
    this.option.title.push({ left, top, text, padding: 0, textStyle });
  }

  /** Adds the axes of a panel, and returns the indices that its series need. */
  axes(
    place: Grid,
    x: object,
    y: object,
  ): { xAxisIndex: number; yAxisIndex: number } {
    const { option, theme } = this;
    const gridIndex = option.grid.length;
    const axis = {
      gridIndex,
      type: "value",
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { show: false, lineStyle: { color: theme.line } },
      nameTextStyle: { color: theme.quiet },
    };
    const axisLabel = { color: theme.quiet, fontSize: 11 };
    const merged = (own: { axisLabel?: object; splitLine?: object }) => ({
      ...axis,
      ...own,
      axisLabel: { ...axisLabel, ...own.axisLabel },
      splitLine: { ...axis.splitLine, ...own.splitLine },
    });
    option.grid.push(place);
    option.xAxis.push(merged(x));
    option.yAxis.push(merged(y));
    return { xAxisIndex: gridIndex, yAxisIndex: gridIndex };
  }
}

/** The size of a picture in pixels, which `echarts.init` needs. */
export function sizeOf({ grid }: ChartOption): Size {
  const most = (end: (each: Grid) => number) => Math.max(0, ...grid.map(end));
  return {
    width: most(({ left, width }) => left + width) + MARGIN.right,
    height: most(({ top, height }) => top + height) + MARGIN.bottom,
  };
}
