/* Pools of the real thing: the worker's script as the package ships it to Node, in real threads. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll } from "vitest";
import { Linear, LSTM, Sequential } from "../../src/index.js";
import { createPool, type Pool } from "../../src/worker/index.js";
import { bundle } from "../../tools/bundle.mjs";

/** For the tests of one file: makes pools, which are closed behind it, and the workers that they are of. */
export function openPools() {
  const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
  const script = join(folder, "script.mjs");
  const create = () => new Worker(script);
  const pools: Pool[] = [];
  const open = (options: Partial<Parameters<typeof createPool>[0]>) => {
    const pool = createPool({ create, ...options });
    pools.push(pool);
    return pool;
  };
  beforeAll(() => bundle("src/worker/script-node.ts", script));
  afterAll(() => {
    for (const pool of pools) pool.close();
    rmSync(folder, { recursive: true });
  });
  return { create, open };
}

/** Large enough to be worth sharing out. */
export const large = () =>
  new Sequential([
    new LSTM({ inputSize: 3, hiddenSize: 64, numLayers: 2 }),
    new Linear({ inputSize: 64, outputSize: 2 }),
  ]);
