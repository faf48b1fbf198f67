/**
 * npm start: the sunspot LSTM end to end. How well it predicts months it never saw, how it goes on after the last
 * one, how far its numbers are from PyTorch's, how long a step takes on each backend, and how a small one is trained here.
 */
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import asciichart from "asciichart";
import { currentBackend, Linear, LSTM, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";
import { initialize, Trainer } from "gatewise/train";
import { linear, lstm, stack } from "../bench/plain.mjs";

const read = (name) =>
  readFileSync(new URL(`sunspots/${name}`, import.meta.url));
const { tensors, metadata } = parse(read("sunspots.safetensors"));
const torch = parse(read("predictions.safetensors")).tensors;
const scale = Number(metadata.scale);
const [, ...lines] = read("sunspots.csv").toString().trim().split("\n");
const months = lines.map((line) => line.split(",")[0]);
const sunspots = lines.map((line) => Number(line.split(",")[1]));
const data = Float32Array.from(sunspots, (value) => value / scale);
const series = { shape: [data.length, 1], data }; // [T, I]

const createModel = (backend) =>
  new Sequential([
    LSTM.fromStateDict(tensors, { prefix: "0.", backend }),
    Linear.fromStateDict(tensors, { prefix: "1.", backend }),
  ]);

const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const heading = (text) =>
  console.log(coloured ? `\n\x1b[1m${text}\x1b[0m` : `\n${text}`);
const row = (label, ...cells) =>
  console.log(
    `  ${label.padEnd(30)}${cells.map((cell) => cell.padStart(17)).join("")}`.trimEnd(),
  );

/** Root of the mean squared error over the months never seen in training, in sunspot numbers. */
function errorOf(predict) {
  const first = months.indexOf(metadata.unseen.slice(0, 7));
  let sum = 0;
  for (let t = first; t < data.length; t++) sum += (predict(t) - data[t]) ** 2;
  return (scale * Math.sqrt(sum / (data.length - first))).toFixed(2);
}

const largestDifference = (a, b) =>
  a
    .reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)
    .toExponential(1);

/** The last 27 years and the forecast as one line, 8 months a column, with the years below. */
function chart(forecast) {
  const column = 8;
  const means = (values) =>
    Array.from({ length: Math.floor(values.length / column) }, (_, index) =>
      values
        .slice(index * column, (index + 1) * column)
        .reduce((sum, value) => sum + value / column, 0),
    );
  const measured = means(sunspots.slice(-40 * column));
  const whole = [...measured, ...means(forecast)];
  const plot = asciichart.plot([whole, measured], {
    min: 0,
    max: 200,
    height: 10,
    offset: 2,
    format: (value) => String(Math.round(value)).padStart(5),
    colors: coloured ? [asciichart.yellow, asciichart.default] : [],
  });
  const [year, month] = months
    .at(-40 * column)
    .split("-")
    .map(Number);
  let years = "";
  for (let decade = Math.ceil(year / 10) * 10; decade < 2035; decade += 10) {
    const away = ((decade - year) * 12 + 1 - month) / column;
    years = years.padEnd(4 + Math.round(away)) + decade; // its middle under January
  }
  const legend = `${"measured ┤".padStart(5 + measured.length)}├ forecast`;
  return [legend, ...plot.split("\n"), years]
    .map((line) => line.trimEnd())
    .join("\n");
}

/** How many months are timed at once. */
const TIMED = 500;

/** Microseconds a month, the best of many runs. */
function timed(run) {
  let best = Infinity;
  for (const start = performance.now(); performance.now() - start < 400;) {
    const before = performance.now();
    run();
    best = Math.min(best, performance.now() - before);
  }
  return (1000 * best) / TIMED;
}

/** [all months in one call, one call a month] */
function timesOf(sequence, step) {
  const frame = new Float32Array(1);
  const stepByStep = () => {
    for (let t = 0; t < TIMED; t++) {
      frame[0] = data[t];
      step(frame);
    }
  };
  return [timed(sequence), timed(stepByStep)];
}

function timesOfBackend(backend) {
  const model = createModel(backend);
  const input = { shape: [TIMED, 1], data: data.slice(0, TIMED) };
  try {
    model.forward(input);
  } catch (error) {
    if (error instanceof RangeError) return null; // not on this host
    throw error;
  }
  const stream = model.stream();
  return timesOf(
    () => model.forward(input),
    (frame) => stream.step(frame),
  );
}

