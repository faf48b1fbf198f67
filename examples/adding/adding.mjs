/**
 * How long do they remember? The adding problem (Hochreiter and Schmidhuber 1997): of a sequence of numbers two are marked,
 * and in the end their sum is asked for. A plain RNN, an LSTM and a GRU of 32 units learn it across 10, 50 and 200 steps.
 *
 *     npm run build && node examples/adding/adding.mjs             four minutes on one core
 *     node examples/adding/adding.mjs 10 50                        these lengths alone
 *     node examples/adding/adding.mjs --svg docs/adding.svg        and draws the errors, each against its steps
 */
import { writeFileSync } from "node:fs";
import asciichart from "asciichart";
import * as echarts from "echarts";
import { GRU, Linear, LSTM, RNN, Sequential } from "gatewise";
import { initialize, Trainer } from "gatewise/train";
import { toSVG } from "gatewise/vis";

const HIDDEN = 32;
const BATCH = 64;
const STEPS = 1500;
/** The error of who always says the mean, 1: Var(x + y) = 1 / 6. */
const BLIND = 1 / 6;
const LAYERS = { RNN, LSTM, GRU };

/** Numbers from 0 to 1, the same in every run (Park and Miller). */
let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;

/** [number, mark] at every step; one mark in each half. */
function batchOf(length) {
  const input = new Float32Array(BATCH * length * 2);
  const target = new Float32Array(BATCH);
  for (let row = 0; row < BATCH; row++) {
    const half = Math.floor(length / 2);
    const marks = [
      Math.floor(random() * half),
      half + Math.floor(random() * (length - half)),
    ];
    for (let t = 0; t < length; t++) {
      const at = (row * length + t) * 2;
      input[at] = random();
      if (!marks.includes(t)) continue;
      input[at + 1] = 1;
      target[row] += input[at];
    }
  }
  return {
    input: { shape: [BATCH, length, 2], data: input },
    target: { shape: [BATCH, 1], data: target },
  };
}

function learn(name, length) {
  const model = new Sequential([
    new LAYERS[name]({
      inputSize: 2,
      hiddenSize: HIDDEN,
      returnSequences: false,
    }),
    new Linear({ inputSize: HIDDEN, outputSize: 1 }),
  ]);
  initialize(model, { seed: 5 });
  const trainer = new Trainer(model, {
    loss: "mse",
    optimizer: { name: "adam", learningRate: 5e-3 },
    schedule: { name: "cosine", steps: STEPS },
  });
  const curve = [];
  let mean = BLIND;
  for (let step = 1; step <= STEPS; step++) {
    mean += 0.05 * (trainer.step(batchOf(length)).loss - mean);
    if (step % (STEPS / 50) === 0) curve.push(mean);
  }
  return curve;
}

const words = process.argv.slice(2);
const svg = words.includes("--svg")
  ? words.splice(words.indexOf("--svg"), 2)[1]
  : null;
const asked = words.map(Number);
const lengths = asked.length ? asked : [10, 50, 200];
const colours = [asciichart.red, asciichart.blue, asciichart.green];
const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const rows = [];
const drawn = [];
for (const length of lengths) {
  seed = 1;
  const curves = Object.keys(LAYERS).map((name) => learn(name, length));
  drawn.push(curves);
  rows.push([length, ...curves.map((curve) => curve.at(-1))]);
  console.log(
    `\nmean squared error over ${STEPS} steps, sequences of ${length} (RNN, LSTM, GRU)`,
  );
  console.log(
    asciichart.plot(curves, {
      height: 8,
      min: 0,
      max: 0.2,
      format: (value) => value.toFixed(3).padStart(7),
      colors: coloured ? colours : [],
    }),
  );
}
console.log(`\nat the end; ${BLIND.toFixed(4)} is who always says 1`);
console.log(
  ["steps", ...Object.keys(LAYERS)].map((text) => text.padStart(9)).join(""),
);
for (const [length, ...errors] of rows)
  console.log(
    [String(length), ...errors.map((error) => error.toFixed(5))]
      .map((text) => text.padStart(9))
      .join(""),
  );

/** Lines that colour-blind readers tell apart too (Okabe and Ito 2008). */
const LINES = ["#c2571a", "#3b6fb6", "#0b7a6f"];
const PANEL = { top: 76, width: 250, height: 190 };

/** A panel a length, in each the mean squared error of the three. */
function picture() {
  const each = (make) => lengths.map((length, panel) => make(length, panel));
  const left = (panel) => 62 + panel * 300;
  const text = (name, at, size, top) => ({
    text: name,
    left: at,
    top,
    textStyle: { fontSize: size, fontWeight: "normal", color: "#1f2a27" },
  });
  return {
    animation: false,
    backgroundColor: "#ffffff",
    textStyle: { fontFamily: "system-ui, sans-serif" },
    visualMap: [],
    title: [
      text("The adding problem: mean squared error", 56, 18, 10),
      ...each((length, panel) =>
        text(`${length} steps`, left(panel) - 6, 14, PANEL.top - 28),
      ),
    ],
    legend: {
      data: Object.keys(LAYERS),
      right: 40,
      top: 12,
      icon: "rect",
      itemHeight: 3,
    },
    grid: each((_, panel) => ({ ...PANEL, left: left(panel) })),
    xAxis: each((_, panel) => ({
      type: "value",
      gridIndex: panel,
      max: STEPS,
      interval: STEPS / 3,
      name: "steps of the optimiser",
      nameLocation: "middle",
      nameGap: 26,
      splitLine: { show: false },
    })),
    yAxis: each((_, panel) => ({
      type: "log",
      gridIndex: panel,
      min: 1e-4,
      max: 1,
      axisLabel: { show: !panel },
    })),
    series: each((_, panel) =>
      Object.keys(LAYERS).map((name, i) => ({
        name,
        type: "line",
        xAxisIndex: panel,
        yAxisIndex: panel,
        showSymbol: false,
        lineStyle: { width: 2, color: LINES[i] },
        itemStyle: { color: LINES[i] },
        data: drawn[panel][i].map((error, at, { length }) => [
          ((at + 1) * STEPS) / length,
          error,
        ]),
      })),
    ).flat(),
  };
}

if (svg) writeFileSync(svg, toSVG(echarts, picture()));
