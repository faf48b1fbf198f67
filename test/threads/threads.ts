import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll } from "vitest";
import { init, type Threads, type ThreadsOptions } from "gatewise/threads";
import { bundle } from "../../tools/bundle.mjs";

/** Threads on the script as the package ships it to Node; what is open is closed when the file's tests have run. */
export function realThreads(): (options: ThreadsOptions) => Promise<Threads> {
  const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
  const script = join(folder, "script.mjs");
  const create = () => new Worker(script);
  const open: Threads[] = [];
  beforeAll(() => bundle("src/threads/script-node.ts", script));
  afterAll(async () => {
    for (const threads of open) await threads.close();
    rmSync(folder, { recursive: true });
  });
  return async (options) => {
    const threads = await init({ create, split: "always", ...options });
    open.push(threads);
    return threads;
  };
}