function timesOfPlain() {
  const layers = { weights: tensors, prefix: "0.", hiddenSize: 32 };
  const model = stack([
    lstm({ ...layers, inputSize: 1, layer: 0 }),
    lstm({ ...layers, inputSize: 32, layer: 1 }),
    linear({ weights: tensors, prefix: "1.", inputSize: 32, outputSize: 1 }),
  ]);
  const input = data.slice(0, TIMED);
  const states = model.zeros();
  return timesOf(
    () => model.sequence(input, TIMED),
    (frame) => model.step(frame, ...states),
  );
}

const model = createModel("auto");
const predictions = model.forward(series).output.data; // each of the month after
const ahead = torch.forecast.data.length;
const forecast = model.forecast(series, ahead).data;

console.log(
  `The monthly sunspot numbers, ${months[0]} to ${months.at(-1)}, through an LSTM of two layers
of 32 units and a Linear, trained with PyTorch, on gatewise's ${currentBackend()} kernel.`,
);

heading("One month ahead, 1980 to 2013, never seen in training: RMSE");
const modelError = errorOf((t) => predictions[t - 1]);
const persistenceError = errorOf((t) => data[t - 1]);
row("the model", modelError);
row("persistence: the month before", persistenceError);

heading(`${ahead / 12} years ahead: each output is the next input`);
console.log(chart(forecast.map((value) => value * scale)));

heading("Largest difference from PyTorch's outputs, in their unit");
row("predictions", largestDifference(predictions, torch.predictions.data));
row("forecast", largestDifference(forecast, torch.forecast.data));

heading("Time per step, and how many times faster than plain JavaScript");
const plain = timesOfPlain();
row("", "500 months", "one month");
row("", "in one call", "in one call");
for (const backend of ["relaxed", "simd", "js"]) {
  const times = timesOfBackend(backend);
  const cells = times?.map((time, i) => {
    const ratio = (plain[i] / time).toFixed(1);
    return `${time.toFixed(2)} µs ${ratio.padStart(5)}×`;
  });
  row(backend, ...(cells ?? ["not on this host"]));
}
const plainCells = plain.map((time) => `${time.toFixed(2)} µs       `);
row("plain JavaScript, no library", ...plainCells);

heading(
  "A smaller one, trained here and now on the months before 1980: its loss",
);
const before1980 = months.indexOf(metadata.unseen.slice(0, 7));
const WINDOW = 120;
const windows = Array.from(
  { length: Math.floor((before1980 - WINDOW - 1) / 24) },
  (_, i) => ({
    input: { shape: [WINDOW, 1], data: data.slice(i * 24, i * 24 + WINDOW) },
    target: {
      shape: [WINDOW, 1],
      data: data.slice(i * 24 + 1, i * 24 + WINDOW + 1),
    },
  }),
);
const small = new Sequential([
  new LSTM({ inputSize: 1, hiddenSize: 16 }),
  new Linear({ inputSize: 16, outputSize: 1 }),
]);
initialize(small, { seed: 1 });
const losses = [];
const started = performance.now();
const fit = new Trainer(small, {
  loss: "mse",
  optimizer: { name: "adam", learningRate: 0.01 },
}).fit(windows, { epochs: 25, batchSize: 16 });
for await (const progress of fit)
  if (progress.type === "step") losses.push(progress.loss);
const seconds = (performance.now() - started) / 1000;
const perColumn = Math.ceil(losses.length / 60);
const columns = Array.from(
  { length: Math.floor(losses.length / perColumn) },
  (_, i) =>
    losses
      .slice(i * perColumn, (i + 1) * perColumn)
      .reduce((sum, loss) => sum + loss / perColumn, 0),
);
console.log(
  asciichart.plot(columns, {
    height: 8,
    min: 0,
    offset: 2,
    format: (value) => value.toFixed(2).padStart(5),
    colors: coloured ? [asciichart.yellow] : [],
  }),
);
const own = small.forward(series).output.data;
row(`${losses.length} steps`, `${seconds.toFixed(1)} s`);
row(
  "its RMSE, 1980 to 2013",
  errorOf((t) => own[t - 1]),
);
