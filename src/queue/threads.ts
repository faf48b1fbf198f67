/*
 * The threads of a worker. Each has its next chunk at hand, and is started again if it dies.
 */
import { Worker } from "node:worker_threads";
import { unpackError } from "../messages.js";
import type { Chunk } from "./chunk.js";
import type { Request, Response } from "./thread.js";

/** The number of models that a thread keeps. */
const MAX_MODELS = 4;
/** The number of chunks that a thread has at a time: one that runs, and the next. */
const MAX_CHUNKS = 2;

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

  /** @throws what `runChunk` throws; Error if the thread dies or is closed meanwhile */
  run(model: Model, chunk: Chunk): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ model, chunk, resolve, reject });
      this.#dispatch();
    });
  }

  #dispatch(): void {
    for (;;) {
      const [freest] = [...this.#threads].sort((a, b) => a.jobs - b.jobs);
      if (!freest || freest.jobs >= MAX_CHUNKS) return;
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
  /** The hashes of its models, in the order of their last use. */
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
    const drop = [...this.#models].slice(0, -MAX_MODELS);
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
        // the model may not have been loaded
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
    const jobs = [...this.#jobs.values()];
    if (!jobs.some(({ model }) => model.hash === hash))
      this.#models.delete(hash);
  }

  #died(worker: Worker, got: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#models.clear();
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const { reject } of jobs)
      reject(new Error(`thread: expected an answer, got ${got}`));
    this.#onFree();
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker) this.#died(worker, "the end of the worker");
    await worker?.terminate();
  }
}
