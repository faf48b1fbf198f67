/**
 * node bench/scale/score.mjs [--rows 200000] [--kill]: rows a second in this process, and with 1 and 2 workers over Redis.
 * --kill: two workers, one of which is killed each second, and the server is killed and started again (AOF on); the
 * output is compared with that of `gatewise run`. Build first.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Linear, LSTM, Sequential } from "../../dist/index.js";
import {
  end,
  folder,
  killOne,
  startRedis,
  startWorker,
  stopRedis,
  url,
} from "./server.mjs";

const { values } = parseArgs({
  options: {
    rows: { type: "string", default: "100000" },
    kill: { type: "boolean", default: false },
    steps: { type: "string", default: "20" },
    hidden: { type: "string", default: "64" },
  },
});
const rows = Number(values.rows);
const STEPS = Number(values.steps);
const hidden = Number(values.hidden);
const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
const at = (/** @type {string} */ name) => join(folder, name);

const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: hidden, seed: 1 }),
  new Linear({ inputSize: hidden, outputSize: 1, seed: 2 }),
]);
writeFileSync(at("model.safetensors"), model.save());

/** @param {string[]} args */
async function program(...args) {
  const began = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { stdio: "inherit" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${args[0]}: code ${code}`);
  return (performance.now() - began) / 1000;
}

/** @param {string} name */
async function hash(name) {
  const sum = createHash("sha256");
  for await (const chunk of createReadStream(at(name))) sum.update(chunk);
  return sum.digest("hex").slice(0, 16);
}

/** @param {string} name @param {number} rows */
async function writeRows(name, rows) {
  const file = createWriteStream(at(name));
  let x = 1;
  const next = () => ((x = (x * 16807) % 2147483647) / 2147483647).toFixed(4);
  for (let row = 0; row < rows; row++) {
    const steps = Array.from({ length: STEPS }, () => `[${next()},${next()}]`);
    if (!file.write(`[${steps.join(",")}]\n`)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

const score = (input = "rows.jsonl") =>
  program(
    "score",
    at("model.safetensors"),
    at(input),
    at("out.jsonl"),
    "--redis",
    url,
    "--quiet",
  );

try {
  await writeRows("rows.jsonl", rows);
  await writeRows("some.jsonl", 5000);
  await startRedis();
  const local = await program(
    "run",
    at("model.safetensors"),
    at("rows.jsonl"),
    at("local.jsonl"),
    "--backend",
    "simd",
    "--quiet",
  );
  const expected = await hash("local.jsonl");
  console.log(`one process: ${Math.round(rows / local)} rows/s, ${expected}`);
  const times = [];
  const worker = ["--lock", "2", "--streams", "0"];
  for (const workers of values.kill ? [2] : [1, 2]) {
    await startWorker(...worker);
    if (values.kill) await startWorker(...worker);
    // what is compiled and loaded once is not counted
    if (!values.kill) await score("some.jsonl");
    let done = false;
    const scored = score().finally(() => (done = true));
    let kills = 0;
    while (values.kill && !done) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      if (done) break;
      await killOne(...worker);
      if (++kills === 3) {
        await stopRedis();
        await startRedis();
      }
    }
    const time = await scored;
    times.push(time);
    const same = (await hash("out.jsonl")) === expected;
    const what = values.kill ? `, ${kills} kills and a restart` : "";
    console.log(
      `${workers} workers: ${Math.round(rows / time)} rows/s${what}, output ${same ? "equal" : "OTHER"}`,
    );
  }
  const [one, two] = times;
  if (one && two) console.log(`two for one: ${(one / two).toFixed(2)} x`);
} finally {
  await end();
}
