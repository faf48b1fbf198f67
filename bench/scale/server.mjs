/** A redis-server and processes of the program, for the measurements of this folder. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

export const folder = mkdtempSync(join(tmpdir(), "gatewise-scale-"));

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (
    server.address()
  );
  server.close();
  await once(server, "close");
  return port;
}

const port = await freePort();
export const url = `redis://127.0.0.1:${port}`;

/** @type {import("node:child_process").ChildProcess | null} */
let redis = null;

/** With its disk, so that it remembers. */
export async function startRedis() {
  const args = ["--port", `${port}`, "--dir", folder, "--save", ""];
  redis = spawn("redis-server", [...args, "--appendonly", "yes"], {
    stdio: "ignore",
  });
  const client = connect();
  await client.ping();
  client.disconnect();
}

export function connect() {
  const client = new Redis(url, {
    maxRetriesPerRequest: null,
    retryStrategy: () => 50,
  });
  client.on("error", () => undefined);
  return client;
}

/** @param {NodeJS.Signals} signal */
export async function stopRedis(signal = "SIGKILL") {
  const child = redis;
  redis = null;
  if (!child) return;
  child.kill(signal);
  await once(child, "exit");
}

/** @type {Set<import("node:child_process").ChildProcess>} */
const workers = new Set();

/** A process of `gatewise work`, once it works. @param {string[]} args */
export async function startWorker(...args) {
  const child = spawn(
    process.execPath,
    [cli, "work", url, "--threads", "1", ...args],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  workers.add(child);
  child.on("exit", () => workers.delete(child));
  await once(child.stderr, "data");
  return child;
}

/** One of them, killed, and another in its place. @param {string[]} args */
export async function killOne(...args) {
  const [...all] = workers;
  const one = all[Math.floor(Math.random() * all.length)];
  one?.kill("SIGKILL");
  await startWorker(...args);
}

export async function end() {
  for (const child of workers) child.kill("SIGKILL");
  await stopRedis();
  rmSync(folder, { recursive: true });
}
