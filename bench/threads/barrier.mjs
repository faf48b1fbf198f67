/**
 * What a barrier of two threads takes: assembly/threads/team.ts with nothing between its barriers; and how long a flag
 * alone is on its way from core to core.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import asc from "assemblyscript/asc";

const CONTROL = 4096;
const MEETINGS = 20_000;
const ROUNDS = 200;
/** Where the flags of the two threads lie, in lines of their own, behind what the team uses. */
const FLAGS = /** @type {const} */ ([65536, 65536 + 256]);

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
  const flags = thread ? [...FLAGS].reverse() : FLAGS;
  return {
    /** @param {number} times */
    meet: (times) => kernel["meet"]?.(times),
    /** @param {number} times */
    pass: (times) => {
      words.fill(0, FLAGS[0] / 4, FLAGS[0] / 4 + 128);
      // both flags are 0 when either thread begins
      kernel["meet"]?.(1);
      kernel["pass"]?.(...flags, times, thread ? 0 : 1);
      kernel["meet"]?.(1);
    },
  };
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

/** Milliseconds of one barrier: best and median; and of a flag's way, the best. */
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
  const { meet, pass } = meetIn(module, memory, 0);
  const each = [];
  let flag = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    meet(MEETINGS);
    const end = performance.now();
    each.push((end - start) / MEETINGS);
    pass(MEETINGS);
    flag = Math.min(flag, (performance.now() - end) / MEETINGS / 2);
  }
  await worker.terminate();
  each.sort((a, b) => a - b);
  return { best: Number(each[0]), median: Number(each[ROUNDS >> 1]), flag };
}

if (!isMainThread) {
  const { meet, pass } = meetIn(workerData.module, workerData.memory, 1);
  for (let round = 0; round < ROUNDS; round++) {
    meet(MEETINGS);
    pass(MEETINGS);
  }
}
