/**
 * npm run bench:limits: every kernel as a share of what this machine can do at most from WebAssembly, measured in
 * the same run, turn by turn: products (Linear over many rows, batches) of the multiply-add peak, single steps of
 * the bandwidth at which their weights can be read. Writes bench/results/limits-<Node's version>.json.
 *
 * `kernel` is the time loop and product alone, `call` what a user sees: with checks, copies in and copies out.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { GRU, Linear, LSTM, RNN } from "gatewise";
import { uniform } from "./lib/data.mjs";
import { availableBackends, host, hostLine } from "./lib/host.mjs";
import { kernelOf } from "./lib/kernel.mjs";
import { probe, PROBE_AT } from "./lib/probe.mjs";
import { digits, percent, table, time } from "./lib/text.mjs";
import { turns } from "./lib/turns.mjs";

const path = (/** @type {string} */ file) =>
  fileURLToPath(new URL(`../${file}`, import.meta.url));

/** The least shares to reach. */
const TARGETS = {
  relaxed: { product: 0.85, step: 0.8 },
  simd: { product: 0.7, step: 0.7 },
};

const ROUNDS = 20_000;

/** @param {"relaxed" | "simd"} target */
function limitsOf(target) {
  const { memory, exports } = probe("limits", "limits.ts", target, 512);
  new Float32Array(memory.buffer, PROBE_AT).fill(0.5);
  return /** @type {Record<"chains8" | "chains12" | "tile8" | "read", (at: number, count: number) => void>} */ (
    /** @type {unknown} */ (exports)
  );
}

const GATES = { LSTM: 4, GRU: 3, RNN: 1 };
const LAYERS = { LSTM, GRU, RNN };

/** @typedef {{ label: string, kind: "product" | "step" | "sequence", flops: number, bytes: number, layer: (backend: "relaxed" | "simd") => Linear | LSTM | GRU | RNN, rows: number, steps: number, inputSize: number }} Measured */

/** @type {Measured[]} */
const cases = [];
for (const [inputSize, outputSize] of /** @type {const} */ ([
  [64, 512],
  [128, 512],
  [256, 1024],
  [512, 2048],
])) {
  cases.push({
    label: `Linear 400 rows, ${inputSize} → ${outputSize}`,
    kind: "product",
    flops: 2 * 400 * inputSize * outputSize,
    bytes: 0,
    layer: () => new Linear({ inputSize, outputSize }),
    rows: 1,
    steps: 400,
    inputSize,
  });
}

/**
 * @param {keyof typeof LAYERS} name
 * @param {number} rows
 * @param {number} steps
 * @param {number} inputSize
 * @param {number} hiddenSize
 */
function recurrent(name, rows, steps, inputSize, hiddenSize) {
  const cells = GATES[name] * hiddenSize;
  const kind = rows > 1 ? "product" : steps > 1 ? "sequence" : "step";
  const products = kind === "sequence" ? inputSize : inputSize + hiddenSize;
  cases.push({
    label: `${name} ${rows} × ${steps}, ${inputSize} → ${hiddenSize}`,
    kind,
    flops: kind === "step" ? 0 : 2 * rows * steps * cells * products,
    bytes: 4 * cells * (kind === "step" ? inputSize + hiddenSize : hiddenSize),
    layer: (backend) => new LAYERS[name]({ inputSize, hiddenSize, backend }),
    rows,
    steps,
    inputSize,
  });
}
recurrent("LSTM", 32, 50, 64, 128);
recurrent("LSTM", 128, 28, 28, 128);
recurrent("GRU", 32, 50, 64, 128);
recurrent("RNN", 32, 50, 64, 128);
for (const size of [64, 128, 256, 512]) recurrent("LSTM", 1, 1, size, size);
for (const size of [128, 512]) recurrent("GRU", 1, 1, size, size);
for (const size of [128, 512]) recurrent("RNN", 1, 1, size, size);
for (const size of [64, 128, 256, 512]) recurrent("LSTM", 1, 100, size, size);
for (const size of [128, 512]) recurrent("GRU", 1, 100, size, size);
for (const size of [128, 512]) recurrent("RNN", 1, 100, size, size);

