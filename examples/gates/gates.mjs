/**
 * Draws every gate of the sunspot LSTM over a solar cycle: a row is a unit, a column a month.
 *
 *     npm run build && node examples/gates/gates.mjs [gates.svg]
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as echarts from "echarts";
import { LSTM } from "gatewise";
import { parse } from "gatewise/safetensors";

const file = process.argv[2] ?? "gates.svg";
const first = "1986-01"; // cycle 22 from minimum to minimum, in whole years
const years = 11;

const read = (name) =>
  readFileSync(new URL(`../sunspots/${name}`, import.meta.url));
const { tensors, metadata } = parse(read("sunspots.safetensors"));
const lstm = LSTM.fromStateDict(tensors, { prefix: "0." });

const [, ...lines] = read("sunspots.csv").toString().trim().split("\n");
const start = lines.findIndex((line) => line.startsWith(first));
const sunspots = lines.map((line) => Number(line.split(",")[1]));
const series = sunspots.map((value) => [value / Number(metadata.scale)]); // [T, 1]
const cycle = sunspots.slice(start, start + 12 * years);

// The centuries before only set the state; the gates of the cycle itself are traced.
const { state } = lstm.forward(series.slice(0, start));
const { trace } = lstm.forward(series.slice(start, start + cycle.length), {
  state,
  trace: true,
});

/** The units, first those that open the forget gate when there are many sunspots, last those that close it. */
function byForgetGate({ forget }) {
  const [steps, units] = forget.shape;
  const mean = cycle.reduce((a, b) => a + b) / steps;
  const slopes = Array.from({ length: units }, (_, unit) =>
    cycle.reduce(
      (sum, value, t) => sum + (value - mean) * forget.data[t * units + unit],
      0,
    ),
  );
  return [...slopes.keys()].sort((a, b) => slopes[b] - slopes[a]);
}

// The rest draws. A month is 3 pixels wide and a unit 4 high, so that no edge falls between two pixels.
const [month, unit] = [3, 4];
const width = month * cycle.length;
const gate = {
  colours: ["#7a4a0e", "#c68f3f", "#f6f1e4", "#62b3a7", "#0b5f57"],
  min: 0,
  max: 1,
  ends: ["1 open", "0 closed"],
};
const signed = (max) => ({
  colours: ["#17407a", "#5c9bc9", "#f7f7f5", "#e08a6d", "#8e1b2c"],
  min: -max,
  max,
  ends: [`${max}`, `−${max}`],
});
const panels = {
  input: gate,
  forget: gate,
  candidate: signed(1),
  output: gate,
  cell: signed(2.5),
  hidden: signed(1),
};
const option = {
  animation: false,
  backgroundColor: "#fff",
  title: [],
  grid: [],
  xAxis: [],
  yAxis: [],
  series: [],
  visualMap: [],
};

function write(left, top, text, fontSize = 14, fontWeight = "normal") {
  const textStyle = { fontSize, fontWeight, color: "#333" };
  option.title.push({ left, top, text, padding: 0, textStyle });
}

/** The axes of one panel, years across; what a series needs to stand there. */
function axes(left, top, height, showYears, yAxis) {
  const index = option.grid.length;
  const bare = { axisLine: { show: false }, axisTick: { show: false } };
  const lines = { show: Boolean(yAxis.interval) };
  const label = (year) => (year < years ? parseInt(first) + year : "");
  option.grid.push({ left, top, width, height });
  option.xAxis.push({
    type: "value",
    gridIndex: index,
    max: years,
    interval: 2,
    axisLabel: { show: showYears, formatter: label },
    splitLine: lines,
    ...bare,
  });
  option.yAxis.push({
    type: "value",
    gridIndex: index,
    splitLine: lines,
    ...bare,
    ...yAxis,
  });
  return { xAxisIndex: index, yAxisIndex: index };
}

/** Values [T, H] in 24 colours, each with a path around the months in which a unit has it. */
function colourPaths({ shape: [steps, units], data }, order, panel, left, top) {
  const step = (panel.max - panel.min) / 24;
  const paths = new Map();
  order.forEach((one, row) => {
    const level = (t) => Math.round(data[t * units + one] / step);
    for (let t = 0, end = 1; t < steps; t = end++) {
      while (end < steps && level(end) === level(t)) end++;
      const [x, y] = [left + month * t, top + unit * row];
      const path = `M${x} ${y}H${left + month * end}v${unit}H${x}Z`;
      paths.set(level(t), (paths.get(level(t)) ?? "") + path);
    }
  });
  return [...paths].map(([level, path]) => ({ value: level * step, path }));
}

write(116, 14, "The gates of an LSTM over solar cycle 22", 19, "bold");
write(
  116,
  42,
  "A row is a unit, the same in every panel. At the maximum the lower ones close their forget gates, the upper ones open them.",
  12,
);
write(16, 116, "sunspots");
trace.forEach((entry, layer) => {
  const left = 116 + layer * (width + 22);
  const order = byForgetGate(entry);
  write(left, 64, layer ? "second layer" : "first layer", 14, "bold");
  option.series.push({
    type: "line",
    ...axes(left, 86, 76, true, {
      max: 220,
      interval: 100,
      axisLabel: { show: layer === 0 },
    }),
    data: cycle.map((value, t) => [(t + 0.5) / 12, value]),
    showSymbol: false,
    color: "#333",
    lineStyle: { width: 1.5 },
    areaStyle: { color: "#f1ead9" },
  });
  Object.entries(panels).forEach(([name, panel], index, { length }) => {
    const height = unit * order.length;
    const top = 188 + index * (height + 14);
    const paths = colourPaths(entry[name], order, panel, left, top);
    if (layer === 0) write(16, top + height / 2 - 7, name);
    option.visualMap.push({
      type: "continuous",
      show: layer === 1,
      seriesIndex: option.series.length,
      dimension: 2,
      min: panel.min,
      max: panel.max,
      inRange: { color: panel.colours },
      text: panel.ends,
      right: 8,
      top: top + 6,
      padding: 0,
      itemHeight: 70,
      itemWidth: 10,
    });
    option.series.push({
      type: "custom",
      ...axes(left, top, height, index === length - 1, {
        max: 1,
        axisLabel: { show: false },
      }),
      data: paths.map(({ value }) => [0, 0, value]),
      renderItem: ({ dataIndex }, api) => ({
        type: "path",
        shape: { pathData: paths[dataIndex].path },
        style: { fill: api.visual("color") },
      }),
    });
  });
});

const chart = echarts.init(null, null, {
  renderer: "svg",
  ssr: true,
  width: 1012,
  height: 1070,
});
chart.setOption(option);
writeFileSync(file, chart.renderToSVGString());
chart.dispose();
console.log(file);
