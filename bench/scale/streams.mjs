/**
 * node bench/scale/streams.mjs [--streams 1000] [--frames 1000] [--hosts 2] [--kill 1000]: live streams over processes of
 * which one is killed each so many ms (0: none). Counts what is lost, doubled and other than one process computes.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { Linear, LSTM, Sequential } from "../../dist/index.js";
import { openStreams } from "../../dist/queue/index.js";
import { end, killOne, startRedis, startWorker, url } from "./server.mjs";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000" },
    frames: { type: "string", default: "1000" },
    hosts: { type: "string", default: "2" },
    kill: { type: "string", default: "1000" },
    block: { type: "string", default: "10" },
  },
});
const count = Number(values.streams);
const length = Number(values.frames);
const hosts = Number(values.hosts);
const every = Number(values.kill);
const block = Number(values.block);
const options = { backend: /** @type {const} */ ("simd") };
const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 16, seed: 1, ...options }),
  new Linear({ inputSize: 16, outputSize: 1, seed: 2, ...options }),
]);

/** @param {number} stream */
function framesOf(stream) {
  let x = stream + 1;
  const next = () => (x = (x * 16807) % 2147483647) / 2147483647;
  return Float32Array.from({ length: 2 * length }, next);
}

/** @param {readonly Float32Array[]} outputs */
function hash(outputs) {
  const sum = createHash("sha256");
  for (const each of outputs) sum.update(new Uint8Array(each.buffer));
  return sum.digest("hex").slice(0, 16);
}

try {
  await startRedis();
  const work = ["--lease", "0.6", "--checkpoint", "100"];
  for (let i = 0; i < hosts; i++) await startWorker(...work);
  const streams = await openStreams({
    queue: { url, patience: 60_000 },
    model,
    limit: 200,
  });
  let [lost, doubled, worst, kills] = [0, 0, 0, 0];
  let done = false;
  const began = performance.now();
  const all = Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const stream = await streams.open(`s${i}`);
      const frames = framesOf(i);
      const outputs = new Float32Array(length);
      const reading = (async () => {
        let [at, before] = [0, performance.now()];
        for await (const { first, data } of stream.answers()) {
          const now = performance.now();
          if (at > 0) worst = Math.max(worst, now - before);
          before = now;
          if (first > at) lost += first - at;
          if (first < at) doubled += at - first;
          outputs.set(data, first);
          at = first + data.length;
          if (at >= length) return;
        }
      })();
      for (let at = 0; at < length; at += block)
        await stream.push(frames.subarray(2 * at, 2 * (at + block)));
      await reading;
      return outputs;
    }),
  ).finally(() => (done = true));
  while (every && !done) {
    await new Promise((resolve) => setTimeout(resolve, every));
    if (done) break;
    await killOne(...work);
    kills++;
  }
  const outputs = await all;
  const seconds = (performance.now() - began) / 1000;
  const expected = Array.from({ length: count }, (_, i) =>
    model.stream().run(framesOf(i)),
  );
  const [got, wanted] = [hash(outputs), hash(expected)];
  console.log(
    `${count} streams x ${length} frames, ${hosts} hosts: ${seconds.toFixed(1)} s, ${Math.round((count * length) / seconds)} frames/s, ${kills} kills; hash ${got} ${got === wanted ? "equal" : `OTHER than ${wanted}`}, lost ${lost}, doubled ${doubled}, worst gap ${Math.round(worst)} ms`,
  );
  await streams.close();
} finally {
  await end();
}
