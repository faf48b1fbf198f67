/** The picture of bench:peers: how many times as long as gatewise each peer takes, all at their best. */

import * as echarts from "echarts";
import { times } from "./text.mjs";
import { isPlain, labelOf, PLAIN } from "./variants.mjs";

/** The layers in the picture, one of each sort. */
const SHOWN = [
  "LSTM 1 × 1, 1 → 20",
  "LSTM 1 × 1, 128 → 128",
  "LSTM 1 × 1, 512 → 512",
  "LSTM 1 × 100, 128 → 128",
  "LSTM 1 × 100, 512 → 512",
  "LSTM 1 × 100, 1024 → 1024",
  "LSTM 32 × 50, 64 → 128",
  "LSTM 128 × 28, 28 → 128",
  "GRU 1 × 100, 512 → 512",
  "GRU 32 × 50, 64 → 128",
  "RNN 1 × 100, 512 → 512",
];

/** gatewise itself, but in float32 on one thread. */
const OWN_PLAIN = "gatewise, float32, 1 thread";

const COLOURS = {
  "onnxruntime-node": "#8a8f98",
  "onnxruntime-web": "#2f6fde",
  "tfjs-wasm": "#e08a1e",
  "plain JS": "#c9a400",
  [OWN_PLAIN]: "#8fc9a3",
};

const INK = "#24292f";

/** @param {import("./variants.mjs").Variant} variant */
const way = (variant) => labelOf(variant) || "float32";

/**
 * @param {Shown} shown
 * @param {string} series
 * @returns {Best}
 */
function figureOf({ best, occasions }, series) {
  const ours = best["gatewise"]?.name ?? "";
  if (series !== OWN_PLAIN)
    return best[series] ?? { ...PLAIN, name: series, ratio: NaN };
  const ratios = occasions.map(
    (one) => (one["gatewise"]?.best ?? NaN) / (one[ours]?.best ?? NaN),
  );
  return { ...PLAIN, name: series, ratio: Math.min(...ratios) };
}

/**
 * @typedef {import("./variants.mjs").Variant & { name: string, ratio: number }} Best
 * @typedef {{ layer: string, best: Record<string, Best>, occasions: readonly import("./variants.mjs").Timings[] }} Shown
 *
 * @param {{ host: Record<string, string>, peers: Record<string, string>, backend: string, cases: readonly Shown[] }} results
 * @returns {string} SVG
 */
export function speedChart({ host, peers, backend, cases }) {
  const shown = cases.filter(({ layer }) => SHOWN.includes(layer));
  const chart = echarts.init(null, null, {
    renderer: "svg",
    ssr: true,
    width: 900,
    height: 190 + 88 * shown.length,
  });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif", color: INK },
    title: {
      text: "How many times as long as gatewise they take: longer bars are slower",
      subtext: `all at their best, of float32 and int8, one thread and two: what it was stands beside · same weights · batch × steps, inputs → units\nNode ${host.node} (gatewise: ${backend}) · onnxruntime ${peers["onnxruntime-web"]} · TensorFlow.js ${peers["@tensorflow/tfjs"]} · ${host.machine}, ${host.date}`,
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
    grid: { left: 232, right: 44, top: 130, bottom: 44 },
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
      data: shown.map(
        ({ layer, best }) =>
          `${layer}\ngatewise: ${way(best["gatewise"] ?? PLAIN)}`,
      ),
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { fontSize: 13, lineHeight: 18, color: INK },
    },
    series: Object.entries(COLOURS).map(([peer, color]) => ({
      name: peer,
      type: "bar",
      itemStyle: { color },
      barCategoryGap: "24%",
      // A bar ends where its figure stands: left of the line, whoever takes less time than gatewise.
      data: shown.map((one) => {
        const { ratio, ...variant } = figureOf(one, peer);
        const note =
          peer === OWN_PLAIN || isPlain(variant) ? "" : `, ${labelOf(variant)}`;
        return {
          value: ratio,
          label: {
            position: ratio < 1 ? "left" : "right",
            formatter: Number.isFinite(ratio) ? `${times(ratio)}${note}` : "",
          },
        };
      }),
      label: {
        show: true,
        fontSize: 12,
        color: INK,
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
