/** What a barrier of two threads takes: assembly/threads/team.ts with nothing between its barriers. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import asc from "assemblyscript/asc";

const CONTROL = 4096;
const MEETINGS = 20_000;
const ROUNDS = 200;

/** @param {WebAssembly.Module} module @param {WebAssembly.Memory} memory @param {number} thread */
function meetIn(module, memory, thread) {
  const words = new Int32Array(memory.buffer);
  const env = {
    memory,
    /** @param {number} at @param {number} value @param {number} ms */
    sleep: (at, value, ms) =>
      Atomics.wait(words, at >> 2, value, ms) === "timed-out",
    /** @param {number} at */
    wake: (at) => Atomics.notify(words, at >> 2),
  };
  const { exports } = new WebAssembly.Instance(module, { env });
  const kernel = /** @type {Record<string, (...numbers: number[]) => void>} */ (
    exports
  );
  kernel["join"]?.(CONTROL, thread, 2, 10_000);
  return /** @type {(times: number) => void} */ (kernel["meet"]);
}

async function compiled() {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), "gatewise-bench-"));
  const outFile = join(folder, "barrier.wasm");
  const { error, stderr } = await asc.main([
    join(root, "bench/threads/assembly/barrier.ts"),
    "--enable=simd,threads",
    "--runtime=stub",
    "--noAssert",
    "-O3",
    "--importMemory",
    "--noExportMemory",
    "--sharedMemory",
    "--maximumMemory=16",
    `--outFile=${outFile}`,
  ]);
  if (error) throw new Error(stderr.toString());
  const module = new WebAssembly.Module(readFileSync(outFile));
  rmSync(folder, { recursive: true });
  return module;
}

/** Milliseconds of one barrier: best and median. */
export async function barrierTime() {
  const module = await compiled();
  const memory = new WebAssembly.Memory({
    initial: 2,
    maximum: 16,
    shared: true,
  });
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { module, memory },
  });
  const meet = meetIn(module, memory, 0);
  const each = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    meet(MEETINGS);
    each.push((performance.now() - start) / MEETINGS);
  }
  await worker.terminate();
  each.sort((a, b) => a - b);
  return { best: Number(each[0]), median: Number(each[ROUNDS >> 1]) };
}

if (!isMainThread) {
  const meet = meetIn(workerData.module, workerData.memory, 1);
  for (let round = 0; round < ROUNDS; round++) meet(MEETINGS);
}