/**
 * @param {Measured} one
 * @param {"relaxed" | "simd"} backend
 */
function callOf({ layer, kind, rows, steps, inputSize }, backend) {
  const made = layer(backend);
  const data = uniform(rows * steps * inputSize);
  if (kind !== "step" || made instanceof Linear) {
    const input = { shape: [rows, steps, inputSize], data };
    return () => made.forward(input).output;
  }
  const stream = made.stream();
  return () => stream.step(data);
}

/** @param {"relaxed" | "simd"} backend */
async function measure(backend) {
  const { chains8, chains12, tile8, read } = limitsOf(backend);
  console.log(`\n${backend}\n`);
  const row = table(
    ["", "kernel", "limit", "share", "call", "share", "rate", "limit's"],
    [30, 9, 9, 7, 9, 7, 12, 12],
  );
  const results = [];
  for (const one of cases) {
    const { label, kind, flops, bytes, rows, steps } = one;
    const kernel = kernelOf(one.layer(backend), backend, rows, steps);
    const timings = await turns(
      [
        { name: "kernel", run: kernel },
        { name: "call", run: callOf(one, backend) },
        ...(flops
          ? [
              { name: "chains8", run: () => chains8(PROBE_AT, ROUNDS) },
              { name: "chains12", run: () => chains12(PROBE_AT, ROUNDS) },
              { name: "tile8", run: () => tile8(PROBE_AT, ROUNDS) },
            ]
          : []),
        ...(kind === "product"
          ? []
          : [{ name: "read", run: () => read(PROBE_AT, bytes) }]),
      ],
      { warmup: 60, share: 120 },
    );
    const best = (/** @type {string} */ name) =>
      timings[name]?.best ?? Infinity;
    // FLOP, and bytes, a millisecond
    const peak = Math.max(
      (8 * 8 * ROUNDS) / best("chains8"),
      (12 * 8 * ROUNDS) / best("chains12"),
      (8 * 8 * ROUNDS) / best("tile8"),
    );
    // A sequence reads its recurrent weights anew at every step.
    const limit =
      (flops ? flops / peak : 0) +
      (kind === "product" ? 0 : steps * best("read"));
    const share = limit / best("kernel");
    const callShare = limit / best("call");
    const least = kind === "sequence" ? 0 : TARGETS[backend][kind];
    const missed = share < least;
    /** @param {number} milliseconds */
    const rate = (milliseconds) =>
      kind === "step"
        ? `${digits(bytes / milliseconds / 1e6)} GB/s`
        : kind === "product"
          ? `${digits(flops / milliseconds / 1e6)} GFLOP/s`
          : "";
    row([
      label,
      time(best("kernel")),
      time(limit),
      `${percent(share)}${missed ? "*" : " "}`,
      time(best("call")),
      percent(callShare),
      rate(best("kernel")),
      rate(limit),
    ]);
    results.push({
      label,
      kind,
      share,
      callShare,
      target: least,
      missed,
      flops,
      bytes,
      limit,
      peak,
      timings,
    });
  }
  return results;
}

console.log(hostLine());
console.log(
  "Shares of the limit: at least 85 % (relaxed) or 70 % (simd) for products, 80 % or 70 % for steps; * marks what falls short. A sequence's limit is its projection at the peak and its recurrent weights at the bandwidth, one after the other.",
);
/** @type {Record<string, unknown>} */
const backends = {};
for (const backend of availableBackends())
  if (backend !== "js") backends[backend] = await measure(backend);
mkdirSync(path("bench/results"), { recursive: true });
writeFileSync(
  path(`bench/results/limits-${process.version}.json`),
  `${JSON.stringify({ host: host(), backends }, null, 1)}\n`,
);
