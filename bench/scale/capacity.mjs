/**
 * node bench/scale/capacity.mjs: what a block of frames costs the client, Redis and a host, what a stream takes in
 * memory, what the simulation makes of that for 8 hosts on this machine, and how far from a real run of 8 that is; then
 * what it says of more machines. Build first.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Linear, LSTM, Sequential } from "../../dist/index.js";
import { openStreams } from "../../dist/queue/index.js";
import { connect, end, startRedis, startWorker, url } from "./server.mjs";
import { simulate } from "./simulate.mjs";

const STREAMS = 200;
const BLOCK = 10;
const BLOCKS = 60;
const options = { backend: /** @type {const} */ ("simd") };
const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 64, seed: 1, ...options }),
  new Linear({ inputSize: 64, outputSize: 1, seed: 2, ...options }),
]);
const cores = availableParallelism();
/** @type {Float32Array} */
const frames = new Float32Array(2 * BLOCK).fill(0.5);

/** @param {number} pid @returns {number} ms of CPU */
function cpuOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1];
  const [user = 0, system = 0] = (fields ?? "")
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return 10 * (user + system);
}

/** @param {import("ioredis").Redis} redis @returns {Promise<number>} ms */
async function cpuOfRedis(redis) {
  const text = await redis.info("cpu");
  const of = (/** @type {string} */ name) =>
    Number(new RegExp(`${name}:([\\d.]+)`).exec(text)?.[1]);
  return 1000 * (of("used_cpu_user") + of("used_cpu_sys"));
}

/** @param {import("node:child_process").ChildProcess[]} hosts @param {string} name */
async function run(hosts, name) {
  const redis = connect();
  const streams = await openStreams({ queue: url, model, limit: 10 * BLOCK });
  const all = await Promise.all(
    Array.from({ length: STREAMS }, (_, i) => streams.open(`${name}${i}`)),
  );
  const cpu = async () => {
    const { user, system } = process.cpuUsage();
    return {
      client: (user + system) / 1000,
      redis: await cpuOfRedis(redis),
      host: hosts.reduce((sum, { pid = 0 }) => sum + cpuOf(pid), 0),
    };
  };
  const go = async (/** @type {number} */ blocks) =>
    Promise.all(
      all.map(async (stream) => {
        const reading = (async () => {
          let at = 0;
          for await (const { data } of stream.answers())
            if ((at += data.length) >= blocks * BLOCK) return;
        })();
        for (let i = 0; i < blocks; i++) await stream.push(frames);
        await reading;
      }),
    );
  await go(10);
  const before = await cpu();
  const began = performance.now();
  await go(BLOCKS);
  const seconds = (performance.now() - began) / 1000;
  const after = await cpu();
  const blocks = STREAMS * BLOCKS;
  const each = (/** @type {"client" | "redis" | "host"} */ kind) =>
    (1000 * (after[kind] - before[kind])) / blocks;
  const bytes = await Promise.all(
    ["", ":in", ":out"].map((part) =>
      redis.memory("USAGE", `gatewise:{gatewise}:s:${name}0${part}`),
    ),
  );
  await streams.close();
  redis.disconnect();
  return {
    blocksPerSecond: blocks / seconds,
    costs: { client: each("client"), redis: each("redis"), host: each("host") },
    bytes: bytes.map(Number),
  };
}

function stepCosts() {
  const stream = model.stream();
  const count = 20_000;
  for (let i = 0; i < count; i++) stream.run(frames);
  const began = performance.now();
  for (let i = 0; i < count; i++) stream.run(frames);
  const block = (1000 * (performance.now() - began)) / count;
  const before = process.memoryUsage();
  const streams = Array.from({ length: 20_000 }, () => model.stream());
  const after = process.memoryUsage();
  const resident = (after.rss - before.rss) / streams.length;
  for (const each of streams) each.dispose();
  return { block, resident };
}

const us = (/** @type {number} */ value) => `${value.toFixed(0)} us`;
const text = (/** @type {import("./simulate.mjs").Costs} */ costs) =>
  `client ${us(costs.client)}, redis ${us(costs.redis)}, host ${us(costs.host)}`;

try {
  const { block, resident } = stepCosts();
  console.log(
    `kernel: ${block.toFixed(1)} us a block of ${BLOCK} frames, ${Math.round((1e6 * BLOCK) / block)} frames/s a core; ${Math.round(resident)} bytes a resident stream`,
  );
  await startRedis();
  const one = [await startWorker()];
  const calibrated = await run(one, "a");
  console.log(
    `1 host: ${Math.round(calibrated.blocksPerSecond)} blocks/s; a block costs ${text(calibrated.costs)}; in Redis ${calibrated.bytes.join(" + ")} bytes a stream (state, frames, answers)`,
  );
  const plan = { cores, streams: STREAMS, window: 10 };
  const expected = simulate(calibrated.costs, { ...plan, hosts: 8 });
  while (one.length < 8) one.push(await startWorker());
  const real = await run(one, "b");
  const off = expected.blocksPerSecond / real.blocksPerSecond - 1;
  console.log(
    `8 hosts: ${Math.round(real.blocksPerSecond)} blocks/s, simulated ${Math.round(expected.blocksPerSecond)} (${off >= 0 ? "+" : ""}${(100 * off).toFixed(0)} %); a block costs ${text(real.costs)}`,
  );
  for (const [hosts, clients, servers, streams] of /** @type {const} */ ([
    [1, 4, 1, 1000],
    [8, 8, 1, 10_000],
    [32, 32, 1, 100_000],
    [256, 256, 10, 1_000_000],
  ])) {
    const most = simulate(calibrated.costs, {
      hosts,
      clients,
      servers,
      streams,
      window: 10,
      cores: hosts + clients + servers,
    });
    console.log(
      `${streams} streams, ${servers} Redis, ${hosts} host cores: ${Math.round(most.blocksPerSecond)} blocks/s, ${(most.blocksPerSecond / streams).toFixed(2)} a stream; busy: redis ${(100 * most.busy.redis).toFixed(0)} %, hosts ${(100 * most.busy.host).toFixed(0)} %`,
    );
  }
} finally {
  await end();
}
