/**
 * npm run bench:threads: one thread and two, on sequences, batches and single steps, and onnxruntime-node on one and two
 * where bench/peers has it installed. Outputs are compared before anything is timed: ours to the bit.
 *
 *      node bench/threads.mjs --filter="LSTM 512"   those alone
 *      node bench/threads.mjs --threads=4 --precision=int8-fast
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { GRU, LSTM, RNN } from "gatewise";
import { init } from "gatewise/threads";
import { uniform } from "./lib/data.mjs";
import { host } from "./lib/host.mjs";
import { digits, table, time } from "./lib/text.mjs";
import { turns } from "./lib/turns.mjs";
import { barrierTime } from "./threads/barrier.mjs";

const { values: options } = parseArgs({
  options: {
    filter: { type: "string", default: "" },
    threads: { type: "string", default: "2" },
    share: { type: "string", default: "700" },
    precision: { type: "string", default: "float32" },
  },
});
const count = Number(options.threads);

const LAYERS = { LSTM, GRU, RNN };

/**
 * @typedef {import("./lib/cases.mjs").Case} Case
 * @type {readonly (readonly [keyof typeof LAYERS, number, number, number, number])[]} kind, inputs, units, rows, steps
 */
const CASES = [
  ["LSTM", 64, 64, 1, 100],
  ["LSTM", 128, 128, 1, 100],
  ["LSTM", 256, 256, 1, 100],
  ["LSTM", 512, 512, 1, 100],
  ["LSTM", 1024, 1024, 1, 100],
  ["GRU", 512, 512, 1, 100],
  ["RNN", 512, 512, 1, 100],
  ["LSTM", 64, 128, 32, 50],
  ["LSTM", 28, 128, 128, 28],
  ["LSTM", 512, 512, 16, 20],
  ["LSTM", 256, 256, 1, 1],
  ["LSTM", 512, 512, 1, 1],
  ["LSTM", 1024, 1024, 1, 1],
];

const installed = existsSync(
  new URL("./peers/node_modules/onnxruntime-node", import.meta.url),
);
const ort = installed ? await import("./peers/onnxruntime.mjs") : null;

/** @param {Float32Array} values */
const hash = (values) =>
  createHash("sha256").update(values).digest("hex").slice(0, 12);

const chosen = CASES.map(([kind, inputSize, hiddenSize, batch, steps]) => ({
  label: `${kind} ${inputSize}→${hiddenSize} ${batch}×${steps}`,
  kind,
  inputSize,
  hiddenSize,
  batch,
  steps,
  input: uniform(batch * steps * inputSize),
})).filter(({ label }) => label.includes(options.filter));
if (!chosen.length)
  throw new Error(
    `--filter: expected a part of a layer's name, got ${options.filter}`,
  );

/** @param {typeof chosen[number]} layer */
function ours({ kind, inputSize, hiddenSize, batch, steps, input }) {
  const precision = /** @type {import("./lib/variants.mjs").Precision} */ (
    options.precision
  );
  const own = new LAYERS[kind]({ inputSize, hiddenSize, seed: 7, precision });
  const x = { shape: [batch, steps, inputSize], data: input };
  const run = () => own.forward(x).output.data;
  return { run, first: run(), weights: own.stateDict() };
}

const barrier = await barrierTime();
console.log(JSON.stringify(host()));
console.log(
  `a barrier of two threads: best ${time(barrier.best)}, median ${time(barrier.median)}; a flag from core to core: ${time(barrier.flag)}`,
);

const alone = chosen.map(ours);
const threads = await init({ threads: count });
if (threads.reason) throw new Error(threads.reason);
const shared = chosen.map(ours);

const peers = ort ? ["ort 1", `ort ${count}`, "gain"] : [];
const row = table(
  ["", "1 thread", `${threads.threads} threads`, "gain", "bits", ...peers],
  [24, 10],
);
for (const [index, layer] of chosen.entries()) {
  const one = /** @type {ReturnType<typeof ours>} */ (alone[index]);
  const many = /** @type {ReturnType<typeof ours>} */ (shared[index]);
  const same = hash(one.first) === hash(many.first);
  const native = [];
  for (const each of ort ? [1, count] : [])
    native.push({
      name: `ort ${each}`,
      ...(await /** @type {any} */ (ort).onnxruntimeNode(
        layer,
        one.weights,
        layer.input,
        each,
      )),
    });
  const timings = await turns(
    [{ name: "one", run: one.run }, { name: "many", run: many.run }, ...native],
    { warmup: 150, share: Number(options.share), least: 5 },
  );
  const best = (/** @type {string} */ name) =>
    /** @type {import("./lib/turns.mjs").Timing} */ (timings[name]).best;
  row([
    layer.label,
    time(best("one")),
    time(best("many")),
    `${digits(best("one") / best("many"))} ×`,
    same ? "equal" : "NOT EQUAL",
    ...(ort
      ? [
          time(best("ort 1")),
          time(best(`ort ${count}`)),
          `${digits(best("ort 1") / best(`ort ${count}`))} ×`,
        ]
      : []),
  ]);
  for (const peer of native) await peer.close();
  if (!same) process.exitCode = 1;
}
await threads.close();
// onnxruntime-node keeps handles open
process.exit();
