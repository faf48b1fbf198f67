/**
 * Trains the sunspot LSTM of sunspots.mjs again, in JavaScript: what train.py says. The loss has two parts, and one of them
 * runs on the model's own outputs, so this is a loop of its own: `record` a window, then every month after it, and go
 * back through them all.
 *
 *     npm run build && node examples/sunspots/train.mjs [FILE]       writes the model to FILE, in a few minutes on one core
 */
import { readFileSync, writeFileSync } from "node:fs";
import { Linear, LSTM, Sequential } from "gatewise";
import { parse } from "gatewise/safetensors";
import { applyGradients, record } from "gatewise/train";

const SCALE = 100;
const VALIDATION = "1950-01"; // trained on what is before; chosen by what is between this
const UNSEEN = "1980-01"; // and this
const STEPS = 1400;
const BATCH = 32;
const RATE = 4e-3;
const ROLLOUT = 132; // months of a solar cycle

const read = (name) => readFileSync(new URL(name, import.meta.url));
const [, ...lines] = read("sunspots.csv").toString().trim().split("\n");
const months = lines.map((line) => line.split(",")[0]);
const series = Float32Array.from(
  lines,
  (line) => Number(line.split(",")[1]) / SCALE,
);
const validation = months.indexOf(VALIDATION);
const unseen = months.indexOf(UNSEEN);

/** Numbers from 0 to 1, the same in every run (Park and Miller). */
let seed = 11;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const between = (low, high) => low + Math.floor(random() * (high - low));

const layers = () => [
  new LSTM({ inputSize: 1, hiddenSize: 32, numLayers: 2, seed: 11 }),
  new Linear({ inputSize: 32, outputSize: 1, seed: 12 }),
];
const model = new Sequential(layers());

const lastOf = ({ shape: [batch, steps], data }) => ({
  shape: [batch, 1, 1],
  data: Float32Array.from(
    { length: batch },
    (_, row) => data[row * steps + steps - 1],
  ),
});

/** The months of windows [B, T, 1], and the tapes of `ahead` months after them, each output the next input. */
function continued(input, ahead) {
  const tapes = [record(model, input)];
  while (tapes.length < ahead) {
    const { output, state } = tapes.at(-1);
    tapes.push(record(model, lastOf(output), { state }));
  }
  return tapes;
}

/** Adds b to a, tensor by tensor. */
function add(a, b) {
  for (const name of Object.keys(b))
    b[name].data.forEach((value, i) => (a[name].data[i] += value));
  return a;
}

/** One step's loss and gradients. */
function gradientsOf(windows, window, ahead) {
  const cut = (from, to) => ({
    shape: [BATCH, to - from, 1],
    data: Float32Array.from(
      { length: BATCH * (to - from) },
      (_, i) => windows[Math.floor(i / (to - from))][from + (i % (to - from))],
    ),
  });
  const tapes = continued(cut(0, window), ahead);
  const { output: predictions } = tapes[0];
  const wanted = cut(1, window + 1).data;
  const after = cut(window, window + ahead).data;
  let loss = 0;
  /** dL/dy of the months after the window, (B, ahead): y of tape i is the input of tape i + 1. */
  const free = tapes.map(({ output }, i) =>
    Float32Array.from({ length: BATCH }, (_, row) => {
      const error = lastOf(output).data[row] - after[row * ahead + i];
      loss += error ** 2 / (BATCH * ahead);
      return (2 * error) / (BATCH * ahead);
    }),
  );
  let sum = null;
  let state;
  let input = null;
  for (let i = tapes.length - 1; i >= 0; i--) {
    const own = free[i];
    if (input) input.data.forEach((value, row) => (own[row] += value));
    const { shape } = tapes[i].output;
    const output = { shape, data: new Float32Array(BATCH * shape[1]) };
    own.forEach(
      (value, row) => (output.data[(row + 1) * shape[1] - 1] = value),
    );
    if (i === 0)
      predictions.data.forEach((y, at) => {
        const error = y - wanted[at];
        loss += (3 * error ** 2) / (BATCH * window);
        output.data[at] += (6 * error) / (BATCH * window);
      });
    const back = tapes[i].backward(
      { output, ...(state && { state }) },
      { input: i > 0, state: i > 0 },
    );
    sum = sum ? add(sum, back.parameters) : back.parameters;
    ({ state, input } = back);
  }
  return { loss, gradients: sum };
}

