import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { inject } from "vitest";
import { GRU, Linear, LSTM, Sequential, type Tensor } from "../../src/index.js";
import { type QueueWorker, startWorker } from "../../src/queue/work.js";
import { bundleQueueThread } from "../../tools/queue.mjs";
import { Program } from "../cli/program.js";
import { Random } from "../support/random.js";
import { type RedisServer } from "./redis.js";

export const options = { backend: "simd" } as const;

export const model = new Sequential([
  new LSTM({ inputSize: 2, hiddenSize: 12, seed: 1, ...options }),
  new Linear({ inputSize: 12, outputSize: 3, seed: 2, ...options }),
]);

export const last = new Sequential([
  new GRU({
    inputSize: 2,
    hiddenSize: 8,
    direction: "bidirectional",
    returnSequences: false,
    seed: 3,
    ...options,
  }),
]);

/** Sequences [T, 2], T from 3 to 5. */
export function sequences(count: number, seed = 1): Tensor[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, i) => {
    const steps = 3 + (i % 3);
    return { shape: [steps, 2], data: random.floats(2 * steps) };
  });
}

const script = join(inject("built"), `${process.pid}`, "queue", "thread.js");
let built: Promise<unknown> | undefined;

/** The thread's script, as the package has it; once for all files of tests that share this process. */
export async function threadScript(): Promise<URL> {
  await (built ??= bundleQueueThread(script));
  return pathToFileURL(script);
}

const workers: QueueWorker[] = [];

/** A worker in this process. */
export async function startHere(
  server: RedisServer,
  more: Partial<Parameters<typeof startWorker>[1]> = {},
): Promise<QueueWorker> {
  const worker = await startWorker(await threadScript(), {
    queue: { url: server.url, patience: 3000 },
    threads: 1,
    lockMs: 1000,
    ...more,
  });
  workers.push(worker);
  return worker;
}

export async function closeWorkers(): Promise<void> {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
}

/** The program in a folder, and processes of it that the tests end. */
export class Workers {
  readonly program = new Program();
  readonly #children: ChildProcess[] = [];

  async build(): Promise<void> {
    await this.program.build();
    await bundleQueueThread(
      join(dirname(this.program.file), "queue/thread.js"),
    );
    const packages = join(dirname(this.program.file), "node_modules");
    if (!existsSync(packages))
      symlinkSync(join(import.meta.dirname, "../../node_modules"), packages);
    writeFileSync(this.program.at("model.safetensors"), model.save());
  }

  /** Once it works. */
  async start(server: RedisServer, ...more: string[]): Promise<ChildProcess> {
    const args = ["work", server.url, "--threads", "1", "--lock", "1", ...more];
    const child = spawn(process.execPath, [this.program.file, ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#children.push(child);
    await once(child.stderr as NodeJS.ReadableStream, "data");
    return child;
  }

  remove(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    this.program.remove();
  }
}
