/**
 * A training step (Adam, MSE, clipped) beside TensorFlow.js and PyTorch, one thread each, the best of many.
 *
 *     npm run build && (cd bench/peers && npm ci) && node bench/train.mjs [--quick]
 *
 * PyTorch runs if /usr/bin/python3 has it; Debian's is bound to netlib's BLAS unless libopenblas0-pthread is installed.
 */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { GRU, Linear, LSTM, Sequential } from "gatewise";
import { Trainer } from "gatewise/train";
import { table } from "./lib/text.mjs";

const quick = process.argv.includes("--quick");
const MS = quick ? 500 : 3000;
/** [cell, I, H, O, B, T] */
const CASES = /** @type {const} */ ([
  ["LSTM", 16, 64, 4, 32, 50],
  ["GRU", 16, 64, 4, 32, 50],
  ["LSTM", 1, 32, 1, 16, 256],
  ["LSTM", 64, 128, 64, 32, 50],
]);
const LAYERS = { LSTM, GRU };

/** @param {number} size */
const numbers = (size) =>
  Float32Array.from({ length: size }, () => 2 * Math.random() - 1);

/** @param {() => unknown} run @param {number} ms */
async function best(run, ms = MS) {
  let least = Infinity;
  await run();
  const start = performance.now();
  do {
    const before = performance.now();
    await run();
    least = Math.min(least, performance.now() - before);
  } while (performance.now() - start < ms);
  return least;
}

/** @param {(typeof CASES)[number]} shape */
async function ours([kind, I, H, O, B, T]) {
  const model = new Sequential([
    new LAYERS[kind]({ inputSize: I, hiddenSize: H }),
    new Linear({ inputSize: H, outputSize: O }),
  ]);
  const trainer = new Trainer(model, { loss: "mse" });
  const batch = {
    input: { shape: [B, T, I], data: numbers(B * T * I) },
    target: { shape: [B, T, O], data: numbers(B * T * O) },
  };
  return best(() => trainer.step(batch));
}

/** TensorFlow.js, of bench/peers; null where it is not installed. */
async function tensorflow() {
  const require = createRequire(new URL("peers/package.json", import.meta.url));
  try {
    const name = "@tensorflow/tfjs"; // by a variable: the types need no peers
    const tf = require(name);
    const wasm = require(`${name}-backend-wasm`);
    const folder = require.resolve(`${name}-backend-wasm/package.json`);
    wasm.setWasmPaths(folder.replace("package.json", "dist/"));
    wasm.setThreadsCount?.(1);
    return tf;
  } catch {
    return null;
  }
}

/** @param {any} tf @param {string} backend @param {(typeof CASES)[number]} shape */
async function theirs(tf, backend, [kind, I, H, O, B, T]) {
  if (!tf || !(await tf.setBackend(backend).catch(() => false))) return null;
  const model = tf.sequential();
  const options = { units: H, returnSequences: true, inputShape: [T, I] };
  model.add(kind === "LSTM" ? tf.layers.lstm(options) : tf.layers.gru(options));
  model.add(
    tf.layers.timeDistributed({ layer: tf.layers.dense({ units: O }) }),
  );
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "meanSquaredError" });
  const x = tf.tensor3d(numbers(B * T * I), [B, T, I]);
  const y = tf.tensor3d(numbers(B * T * O), [B, T, O]);
  try {
    return await best(() => model.trainOnBatch(x, y), MS / 2);
  } catch {
    return null;
  }
}

function pytorch() {
  const script = fileURLToPath(new URL("train.py", import.meta.url));
  const { status, stdout } = spawnSync(
    "/usr/bin/python3",
    [script, String(MS), JSON.stringify(CASES)],
    { encoding: "utf8" },
  );
  return status === 0 ? JSON.parse(stdout) : CASES.map(() => null);
}

const tf = await tensorflow();
const torch = pytorch();
/** @param {number | null} time */
const ms = (time) =>
  time === null ? "–" : `${time.toFixed(time < 10 ? 2 : 0)} ms`;
const row = table(
  [
    "one step, Adam, one thread",
    "gatewise",
    "PyTorch",
    "tfjs-wasm",
    "tfjs-cpu",
  ],
  [38, 10],
);
for (const [i, shape] of CASES.entries()) {
  const [kind, I, H, O, B, T] = shape;
  const own = await ours(shape);
  const wasm = await theirs(tf, "wasm", shape);
  const cpu = await theirs(tf, "cpu", shape);
  row([
    `${kind} ${I} → ${H}, Linear ${O}, B ${B}, T ${T}`,
    ...[own, torch[i], wasm, cpu].map(ms),
  ]);
}