function clip(gradients, most) {
  let square = 0;
  for (const { data } of Object.values(gradients))
    for (const value of data) square += value * value;
  const factor = Math.min(1, most / (Math.sqrt(square) + 1e-6));
  for (const { data } of Object.values(gradients))
    data.forEach((value, i) => (data[i] = value * factor));
  return gradients;
}

const rmse = (a, b) =>
  SCALE *
  Math.sqrt(
    a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / a.length,
  );
const past = (end) => ({ shape: [end, 1], data: series.slice(0, end) });

/** RMSE one month ahead, and over a cycle on its own outputs from several starts. */
function validate() {
  const predictions = model.forward(past(unseen - 1)).output.data;
  const one = rmse(
    predictions.slice(validation - 1),
    series.slice(validation, unseen),
  );
  const errors = [];
  for (let at = validation; at + ROLLOUT <= unseen; at += 12) {
    const history = { shape: [600, 1], data: series.slice(at - 600, at) };
    const { data } = model.forecast(history, ROLLOUT);
    errors.push(rmse(data, series.slice(at, at + ROLLOUT)) ** 2);
  }
  const free = Math.sqrt(errors.reduce((a, b) => a + b) / errors.length);
  return { one, free };
}

/** From a tenth of the steps on half a cosine to 0. */
const rateAt = (step) =>
  RATE *
  (step < STEPS / 10
    ? (step + 1) / (STEPS / 10)
    : (1 + Math.cos((Math.PI * (step - STEPS / 10)) / (0.9 * STEPS))) / 2);

let best = Infinity;
let weights = null;
let moments = {};
const start = performance.now();
for (let step = 1; step <= STEPS; step++) {
  const window = between(60, 400);
  const ahead = Math.min(
    ROLLOUT,
    12 + Math.floor((step * 2 * ROLLOUT) / STEPS),
  );
  const windows = Array.from({ length: BATCH }, () => {
    const from = between(0, validation - window - ahead + 1);
    const scale = 0.5 + random(); // the strongest cycle came after 1950
    return series
      .slice(from, from + window + ahead)
      .map((value) => value * scale);
  });
  const { loss, gradients } = gradientsOf(windows, window, ahead);
  ({ moments } = applyGradients(
    model,
    clip(gradients, 0.5),
    { name: "adam", learningRate: rateAt(step - 1) },
    moments,
  ));
  if (step % 50) continue;
  const { one, free } = validate();
  const chosen = ahead === ROLLOUT && one + free < best;
  if (chosen) {
    best = one + free;
    weights = model.stateDict();
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  console.log(
    `step ${step}, ${seconds} s: loss ${loss.toFixed(4)}, validation RMSE ${one.toFixed(2)} one month ahead, ${free.toFixed(2)} running free${chosen ? " *" : ""}`,
  );
}
model.loadStateDict(weights);

const { metadata } = parse(read("sunspots.safetensors"));
const predictions = model.forward(past(series.length)).output.data;
const error = rmse(predictions.slice(unseen - 1, -1), series.slice(unseen));
console.log(
  `unseen months, ${UNSEEN} to ${months.at(-1)}: RMSE ${error.toFixed(2)}; PyTorch's weights: ${metadata.unseen_rmse}; repeating the last month: ${metadata.unseen_rmse_persistence}`,
);
const [, , file] = process.argv;
if (file)
  writeFileSync(
    file,
    model.save({
      scale: String(SCALE),
      unseen: `${UNSEEN}..`,
      unseen_rmse: error.toFixed(2),
      source: "gatewise, examples/sunspots/train.mjs",
    }),
  );
