/*
 * The client of the workers: puts chunks into the queue, and returns the answers in order.
 *
 * Only the answer's key in Redis counts. It is looked up when BullMQ reports the job as completed, or when nothing has
 * been heard for a while. A chunk is kept here until it is answered, so that one that the server lost can be put again;
 * if it runs twice, the answer is the same.
 */
import { randomUUID } from "node:crypto";
import type { Job, Queue, QueueEvents } from "bullmq";
import { positiveInteger, record, wrong } from "../checks.js";
import { modelBytes, type ModelSource } from "../messages.js";
import type { Tensor } from "../tensor.js";
import {
  type ChunkJob,
  inlineSize,
  rowsOf,
  toInline,
  unpackGroups,
} from "./chunk.js";
import { hashOf, putModel } from "./models.js";
import type { QueueAddress } from "./address.js";
import { Connection, sleep } from "./redis.js";
import { arraysOf, type Cut, type ScoreInput, type Source } from "./sources.js";

/** Options of `score`. */
export interface ScoreOptions {
  queue: QueueAddress;
  /** A model, or the bytes of any file that gatewise/load reads. */
  model: ModelSource;
  /** Rows per job; 256 by default. */
  rows?: number;
  /** How often a chunk is tried if the failure is not its fault; 5 by default. */
  attempts?: number;
  /** Removes the jobs that have not been started. The call rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Called with the progress, in rows, or in bytes of a file of lines; `total` is null if it is unknown. */
  onProgress?: (done: number, total: number | null) => void;
  /** Called once if rows have waited for 3 s and the queue has no worker. They go on waiting for one. */
  onIdle?: () => void;
}

export const SCORE_OPTIONS = {
  queue: 0,
  model: 0,
  rows: 0,
  attempts: 0,
  signal: 0,
  onProgress: 0,
  onIdle: 0,
} satisfies Record<keyof ScoreOptions, 0>;

const ROWS = 256;
const ATTEMPTS = 5;
/**
 * The limit in bytes for rows in the job itself; more are stored under a key of their own, as the bytes they are: base64 in
 * JSON costs all three processes more. At 205 kB a chunk two workers answer 5750 rows a second instead of 5330.
 */
const MAX_INLINE = 2 ** 14;
/** The limits for chunks in the queue: enough for the workers, and not too much for a small server. */
const MAX_CHUNKS = 128;
const MAX_BYTES = 2 ** 26;
/** Rows and answers that are not fetched expire after a day. */
const SECONDS = 24 * 3600;
/** How long nothing may be heard of a chunk before it is looked up. */
const LOOK_MS = 1000;
/** How long no answer may come before the workers are counted. */
const IDLE_MS = 3000;

/** A chunk and its answers, as lines or arrays like its rows. */
export interface Answered {
  readonly cut: Cut;
  readonly answer: Uint8Array;
}

/**
 * Scores sequences on the queue's workers. Each row is a sequence [T, I] by itself (tokens [T] for a model that begins with
 * an Embedding); the outputs come in the order of the rows.
 *
 *     for await (const output of score("rows.npz", { queue: "redis://localhost", model }))
 *
 * @param input an .npy or .npz file with rows along the first axis, a .jsonl file with a sequence per line, or an iterable
 *   of rows
 * @throws TypeError, RangeError naming the option; Error naming the row, or the server if it cannot be reached
 */
export async function* score(
  input: ScoreInput,
  options: ScoreOptions,
): AsyncGenerator<Tensor> {
  const checked = checkOptions(options);
  const source = await arraysOf(input, checked.rows);
  for await (const { answer } of scoreChunks(source, checked))
    for (const outputs of unpackGroups(answer)) yield* rowsOf(outputs);
}

export interface CheckedOptions {
  readonly queue: QueueAddress;
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly attempts: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ScoreOptions["onProgress"] | undefined;
  readonly onIdle: ScoreOptions["onIdle"] | undefined;
}

export function checkOptions(options: ScoreOptions): CheckedOptions {
  record(options, "options", SCORE_OPTIONS);
  const { queue, model, signal, onProgress, onIdle } = options;
  if (signal !== undefined && typeof signal?.throwIfAborted !== "function")
    throw wrong(false, "signal", "an AbortSignal", signal);
  if (onProgress !== undefined && typeof onProgress !== "function")
    throw wrong(false, "onProgress", "a function", onProgress);
  if (onIdle !== undefined && typeof onIdle !== "function")
    throw wrong(false, "onIdle", "a function", onIdle);
  return {
    queue,
    bytes: modelBytes(model),
    rows: positiveInteger(options.rows ?? ROWS, "rows"),
    attempts: positiveInteger(options.attempts ?? ATTEMPTS, "attempts"),
    signal,
    onProgress,
    onIdle,
  };
}

