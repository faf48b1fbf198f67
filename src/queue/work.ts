/*
 * A worker: takes chunks from the queue, as many at once as it has threads and one to go on with, and puts the answers
 * where each says. BullMQ gives a chunk to another worker when this one dies over it.
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

/** Which queue a worker serves, and with what. */
export interface WorkOptions {
  queue: QueueAddress;
  /** Threads that compute; as many as there are cores by default. */
  threads?: number;
  /** Milliseconds after which another worker does what one had that died; 30 000 by default, at least 1000. */
  lockMs?: number;
  /** Is told of what does not end the worker: a server that is gone for a while, a chunk that failed. */
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
/** How often in all a chunk may be with a worker that dies: it is hardly the chunk's fault when machines are taken away. */
const MOST_STALLS = 100;

/** @internal Of the job, which no other attempt will do better. */
const ITS_FAULT = new Set(["TypeError", "RangeError", "FormatError"]);

/** A worker that runs. */
export class QueueWorker {
  readonly #end: () => Promise<void>;
  #ended: Promise<void> | null = null;

  /** @internal */
  constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  /** Ends what is under way, takes nothing more, and leaves. */
  close(): Promise<void> {
    return (this.#ended ??= this.#end());
  }
}

/**
 * @param script of thread.ts
 * @throws TypeError, RangeError that name the option; an Error that names a server that is not there
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
      if (!ITS_FAULT.has(name)) throw error;
      throw new bullmq.UnrecoverableError(reasonOf(error));
    }
  };

  const worker = new bullmq.Worker(name, work, {
    connection: redis,
    concurrency: count + 1,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    maxStalledCount: MOST_STALLS,
  });
  const rest = resting(worker);
  worker.on("error", (error) => {
    // of what follows at once, 200 times a second, once is enough
    if (rest(error))
      onError(connection.failure("a server that answers", error));
  });
  worker.on("failed", (job, error) =>
    onError(new Error(`${job?.id ?? "job"}: ${reasonOf(error)}`)),
  );
  return new QueueWorker(async () => {
    // a server that is gone would keep us
    const closed = worker.close().catch(() => undefined);
    await Promise.race([closed, whenGone(connection, lockMs)]);
    await threads.close();
    connection.close();
  });
}

/** What a server says that will say so for a while: it is full, cannot write to its disk, is a replica, or starts. */
const NOT_NOW = /^(OOM|MISCONF|READONLY|LOADING|BUSY) /;
const REST_MS = 1000;

/**
 * BullMQ asks again at once after such an answer: here the worker takes nothing for a second.
 *
 * @returns told an error, whether it is one of a worker that works
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

/** What is under way is then somebody else's. */
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
