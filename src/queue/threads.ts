/*
 * The threads of this machine, each of which has what it does next at hand, and is started again when it dies.
 */
import { Worker } from "node:worker_threads";
import { unpackError } from "../messages.js";
import type { Chunk } from "./chunk.js";
import type { Request, Response } from "./thread.js";

/** Models that a thread keeps. */
const MOST_MODELS = 4;
/** Chunks that a thread has at once: one that runs, one for it to go on with. */
const MOST_CHUNKS = 2;

export interface Model {
  readonly hash: string;
  readonly bytes: Uint8Array;
}

interface Job {
  readonly model: Model;
  readonly chunk: Chunk;
  resolve(answer: Uint8Array): void;
  reject(error: Error): void;
}

export class Threads {
  readonly #threads: Thread[];
  readonly #waiting: Job[] = [];

  /** @param script of thread.ts */
  constructor(script: URL, count: number) {
    this.#threads = Array.from(
      { length: count },
      () => new Thread(script, () => this.#dispatch()),
    );
  }

  /** @throws what `runChunk` throws; an Error where the thread dies of it, or is ended */
  run(model: Model, chunk: Chunk): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ model, chunk, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (;;) {
      const [freest] = [...this.#threads].sort((a, b) => a.jobs - b.jobs);
      if (!freest || freest.jobs >= MOST_CHUNKS) return;
      const job = this.#waiting.shift();
      if (!job) return;
      freest.start(job);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class Thread {
  readonly #script: URL;
  readonly #onFree: () => void;
  readonly #jobs = new Map<number, Job>();
  /** What it has loaded, the one used last in the end. */
  readonly #models = new Set<string>();
  #worker: Worker | null = null;
  #last = 0;

  constructor(script: URL, onFree: () => void) {
    this.#script = script;
    this.#onFree = onFree;
  }

  get jobs(): number {
    return this.#jobs.size;
  }

  start(job: Job): void {
    const worker = (this.#worker ??= this.#begin());
    const { hash, bytes } = job.model;
    const id = ++this.#last;
    this.#jobs.set(id, job);
    const known = this.#models.delete(hash);
    this.#models.add(hash);
    const drop = [...this.#models].slice(0, -MOST_MODELS);
    for (const gone of drop) this.#models.delete(gone);
    worker.postMessage({
      id,
      model: hash,
      bytes: known ? null : bytes,
      drop,
      chunk: job.chunk,
    } satisfies Request);
  }

  #begin(): Worker {
    const worker = new Worker(this.#script);
    worker.on("message", ({ id, answer, error }: Response) => {
      const job = this.#jobs.get(id);
      this.#jobs.delete(id);
      if (answer) job?.resolve(answer);
      else if (error) {
        // a model that does not load is not there
        if (job) this.#forget(job.model.hash);
        job?.reject(unpackError(error));
      }
      this.#onFree();
    });
    worker.on("error", (error) => this.#died(worker, String(error)));
    worker.on("exit", (code) => this.#died(worker, `its end with ${code}`));
    return worker;
  }

  #forget(hash: string): void {
    const others = [...this.#jobs.values()];
    if (!others.some(({ model }) => model.hash === hash))
      this.#models.delete(hash);
  }

  #died(worker: Worker, got: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#models.clear();
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { reject } of jobs)
      reject(new Error(`thread: expected it to run, got ${got}`));
    this.#onFree();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker) this.#died(worker, "the end of the worker");
    await worker?.terminate();
  }
}
