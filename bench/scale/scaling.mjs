/**
 * node bench/scale/scaling.mjs [--rows 4000] [--steps 100] [--hidden 128] [--rounds 3]: rows a second through the local
 * pool and through the queue, each with one and with two workers of one thread, in turns; the best of each. The same
 * outputs from all four. Build first.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { Linear, LSTM, Sequential } from "../../dist/index.js";
import { score } from "../../dist/queue/index.js";
import { createPool } from "../../dist/worker/node.js";
import { end, startRedis, startWorker, url } from "./server.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "4000" },
    steps: { type: "string", default: "100" },
    hidden: { type: "string", default: "128" },
    rounds: { type: "string", default: "3" },
  },
});
const [count, steps, hidden, rounds] = [
  Number(values.rows),
  Number(values.steps),
  Number(values.hidden),
  Number(values.rounds),
];
const SIZE = 8;
/** Rows of a job. */
const CHUNK = 64;

const model = new Sequential([
  new LSTM({ inputSize: SIZE, hiddenSize: hidden, seed: 1, backend: "simd" }),
  new Linear({
    inputSize: hidden,
    outputSize: 1,
    seed: 2,
    backend: "simd",
  }),
]);
const rows = Array.from({ length: count }, (_, row) => ({
  shape: [steps, SIZE],
  data: Float32Array.from({ length: steps * SIZE }, (_, i) =>
    Math.sin(row + 0.1 * i),
  ),
}));

/** @param {() => AsyncIterable<{ data: Float32Array }>} outputs */
async function time(outputs) {
  const sum = createHash("sha256");
  const began = performance.now();
  for await (const { data } of outputs()) sum.update(data);
  const seconds = (performance.now() - began) / 1000;
  return { rate: count / seconds, hash: sum.digest("hex").slice(0, 16) };
}

/** @param {Awaited<ReturnType<ReturnType<typeof createPool>["load"]>>} remote */
async function* throughPool(remote) {
  const data = new Float32Array(count * steps * SIZE);
  rows.forEach((row, i) => data.set(row.data, i * row.data.length));
  const { output } = await remote.forward({
    shape: [count, steps, SIZE],
    data,
  });
  yield output;
}

const throughQueue = () => score(rows, { queue: url, model, rows: CHUNK });

/** @type {Record<string, { rate: number, hash: string }>} */
const best = {};
/** @param {string} name @param {() => AsyncIterable<{ data: Float32Array }>} outputs */
async function measure(name, outputs) {
  const found = await time(outputs);
  if (found.rate > (best[name]?.rate ?? 0)) best[name] = found;
}

try {
  await startRedis();
  const pools = [1, 2].map((workers) => createPool({ workers }));
  const remotes = await Promise.all(pools.map((pool) => pool.load(model)));
  for (const workers of [1, 2]) {
    await startWorker("--streams", "0");
    const remote = remotes[workers - 1];
    if (!remote) throw new Error("pool: expected one");
    // one more than is counted: what is compiled and loaded once
    for (let round = 0; round <= rounds; round++) {
      if (round === 1) {
        delete best[`pool ${workers}`];
        delete best[`queue ${workers}`];
      }
      await measure(`pool ${workers}`, () => throughPool(remote));
      await measure(`queue ${workers}`, throughQueue);
    }
  }
  for (const pool of pools) pool.close();
  for (const [name, { rate, hash }] of Object.entries(best))
    console.log(
      `${name.padEnd(8)} ${rate.toFixed(0).padStart(8)} rows/s, ${hash}`,
    );
  const rate = (/** @type {string} */ name) => best[name]?.rate ?? NaN;
  for (const way of ["pool", "queue"])
    console.log(
      `${way}: two for one ${(rate(`${way} 2`) / rate(`${way} 1`)).toFixed(2)} x`,
    );
  console.log(
    `queue for pool, one worker: ${(rate("queue 1") / rate("pool 1")).toFixed(2)} x`,
  );
} finally {
  await end();
}
process.exit();