/** The chunks with their answers, in order. */
export async function* scoreChunks(
  source: Source,
  options: CheckedOptions,
): AsyncGenerator<Answered> {
  const { signal, onProgress } = options;
  signal?.throwIfAborted();
  const connection = await Connection.open(options.queue);
  const run = new Run(connection, options);
  const stop = () => run.fail(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await run.begin();
    const cuts = source.cuts[Symbol.asyncIterator]();
    let coming: Promise<IteratorResult<Cut>> | null = quiet(cuts.next());
    while (coming || run.size) {
      // answers need not wait for a slow input
      const input = coming && run.hasRoom ? coming : null;
      const answered = run.size ? run.answered() : null;
      const cut = await Promise.race([input, answered].filter(isThere));
      if (!cut) {
        const first = run.take();
        yield first;
        onProgress?.(first.cut.position, source.total);
      } else if (cut.done) coming = null;
      else {
        coming = quiet(cuts.next());
        await run.add(cut.value);
      }
    }
  } finally {
    signal?.removeEventListener("abort", stop);
    await run.end();
  }
}

/** Keeps a promise that is awaited later from being reported as unhandled. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

const isThere = <T>(value: T | null): value is T => value !== null;

interface Pending {
  readonly id: string;
  readonly cut: Cut;
  readonly key: string;
  since: number;
  answer: Uint8Array | null;
}

/** The chunks of one call that are in the queue. */
class Run {
  readonly #id = randomUUID();
  readonly #connection: Connection;
  readonly #options: CheckedOptions;
  readonly #model: string;
  readonly #queue: Queue;
  #events: QueueEvents | null = null;
  readonly #pending = new Map<string, Pending>();
  #count = 0;
  #bytes = 0;
  #failure: { readonly error: unknown } | null = null;
  #ended = false;
  #heardAt = Date.now();
  #idleReported = false;
  /** Called when an answer or a failure has come, for which `answered` waits. */
  readonly #wakes: (() => void)[] = [];

  constructor(connection: Connection, options: CheckedOptions) {
    const { bullmq, redis, name } = connection;
    this.#connection = connection;
    this.#options = options;
    this.#model = hashOf(options.bytes);
    this.#queue = new bullmq.Queue(name, { connection: redis });
    // the calls report errors of the server
    this.#queue.on("error", () => undefined);
  }

  get size(): number {
    return this.#pending.size;
  }

  get hasRoom(): boolean {
    return this.size < MAX_CHUNKS && this.#bytes < MAX_BYTES;
  }

  async begin(): Promise<void> {
    await putModel(this.#connection, this.#model, this.#options.bytes);
    this.#events = await this.#listen();
    void this.#look();
  }

  /** Listens from the last event on, so that none before the first read is missed. */
  async #listen(): Promise<QueueEvents> {
    const { bullmq, redis, name } = this.#connection;
    const key = this.#queue.toKey("events");
    const [last] = await this.#connection.call("events", () =>
      redis.xrevrange(key, "+", "-", "COUNT", 1),
    );
    const events = new bullmq.QueueEvents(name, {
      connection: redis,
      lastEventId: last?.[0] ?? "0-0",
    });
    events.on("error", () => undefined);
    events.on("completed", ({ jobId }) => void this.#fetch(jobId));
    events.on("failed", ({ jobId, failedReason }) =>
      this.#failed(jobId, failedReason),
    );
    return events;
  }

  async add(cut: Cut): Promise<void> {
    const id = `${this.#id}-${this.#count++}`;
    const key = this.#connection.key("answer", id);
    const pending = { id, cut, key, since: Date.now(), answer: null };
    this.#pending.set(id, pending);
    this.#bytes += cut.bytes.length;
    await this.#put(pending);
  }

