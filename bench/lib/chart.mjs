/** The picture of bench:peers: how many times as long as gatewise each peer takes. */

import * as echarts from "echarts";
import { times } from "./text.mjs";

/** The layers in the picture, one of each sort. */
const SHOWN = [
  "LSTM 1 × 1, 1 → 20",
  "LSTM 1 × 1, 128 → 128",
  "LSTM 1 × 1, 512 → 512",
  "LSTM 1 × 100, 128 → 128",
  "LSTM 1 × 100, 512 → 512",
  "LSTM 32 × 50, 64 → 128",
  "GRU 1 × 100, 128 → 128",
  "GRU 32 × 50, 64 → 128",
  "RNN 1 × 100, 128 → 128",
];

const COLOURS = {
  "onnxruntime-node": "#8a8f98",
  "onnxruntime-web": "#2f6fde",
  "tfjs-wasm": "#e08a1e",
  "plain JS": "#c9a400",
};

const INK = "#24292f";

/**
 * @param {{ host: Record<string, string>, peers: Record<string, string>, backend: string, cases: readonly { layer: string, ratios: Record<string, number> }[] }} results
 * @returns {string} SVG
 */
export function speedChart({ host, peers, backend, cases }) {
  const shown = cases.filter(({ layer }) => SHOWN.includes(layer));
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: 900,
    height: 190 + 72 * shown.length,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif", color: INK },
    title: {
      text: "How many times as long as gatewise they take: longer bars are slower",
      subtext: `one thread, same weights · batch × steps, inputs → units · Node ${host.node} (gatewise: ${backend})\nonnxruntime ${peers["onnxruntime-web"]} · TensorFlow.js ${peers["@tensorflow/tfjs"]} · ${host.machine}, ${host.date}`,
      left: 16,
      top: 12,
      textStyle: { fontSize: 20, color: INK },
      subtextStyle: { fontSize: 12, lineHeight: 17, color: "#57606a" },
    },
    legend: {
      left: 16,
      top: 90,
      itemGap: 34,
      textStyle: { fontSize: 14, color: INK },
    },
    grid: { left: 216, right: 44, top: 130, bottom: 44 },
    xAxis: {
      type: "log",
      min: 0.1,
      max: 1000,
      axisLabel: {
        formatter: (/** @type {number} */ value) =>
          value === 1 ? "gatewise" : `${value} ×`,
        fontSize: 12,
        color: INK,
      },
      splitLine: { lineStyle: { color: "#e6e8eb" } },
    },
    yAxis: {
      type: "category",
      inverse: true,
      data: shown.map(({ layer }) => layer),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { fontSize: 14, color: INK },
    },
    series: Object.entries(COLOURS).map(([peer, color]) => ({
      name: peer,
      type: "bar",
      itemStyle: { color },
      barCategoryGap: "24%",
      // A bar ends where its figure stands: left of the line, whoever takes less time than gatewise.
      data: shown.map(({ ratios }) => ({
        value: ratios[peer],
        label: { position: Number(ratios[peer]) < 1 ? "left" : "right" },
      })),
      label: {
        show: true,
        fontSize: 12,
        color: INK,
        formatter: (/** @type {{ value: unknown }} */ { value }) =>
          times(Number(value)),
      },
      markLine: {
        silent: true,
        symbol: "none",
        label: { show: false },
        lineStyle: { color: INK, type: "solid", width: 1.5 },
        data: [{ xAxis: 1 }],
      },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
