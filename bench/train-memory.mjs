/**
 * Whether a long training stays in bounded memory: 10^5 steps of a small model by `fit`, here or in a worker, on batches
 * of changing lengths, with what the process holds on its way.
 *
 *     npm run build && node --expose-gc bench/train-memory.mjs [--worker] [--steps=100000]
 */
const { Memory } = WebAssembly;
/** @type {WebAssembly.Memory[]} */
const memories = [];
// before gatewise makes any
WebAssembly.Memory = class extends Memory {
  /** @param {WebAssembly.MemoryDescriptor} descriptor */
  constructor(descriptor) {
    super(descriptor);
    memories.push(this);
  }
};
const { GRU, Linear, Sequential } = await import("gatewise");
const { Trainer } = await import("gatewise/train");
const { hostLine } = await import("./lib/host.mjs");
const { table } = await import("./lib/text.mjs");

const option = (/** @type {string} */ name) =>
  process.argv.find((each) => each.startsWith(`--${name}=`))?.split("=")[1];
const STEPS = Number(option("steps") ?? 100_000);
const INPUT = 4;
const OUTPUT = 2;
const MOST = 20; // steps of a sequence

const numbers = Float32Array.from({ length: 8 * MOST * INPUT }, (_, i) =>
  Math.sin(i * i),
);

/** So many batches of 1 to 8 rows of 1 to MOST steps. */
function* batches() {
  for (let step = 0; step < STEPS; step++) {
    const rows = 1 + (step % 8);
    const steps = 1 + ((step * 7) % MOST);
    const data = (/** @type {number} */ size) =>
      numbers.slice(0, rows * steps * size);
    yield {
      input: { shape: [rows, steps, INPUT], data: data(INPUT) },
      target: { shape: [rows, steps, OUTPUT], data: data(OUTPUT) },
      lengths: Array.from({ length: rows }, (_, row) =>
        Math.max(1, steps - row),
      ),
    };
  }
}

const model = new Sequential([
  new GRU({ inputSize: INPUT, hiddenSize: 16, seed: 1 }),
  new Linear({ inputSize: 16, outputSize: OUTPUT, seed: 2 }),
]);
const options = /** @type {const} */ ({ loss: "mse" });
const remote = process.argv.includes("--worker");
const { createPool } = await import("gatewise/worker");
const pool = remote ? createPool({ workers: 1 }) : null;
const trainer = pool
  ? await pool.trainer(/** @type {any} */ (model), options) // declared by dist/, the model by src/
  : new Trainer(model, options);

console.log(hostLine());
console.log(
  `GRU ${INPUT} → 16, Linear ${OUTPUT}, ${remote ? "in a worker" : "here"}; MB\n`,
);
const row = table(
  ["step", "heap", "array buffers", "wasm", "rss"],
  [10, 10, 14, 10, 10],
);
const mb = (/** @type {number} */ bytes) => (bytes / 1e6).toFixed(2);
const at = [1e2, 1e3, 1e4, 1e5, 1e6].filter((step) => step <= STEPS);
for await (const progress of trainer.fit(batches, { epochs: 1 })) {
  if (progress.type !== "step" || !at.includes(progress.step)) continue;
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  const wasm = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  row([`${progress.step}`, ...[heapUsed, arrayBuffers, wasm, rss].map(mb)]);
}
pool?.close();