  /** Puts a chunk into the queue. Putting it again does nothing while its job exists. */
  async #put({ id, cut, key }: Pending): Promise<void> {
    const { redis, key: keyOf } = this.#connection;
    const inline = inlineSize(cut) <= MAX_INLINE;
    const rowsKey = keyOf.call(this.#connection, "rows", id);
    const data: ChunkJob = {
      model: this.#model,
      backend: "simd",
      kind: cut.kind,
      first: cut.first,
      count: cut.count,
      rows: inline ? { inline: toInline(cut) } : { key: rowsKey },
      answer: { key, seconds: SECONDS },
    };
    await this.#connection.call("room for a job", async () => {
      if (this.#failure) return;
      if (!inline)
        await redis.set(rowsKey, Buffer.from(cut.bytes), "EX", SECONDS);
      await this.#queue.add("chunk", data, {
        jobId: id,
        attempts: this.#options.attempts,
        backoff: { type: "exponential", delay: 200 },
        removeOnComplete: true,
        removeOnFail: { age: 3600 },
      });
    });
  }

  /** Resolves when the first chunk has its answer. */
  async answered(): Promise<void> {
    const [first] = this.#pending.values();
    while (first && !first.answer) {
      if (this.#failure) throw this.#failure.error;
      await new Promise<void>((wake) => this.#wakes.push(wake));
    }
  }

  take(): Answered {
    const [first] = this.#pending.values();
    if (!first?.answer) throw new Error("run: expected an answer, got none");
    const { id, cut, key, answer } = first;
    this.#pending.delete(id);
    this.#bytes -= cut.bytes.length;
    const rows = this.#connection.key("rows", id);
    this.#connection.redis.unlink(key, rows).catch(() => undefined);
    return { cut, answer };
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake();
  }

  #failed(id: string, reason: string): void {
    const cut = this.#pending.get(id)?.cut;
    if (!cut) return;
    const what = cut.kind === "lines" ? "lines" : "rows";
    const last = cut.first + cut.count - 1;
    this.fail(new Error(`${what} ${cut.first} to ${last}: ${reason}`));
  }

  /** @returns whether the chunk is answered */
  async #fetch(id: string): Promise<boolean> {
    const pending = this.#pending.get(id);
    if (!pending || pending.answer) return true;
    const { redis } = this.#connection;
    const answer = await redis.getBuffer(pending.key).catch(() => null);
    if (!answer) return false;
    pending.answer = answer;
    pending.since = Date.now();
    this.#heardAt = pending.since;
    this.#wake();
    return true;
  }

  /** Looks up chunks of which nothing was heard: a server that restarts forgets its listeners, and perhaps jobs. */
  async #look(): Promise<void> {
    while (!this.#ended) {
      await sleep(LOOK_MS);
      try {
        const now = Date.now();
        const silent = [...this.#pending.values()].filter(
          ({ answer, since }) => !answer && now - since > LOOK_MS,
        );
        for (const each of silent) {
          if (this.#ended || this.#failure) break;
          each.since = now;
          await this.#lookAfter(each);
        }
        if (silent.length) await this.#lookForWorkers();
      } catch (error) {
        this.fail(error);
      }
    }
  }

  async #lookAfter(pending: Pending): Promise<void> {
    const { id } = pending;
    const job = await this.#connection.call(
      "an answer",
      (): Promise<Job | undefined> => this.#queue.getJob(id),
    );
    // the job may have ended meanwhile: its answer is stored before it is removed
    if (await this.#fetch(id)) return;
    if (job?.finishedOn && job.failedReason)
      return this.#failed(id, job.failedReason);
    if (job || this.#ended) return;
    await putModel(this.#connection, this.#model, this.#options.bytes);
    await this.#put(pending);
  }

  async #lookForWorkers(): Promise<void> {
    const { onIdle } = this.#options;
    if (!onIdle || this.#idleReported || Date.now() - this.#heardAt < IDLE_MS)
      return;
    // a server may refuse CLIENT LIST, by which BullMQ counts
    const count = await this.#queue.getWorkersCount().catch(() => null);
    if (count !== 0 || this.#ended) return;
    this.#idleReported = true;
    onIdle();
  }

  /** Removes the jobs that have not begun. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#failure ??= { error: new Error("run: ended") };
    const { redis } = this.#connection;
    if (redis.status === "ready" && this.size) {
      const left = [...this.#pending.values()];
      const removed = left.map(({ id, key }) =>
        Promise.all([
          this.#queue.remove(id),
          redis.unlink(key, this.#connection.key("rows", id)),
        ]),
      );
      await Promise.race([Promise.allSettled(removed), sleep(LOOK_MS)]);
    }
    const closed = [this.#events?.close(), this.#queue.close()];
    await Promise.race([Promise.allSettled(closed), sleep(LOOK_MS)]);
    this.#connection.close();
  }
}
