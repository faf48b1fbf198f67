/**
 * Draws every gate of the sunspot LSTM over a solar cycle: a row is a unit, a column a month.
 *
 *     npm run build && node examples/gates/gates.mjs [gates.svg]
 */
import { readFileSync, writeFileSync } from "node:fs";
import * as echarts from "echarts";
import { LSTM } from "gatewise";
import { parse } from "gatewise/safetensors";
import { gates, toSVG } from "gatewise/vis";

const file = process.argv[2] ?? "gates.svg";
const [first, years] = ["1986-01", 11]; // cycle 22, from minimum to minimum

const read = (name) =>
  readFileSync(new URL(`../sunspots/${name}`, import.meta.url));
const { tensors, metadata } = parse(read("sunspots.safetensors"));
const lstm = LSTM.fromStateDict(tensors, { prefix: "0." });

const [, ...lines] = read("sunspots.csv").toString().trim().split("\n");
const start = lines.findIndex((line) => line.startsWith(first));
const end = start + 12 * years;
const scale = Number(metadata.scale);
const series = lines.map((line) => [Number(line.split(",")[1]) / scale]); // [T, 1]

// The centuries before only set the state; the gates of the cycle itself are traced.
const { state } = lstm.forward(series.slice(0, start));
const { trace } = lstm.forward(series.slice(start, end), {
  state,
  trace: true,
});

const picture = gates(trace, {
  title: "The gates of an LSTM over solar cycle 22, 1986 to 1996",
  order: "openness",
  labels: lines.slice(start, end).map((line) => line.slice(0, 4)),
  width: 1012,
});
writeFileSync(file, toSVG(echarts, picture));
console.log(file);
