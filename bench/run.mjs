/**
 * npm run bench: every kind of layer on every backend beside plain JavaScript, sequences and single steps; then
 * cold start and sizes. `--quick` takes a few sizes and shorter looks (npm run bench -- --quick).
 *
 * The outputs are compared before anything is timed. A figure is the best of many samples: what the machine can
 * do when nobody else uses it; ratios are between best and best.
 */

import { GRU, LSTM, RNN } from "gatewise";
import { Bench, hrtimeNow } from "tinybench";
import { coldStart } from "./lib/cold.mjs";
import { agree, uniform } from "./lib/data.mjs";
import { availableBackends, hostLine } from "./lib/host.mjs";
import { sizes } from "./lib/sizes.mjs";
import { kB, table, time, times } from "./lib/text.mjs";
import * as plain from "./plain.mjs";

const quick = process.argv.includes("--quick");
const STEPS = 100;
const KINDS = [
  { name: "LSTM", Layer: LSTM, plain: plain.lstm },
  { name: "GRU", Layer: GRU, plain: plain.gru },
  { name: "RNN", Layer: RNN, plain: plain.rnn },
];
const SIZES = quick ? [64, 256] : [16, 64, 128, 256, 512];
const backends = availableBackends();
const columns = [...backends, "plain"];

/** @typedef {{ name: string, run: () => Float32Array }} Contender the first run of each starts from zeros */

/**
 * Milliseconds of one run of each contender, the best sample of each.
 *
 * @param {readonly Contender[]} contenders
 */
async function best(contenders) {
  /** @type {Map<string, number>} */
  const figures = new Map();
  // Several short looks: a neighbour on the machine spoils one, not all.
  for (let look = 0; look < (quick ? 2 : 3); look++) {
    const bench = new Bench({
      now: hrtimeNow,
      time: quick ? 30 : 80,
      iterations: 1,
      warmupTime: look ? 10 : 100,
      warmupIterations: 1,
      throws: true,
    });
    for (const { name, run } of contenders) bench.add(name, () => void run());
    for (const { name, result } of await bench.run()) {
      if (result.state !== "completed") continue;
      const before = figures.get(name) ?? Infinity;
      figures.set(name, Math.min(before, result.latency.min));
    }
  }
  return figures;
}

/**
 * Compares, times and prints one row.
 *
 * @param {(cells: readonly string[]) => void} row
 * @param {string} label
 * @param {readonly Contender[]} contenders
 * @param {number} calls how often a run does what the figure is about
 */
async function measure(row, label, contenders, calls) {
  const outputs = contenders.map(({ run }) => Float32Array.from(run()));
  const reference = /** @type {Float32Array} */ (outputs.at(-1));
  contenders.forEach(({ name }, index) =>
    agree(
      `${label}, ${name}`,
      /** @type {Float32Array} */ (outputs[index]),
      reference,
    ),
  );
  const figures = await best(contenders);
  const of = (/** @type {string} */ name) => (figures.get(name) ?? NaN) / calls;
  row([
    label,
    ...columns.map((name) => time(of(name))),
    ...backends.map((name) => times(of("plain") / of(name))),
  ]);
}

/** @param {string} title */
function section(title) {
  console.log(`\n${title}\n`);
  const ratios = backends.map((backend) => `plain / ${backend}`);
  return table(
    ["layer", ...columns, ...ratios],
    [17, ...columns.map(() => 8), ...ratios.map(() => 15)],
  );
}

/**
 * @param {(typeof KINDS)[number]} kind
 * @param {number} inputSize
 * @param {number} hiddenSize
 */
function layersOf({ Layer, plain }, inputSize, hiddenSize) {
  const options = { inputSize, hiddenSize };
  const weights = new Layer(options).stateDict();
  return {
    ours: backends.map((backend) => ({
      name: backend,
      layer: new Layer({ ...options, backend }),
    })),
    plain: plain({ ...options, weights }),
  };
}

/**
 * @param {(cells: readonly string[]) => void} row
 * @param {(typeof KINDS)[number]} kind
 * @param {number} size
 */
async function sequences(row, kind, size) {
  const input = { shape: [STEPS, size], data: uniform(STEPS * size) };
  const layers = layersOf(kind, size, size);
  const contenders = layers.ours.map(
    ({ name, layer }) =>
      /** @type {Contender} */ ({
        name,
        run: () => layer.forward(input).output.data,
      }),
  );
  contenders.push({
    name: "plain",
    run: () => layers.plain.sequence(input.data, STEPS),
  });
  await measure(row, `${kind.name} ${size} → ${size}`, contenders, 1);
}

/**
 * A step is shorter than the clock can see: a sample is as many as take some 50 µs.
 *
 * @param {(cells: readonly string[]) => void} row
 * @param {(typeof KINDS)[number]} kind
 * @param {number} inputSize
 * @param {number} hiddenSize
 */
async function steps(row, kind, inputSize, hiddenSize) {
  const calls = Math.max(2, Math.ceil(2 ** 20 / (hiddenSize + 16) ** 2 / 4));
  const frame = uniform(inputSize);
  const layers = layersOf(kind, inputSize, hiddenSize);
  const contenders = layers.ours.map(({ name, layer }) => {
    const stream = layer.stream();
    const out = new Float32Array(hiddenSize);
    const run = () => {
      for (let i = 0; i < calls; i++) stream.step(frame, out);
      return out;
    };
    return /** @type {Contender} */ ({ name, run });
  });
  const states = layers.plain.zeros();
  contenders.push({
    name: "plain",
    run: () => {
      for (let i = 0; i < calls; i++) layers.plain.step(frame, ...states);
      return /** @type {Float32Array} */ (states[0]);
    },
  });
  const label = `${kind.name} ${inputSize} → ${hiddenSize}`;
  await measure(row, label, contenders, calls);
}

console.log(hostLine());
if (!backends.includes("relaxed")) {
  console.log("relaxed: this Node has no relaxed SIMD (Node 21 and later do)");
}

let row = section(`Sequences of ${STEPS} steps: forward`);
for (const kind of KINDS)
  for (const size of SIZES) await sequences(row, kind, size);

row = section("Single steps: stream.step");
for (const kind of KINDS) {
  await steps(row, kind, 1, 20);
  for (const size of SIZES) await steps(row, kind, size, size);
}

const cold = coldStart(quick ? 7 : 15);
console.log(
  `\nCold start: ${time(cold.ours)} from process start to the first output of LSTM 1 → 20, beyond the ${time(cold.node)} that Node takes for itself\n`,
);

row = table(["size", "bytes", "gzipped"], [38, 9]);
for (const { name, bytes, gzipped } of await sizes()) {
  const label = name.endsWith(".wasm") ? name : `${name}, bundled, minified`;
  row([label, kB(bytes), kB(gzipped)]);
}
