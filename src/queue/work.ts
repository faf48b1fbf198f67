/*
 * A worker: takes chunks from the queue, one more at a time than it has threads, and stores the answers. If it dies, BullMQ
 * gives its chunks to another worker.
 */
import type { Worker } from "bullmq";
import { availableParallelism } from "node:os";
import { positiveInteger, record, wrong } from "../checks.js";
import { reasonOf } from "../errors.js";
import { checkJob, type ChunkJob, fromInline } from "./chunk.js";
import { metrics } from "./metrics.js";
import { Models } from "./models.js";
import type { QueueAddress } from "./address.js";
import { Connection } from "./redis.js";
import { Threads } from "./threads.js";

/** Options of `work`. */
export interface WorkOptions {
  queue: QueueAddress;
  /** The number of threads; by default the number of cores. */
  threads?: number;
  /** Milliseconds after which another worker gets the chunks of one that died; 30 000 by default, at least 1000. */
  lockMs?: number;
  /** Called with errors that do not end the worker: a server that is away for a while, or a chunk that failed. */
  onError?: (error: Error) => void;
}

const KNOWN = {
  queue: 0,
  threads: 0,
  lockMs: 0,
  onError: 0,
} satisfies Record<keyof WorkOptions, 0>;

const LOCK_MS = 30_000;
const SHORTEST_LOCK = 1000;
/** How often a chunk may be with a worker that dies. It is hardly the chunk's fault if machines are taken away. */
const MAX_STALLS = 100;

/** The names of errors that are the job's fault: another attempt would fail as well. */
const FINAL_ERRORS = new Set(["TypeError", "RangeError", "FormatError"]);

/** A running worker. */
export class QueueWorker {
  readonly #end: () => Promise<void>;
  #ended: Promise<void> | null = null;

  /** @internal */
  constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  /** Accepts no more chunks, and resolves when the current ones are done. */
  close(): Promise<void> {
    return (this.#ended ??= this.#end());
  }
}

/**
 * @param script of thread.ts
 * @throws TypeError, RangeError naming the option; Error naming the server if it cannot be reached
 */
export async function startWorker(
  script: URL,
  options: WorkOptions,
): Promise<QueueWorker> {
  record(options, "options", KNOWN);
  const { onError = () => undefined } = options;
  if (typeof onError !== "function")
    throw wrong(false, "onError", "a function", onError);
  const count = positiveInteger(
    options.threads ?? availableParallelism(),
    "threads",
  );
  const lockMs = positiveInteger(options.lockMs ?? LOCK_MS, "lockMs");
  if (lockMs < SHORTEST_LOCK)
    throw wrong(true, "lockMs", `at least ${SHORTEST_LOCK}`, lockMs);
  const connection = await Connection.open(options.queue);
  const { bullmq, name, redis } = connection;
  const threads = new Threads(script, count);
  const models = new Models(connection);
  const measured = await metrics();

  const work = async ({ data }: { data: unknown }): Promise<void> => {
    const began = performance.now();
    try {
      const job = checkJob(data);
      const bytes = await models.get(job.model);
      const { kind, first, count } = job;
      const rows = await rowsIn(connection, job);
      const answer = await threads.run(
        { hash: job.model, bytes },
        { kind, first, count, bytes: rows },
      );
      const { key, seconds } = job.answer;
      await connection.call("room for an answer", () =>
        redis.set(key, Buffer.from(answer), "EX", seconds),
      );
      measured.chunk(count, performance.now() - began);
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      if (!FINAL_ERRORS.has(name)) throw error;
      throw new bullmq.UnrecoverableError(reasonOf(error));
    }
  };

  const worker = new bullmq.Worker(name, work, {
    connection: redis,
    concurrency: count + 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: MAX_STALLS,
  });
  const rest = resting(worker);
  worker.on("error", (error) => {
    // the same error may come 200 times a second: reports it once
    if (rest(error))
      onError(connection.failure("a server that answers", error));
  });
  worker.on("failed", (job, error) =>
    onError(new Error(`${job?.id ?? "job"}: ${reasonOf(error)}`)),
  );
  return new QueueWorker(async () => {
    // does not wait for a server that is away
    const closed = worker.close().catch(() => undefined);
    await Promise.race([closed, whenGone(connection, lockMs)]);
    await threads.close();
    connection.close();
  });
}

/** Errors of a server that will last for a while: it is full, cannot write to its disk, is a replica, or is starting. */
const NOT_NOW = /^(OOM|MISCONF|READONLY|LOADING|BUSY) /;
const REST_MS = 1000;

/**
 * After such an error BullMQ would ask again at once; this pauses the worker for a second.
 *
 * @returns a function that is given each error, and returns whether to report it
 */
function resting(worker: Worker): (error: Error) => boolean {
  let rests = false;
  return ({ message }) => {
    if (rests) return false;
    if (!NOT_NOW.test(message)) return true;
    rests = true;
    worker.pause(true).catch(() => undefined);
    setTimeout(() => {
      rests = false;
      if (!worker.closing) worker.resume();
    }, REST_MS).unref();
    return true;
  };
}

/** Resolves if the server is away for `lockMs`: the current chunks then go to another worker. */
async function whenGone({ redis }: Connection, lockMs: number): Promise<void> {
  const { promise, resolve } = deferred();
  const timer = setInterval(() => {
    if (redis.status !== "ready") resolve();
  }, lockMs);
  timer.unref();
  await promise;
  clearInterval(timer);
}

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

async function rowsIn(
  connection: Connection,
  { kind, rows }: ChunkJob,
): Promise<Uint8Array> {
  if ("inline" in rows) return fromInline(kind, rows.inline);
  const bytes = await connection.call("rows", () =>
    connection.redis.getBuffer(rows.key),
  );
  if (bytes) return bytes;
  throw new Error("rows: expected them in Redis, got none");
}
