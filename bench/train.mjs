/**
 * A training step (Adam, MSE, clipped) beside TensorFlow.js and PyTorch, one thread each, in turns, the best of many; and
 * the largest in one worker and two.
 *
 *     npm run build && (cd bench/peers && npm ci) && node bench/train.mjs [--quick] [--cpu]
 *
 * --cpu: by the time that the processor spent, where other work runs beside it; a step that is interrupted looks slower.
 *
 * PyTorch runs if /usr/bin/python3 has it; Debian's is bound to netlib's BLAS unless libopenblas0-pthread is installed.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { currentBackend, GRU, Linear, LSTM, Sequential } from "gatewise";
import { Trainer } from "gatewise/train";
import { createPool } from "gatewise/worker";
import { hostLine } from "./lib/host.mjs";
import { table, times } from "./lib/text.mjs";

const quick = process.argv.includes("--quick");
const MS = quick ? 200 : 700; // a turn
const ROUNDS = quick ? 2 : 4;
const cpu = process.argv.includes("--cpu");
/** Milliseconds: of the clock, or of the processor, ours of all threads. */
const clock = () => {
  if (!cpu) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
/** [cell, I, H, O, B, T] */
const CASES = /** @type {const} */ ([
  ["LSTM", 16, 64, 4, 32, 50],
  ["GRU", 16, 64, 4, 32, 50],
  ["LSTM", 1, 32, 1, 16, 256],
  ["LSTM", 64, 128, 64, 32, 50],
]);
/** @typedef {(typeof CASES)[number]} Case */
const LAYERS = { LSTM, GRU };

/** @param {number} size */
const numbers = (size) =>
  Float32Array.from({ length: size }, () => 2 * Math.random() - 1);

/**
 * The best of a contender's steps in so many milliseconds; null where it is not there.
 *
 * @typedef {(ms: number) => Promise<number | null>} Contender
 */

/** @param {() => unknown} run @returns {Contender} */
const timed = (run) => async (ms) => {
  let least = Infinity;
  const start = performance.now();
  do {
    const before = clock();
    await run();
    least = Math.min(least, clock() - before);
  } while (performance.now() - start < ms);
  return least;
};

/** @type {Contender} */
const absent = async () => null;

/** @param {Case} shape */
function modelAndBatch([kind, I, H, O, B, T]) {
  const model = new Sequential([
    new LAYERS[kind]({ inputSize: I, hiddenSize: H }),
    new Linear({ inputSize: H, outputSize: O }),
  ]);
  const batch = {
    input: { shape: [B, T, I], data: numbers(B * T * I) },
    target: { shape: [B, T, O], data: numbers(B * T * O) },
  };
  return { model, batch };
}

/** @param {Case} shape */
function ours(shape) {
  const { model, batch } = modelAndBatch(shape);
  const trainer = new Trainer(model, { loss: "mse" });
  return timed(() => trainer.step(batch));
}

/** @param {Case} shape @param {number} count */
async function inWorkers(shape, count) {
  const { model, batch } = modelAndBatch(shape);
  const pool = createPool({ workers: count });
  // declared by dist/, the model by src/
  const own = /** @type {any} */ (model);
  const trainer = await pool.trainer(own, { loss: "mse" });
  const contender = timed(() => trainer.step(batch));
  return { contender, close: () => pool.close() };
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

/** @param {any} tf @param {string} backend @param {Case} shape @returns {Promise<Contender>} */
async function theirs(tf, backend, [kind, I, H, O, B, T]) {
  if (!tf || !(await tf.setBackend(backend).catch(() => false))) return absent;
  const model = tf.sequential();
  const options = { units: H, returnSequences: true, inputShape: [T, I] };
  model.add(kind === "LSTM" ? tf.layers.lstm(options) : tf.layers.gru(options));
  model.add(
    tf.layers.timeDistributed({ layer: tf.layers.dense({ units: O }) }),
  );
  model.compile({ optimizer: tf.train.adam(1e-3), loss: "meanSquaredError" });
  const x = tf.tensor3d(numbers(B * T * I), [B, T, I]);
  const y = tf.tensor3d(numbers(B * T * O), [B, T, O]);
  const steps = timed(() => model.trainOnBatch(x, y));
  return async (ms) => {
    await tf.setBackend(backend);
    return steps(ms).catch(() => null);
  };
}

/** PyTorch in a process of its own, which waits between its turns. */
function pytorch() {
  const env = { ...process.env };
  // said for older processors: OpenBLAS itself knows which kernel suits this one
  delete env["OPENBLAS_CORETYPE"];
  delete env["OPENBLAS_L2_SIZE"];
  const script = fileURLToPath(new URL("train.py", import.meta.url));
  const python = spawn("/usr/bin/python3", [script, ...(cpu ? ["cpu"] : [])], {
    env,
    stdio: ["pipe", "pipe", "ignore"],
  });
  python.on("error", () => undefined);
  python.stdin.on("error", () => undefined);
  const lines = createInterface(python.stdout)[Symbol.asyncIterator]();
  return {
    /** @param {Case} shape @returns {Contender} */
    of: (shape) => async (ms) => {
      python.stdin.write(`${JSON.stringify([shape, ms])}\n`);
      const { done, value } = await lines.next();
      return done ? null : Number(value);
    },
    close: () => python.stdin.end(),
  };
}

/**
 * In turns, so that a machine that slows down slows them all.
 *
 * @param {readonly Contender[]} contenders
 */
async function bests(contenders) {
  /** @type {(number | null)[]} */
  const least = contenders.map(() => null);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, contender] of contenders.entries()) {
      const time = await contender(MS);
      if (time !== null) least[i] = Math.min(least[i] ?? Infinity, time);
    }
  return least;
}

/** @param {number | null | undefined} time */
const ms = (time) =>
  time == null ? "–" : `${time.toFixed(time < 10 ? 2 : 0)} ms`;
/** @param {number | null | undefined} time @param {number | null | undefined} own */
const ratio = (time, own) => (time && own ? times(time / own) : "–");

const tf = await tensorflow();
const torch = pytorch();
console.log(hostLine());
console.log(
  `Backend ${currentBackend()}; ×: how many times our time${cpu ? "; time of the processor" : ""}\n`,
);
const row = table(
  [
    "one step, Adam, one thread",
    "gatewise",
    "PyTorch",
    "",
    "tfjs-wasm",
    "",
    "tfjs-cpu",
    "",
  ],
  [38, 9, 9, 7],
);
for (const shape of CASES) {
  const [kind, I, H, O, B, T] = shape;
  const [own, ...others] = await bests([
    ours(shape),
    torch.of(shape),
    await theirs(tf, "wasm", shape),
    await theirs(tf, "cpu", shape),
  ]);
  row([
    `${kind} ${I} → ${H}, Linear ${O}, B ${B}, T ${T}`,
    ms(own),
    ...others.flatMap((time) => [ms(time), ratio(time, own)]),
  ]);
}
torch.close();

if (cpu) process.exit(); // two workers take more of it, not less
const last = CASES[3];
const workers = await Promise.all([1, 2].map((n) => inWorkers(last, n)));
const [here, one, two] = await bests([
  ours(last),
  ...workers.map(({ contender }) => contender),
]);
for (const { close } of workers) close();
console.log(
  `\nThe last, here ${ms(here)}, in one worker ${ms(one)}, in two ${ms(two)}: ${ratio(here, two)} as fast`,
);
