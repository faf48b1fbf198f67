/**
 * How long do they remember? The adding problem (Hochreiter and Schmidhuber 1997): of a sequence of numbers two are marked,
 * and in the end their sum is asked for. A plain RNN, an LSTM and a GRU of 32 units learn it across 10, 50 and 200 steps.
 *
 *     npm run build && node examples/adding/adding.mjs             four minutes on one core
 *     node examples/adding/adding.mjs 10 50                        these lengths alone
 */
import asciichart from "asciichart";
import { GRU, Linear, LSTM, RNN, Sequential } from "gatewise";
import { initialize, Trainer } from "gatewise/train";

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

const asked = process.argv.slice(2).map(Number);
const lengths = asked.length ? asked : [10, 50, 200];
const colours = [asciichart.red, asciichart.blue, asciichart.green];
const coloured = process.stdout.isTTY && !process.env.NO_COLOR;
const rows = [];
for (const length of lengths) {
  seed = 1;
  const curves = Object.keys(LAYERS).map((name) => learn(name, length));
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
