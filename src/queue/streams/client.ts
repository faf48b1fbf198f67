/*
 * The client of live streams: sends frames and reads answers.
 */
import { randomUUID } from "node:crypto";
import {
  isList,
  message,
  positiveInteger,
  record,
  wrong,
} from "../../checks.js";
import type { ModelSource } from "../../messages.js";
import { hashOf, putModel } from "../models.js";
import type { QueueAddress } from "../address.js";
import { Connection, sleep } from "../redis.js";
import {
  type Block,
  blockOf,
  bytesOf,
  type Entry,
  floatsOf,
} from "./resident.js";
import { LiveModel, type LiveSettings } from "./live-model.js";
import { Scripts } from "./scripts.js";
import { Wake } from "./wake.js";

/** Options of `openStreams`. */
export interface StreamsOptions extends LiveSettings {
  queue: QueueAddress;
  /** A Sequential that answers every step, a Graph with states, or the bytes of either's `save`. */
  model: ModelSource;
  /** How many frames of a stream may be sent without their answers being read: then `push` waits. 1000 by default. */
  limit?: number;
}

const KNOWN = {
  queue: 0,
  model: 0,
  limit: 0,
  inputs: 0,
  states: 0,
  frame: 0,
} satisfies Record<keyof StreamsOptions, 0>;

const LIMIT = 1000;
const MAX_HEARD = 256;
const LONGEST_WAIT = 250;
/** The shortest and longest pause while `push` waits for room. */
const ROOM_MS = 10;
const LONGEST_ROOM_MS = 200;

/** Consecutive answers. */
export interface StreamAnswers {
  /** The number of the first frame answered, from 0. */
  readonly first: number;
  /** [n, O], row by row. */
  readonly data: Float32Array;
}

/** Streams of one model, which run on the queue's hosts. */
export class Streams {
  /** The size of a frame. */
  readonly inputSize: number;
  /** The size of an answer. */
  readonly outputSize: number;
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #hash: string;
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly #id = randomUUID();
  readonly #wake: Wake;
  readonly #open = new Map<string, LiveStream>();
  /** Streams that are being opened. */
  readonly #opening = new Map<string, Promise<LiveStream>>();
  #lost = false;
  #closed = false;

  private constructor(
    connection: Connection,
    bytes: Uint8Array,
    { inputSize, outputSize }: LiveModel,
    limit: number,
  ) {
    this.inputSize = inputSize;
    this.outputSize = outputSize;
    this.#connection = connection;
    this.#bytes = bytes;
    this.#hash = hashOf(bytes);
    this.#limit = limit;
    const prefix = connection.key("");
    this.#scripts = new Scripts(connection.redis, prefix);
    this.#wake = new Wake(connection, [`${prefix}c:${this.#id}`], LONGEST_WAIT);
    connection.redis.on("close", () => (this.#lost = true));
    void this.#hear();
  }

  /** @internal */
  static async open(options: StreamsOptions): Promise<Streams> {
    record(options, "options", KNOWN);
    const { queue, model: source, limit = LIMIT, ...settings } = options;
    positiveInteger(limit, "limit");
    const bytes = await LiveModel.file(source, settings);
    const model = await LiveModel.load(bytes);
    const connection = await Connection.open(queue);
    try {
      await putModel(connection, hashOf(bytes), bytes);
    } catch (error) {
      connection.close();
      throw error;
    }
    return new Streams(connection, bytes, model, limit);
  }

  /**
   * Opens a stream by name: a new one, or one that exists already, which continues where it is. Answers that have not been
   * read go to the client that opened it last.
   *
   * @throws TypeError, RangeError for the name; RangeError if the stream has another model
   */
  async open(id: string): Promise<LiveStream> {
    if (typeof id !== "string" || !/^[^:{}\s]{1,200}$/.test(id))
      throw wrong(
        typeof id === "string",
        "id",
        "a name without colons, braces and spaces",
        id,
      );
    const found = this.#open.get(id) ?? this.#opening.get(id);
    if (found) return found;
    const opening = this.#openNew(id);
    this.#opening.set(id, opening);
    try {
      return await opening;
    } finally {
      this.#opening.delete(id);
    }
  }

  async #openNew(id: string): Promise<LiveStream> {
    await putModel(this.#connection, this.#hash, this.#bytes);
    const answer = await this.#connection.call("a stream", () =>
      this.#scripts.run("open", id, this.#hash, 4 * this.inputSize, this.#id),
    );
    if (!Array.isArray(answer)) {
      const expected = `a stream of model ${this.#hash.slice(0, 12)}…`;
      const got = `one of ${String(answer).slice(0, 12)}…`;
      throw new RangeError(message(`stream ${id}`, expected, got));
    }
    const [next, acked] = answer as [number, number];
    const stream = new LiveStream(
      { id, inputSize: this.inputSize, limit: this.#limit, next, acked },
      this.#connection,
      this.#scripts,
      () => this.#open.delete(id),
    );
    this.#open.set(id, stream);
    stream.look();
    return stream;
  }

  /** Makes the streams that have answers fetch them. */
  async #hear(): Promise<void> {
    while (!this.#closed) {
      try {
        if (this.#lost) {
          this.#lost = false;
          for (const each of this.#open.values()) each.look();
        }
        const ids = (await this.#scripts.run(
          "hear",
          this.#id,
          MAX_HEARD,
        )) as string[];
        for (const id of ids) this.#open.get(id)?.look();
        if (!ids.length) await this.#wake.wait();
      } catch {
        this.#lost = true;
        await sleep(LONGEST_WAIT);
      }
    }
  }

  /** Closes the connection. The streams stay with their hosts, which still run the frames that were sent. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#open.values()) each.end();
    this.#wake.close();
    this.#connection.close();
  }
}

interface StreamStart {
  readonly id: string;
  readonly inputSize: number;
  readonly limit: number;
  readonly next: number;
  readonly acked: number;
}

/** One sequence, to which frames are sent and whose answers are read. */
export class LiveStream {
  readonly id: string;
  readonly #inputSize: number;
  readonly #limit: number;
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #forget: () => void;
  #position: number;
  /** The numbers of answers that were fetched, that `answers` has returned, and that Redis knows to be read. */
  #fetched: number;
  #given: number;
  #acked: number;
  /** The last block that was fetched, for XRANGE. */
  #last = "-";
  readonly #blocks: Block[] = [];
  #failure: Error | null = null;
  #ended = false;
  #looking = false;
  #again = false;
  #wake: () => void = () => undefined;
  /** The last push, which the next one waits for. */
  #lastPush: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    { id, inputSize, limit, next, acked }: StreamStart,
    connection: Connection,
    scripts: Scripts,
    forget: () => void,
  ) {
    this.id = id;
    this.#inputSize = inputSize;
    this.#limit = limit;
    this.#position = next;
    this.#fetched = acked;
    this.#given = acked;
    this.#acked = acked;
    this.#connection = connection;
    this.#scripts = scripts;
    this.#forget = forget;
  }

  /** The number of frames in Redis: the next frame to send. */
  get position(): number {
    return this.#position;
  }

  /**
   * Sends frames, after those before. When the promise resolves, they are in Redis exactly once. Waits while the answers
   * of `limit` frames have not been read.
   *
   * @param frames n·I numbers
   * @throws TypeError, RangeError naming the argument; Error if the stream was removed or closed, or the server is away
   */
  async push(frames: ArrayLike<number>): Promise<void> {
    if (!isList(frames))
      throw wrong(false, "frames", "a list of numbers", frames);
    const count = frames.length / this.#inputSize;
    if (!Number.isInteger(count) || count < 1) {
      const expected = `n · ${this.#inputSize} numbers, n at least 1`;
      throw new RangeError(message("frames", expected, `${frames.length}`));
    }
    for (let i = 0; i < frames.length; i++)
      if (typeof frames[i] !== "number")
        throw wrong(false, `frames[${i}]`, "a number", frames[i]);
    const floats = Float32Array.from(frames);
    const pushed = this.#lastPush.then(async () => {
      const size = this.#limit * this.#inputSize;
      for (let at = 0; at < floats.length; at += size)
        await this.#push(floats.subarray(at, at + size));
    });
    this.#lastPush = pushed.catch(() => undefined);
    return pushed;
  }

  async #push(frames: Float32Array): Promise<void> {
    const first = this.#position;
    for (let pause = ROOM_MS; ; pause = Math.min(2 * pause, LONGEST_ROOM_MS)) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) throw new Error(`stream ${this.id}: closed`);
      const [result, next] = (await this.#connection.call(
        "room for frames",
        () =>
          this.#scripts.run(
            "push",
            this.id,
            first,
            bytesOf(frames),
            this.#limit,
          ),
      )) as [number, number | string];
      if (result >= 0) {
        this.#position = result;
        return;
      }
      const name = `stream ${this.id}`;
      if (result === -1)
        throw new Error(message(name, "a stream in Redis", "none"));
      if (result === -2)
        throw new Error(message(name, `frame ${next}`, `frame ${first}`));
      if (result === -4) throw new Error(`${name}: ${next}`);
      await sleep(pause);
    }
  }

  /**
   * The answers in order, each once, in blocks as they come. A block counts as read when the next one is requested; the
   * client that opens the stream next gets the unread ones again. Ends when the stream is closed.
   */
  async *answers(): AsyncGenerator<StreamAnswers> {
    for (;;) {
      // acknowledges several blocks at once if there are several
      const unread = this.#given - this.#acked;
      if (unread && (!this.#blocks.length || 2 * unread >= this.#limit))
        await this.#acknowledge(this.#given);
      const block = this.#blocks.shift();
      if (block) {
        this.#given = block.first + block.count;
        yield { first: block.first, data: floatsOf(block.data) };
      } else if (this.#failure) throw this.#failure;
      else if (this.#ended) return;
      else await new Promise<void>((wake) => (this.#wake = wake));
    }
  }

  async #acknowledge(read: number): Promise<void> {
    if (this.#ended) return;
    await this.#connection.call("answers to be acknowledged", () =>
      this.#scripts.run("ack", this.id, read),
    );
    this.#acked = read;
  }

  /** Fetches new answers. @internal */
  look(): void {
    this.#again = true;
    if (!this.#looking) void this.#fetch();
  }

  async #fetch(): Promise<void> {
    this.#looking = true;
    try {
      while (this.#again && !this.#ended) {
        this.#again = false;
        await this.#connection.call("answers", () => this.#fetchOnce());
      }
    } catch (error) {
      this.#failure ??= error as Error;
    } finally {
      this.#looking = false;
      this.#wake();
    }
  }

  async #fetchOnce(): Promise<void> {
    const { redis } = this.#connection;
    const key = this.#connection.key("s", this.id);
    const [entries, error] = await Promise.all([
      redis.xrangeBuffer(`${key}:out`, this.#last, "+"),
      redis.hget(key, "error"),
    ]);
    for (const entry of entries as Entry[]) {
      const block = blockOf(entry);
      this.#last = `(${String(entry[0])}`;
      const skip = this.#fetched - block.first;
      if (skip >= block.count) continue;
      const size = block.data.length / block.count;
      const rest =
        skip > 0
          ? {
              ...block,
              first: this.#fetched,
              count: block.count - skip,
              data: block.data.subarray(skip * size),
            }
          : block;
      this.#fetched = rest.first + rest.count;
      this.#blocks.push(rest);
    }
    if (error) this.#failure = new Error(`stream ${this.id}: ${error}`);
    this.#wake();
  }

  /** Removes the stream from Redis, with the answers that were not read. */
  async remove(): Promise<void> {
    this.#forget();
    this.end();
    await this.#connection.call("the stream's end", () =>
      this.#scripts.run("remove", this.id),
    );
  }

  /** @internal */
  end(): void {
    this.#ended = true;
    this.#wake();
  }
}
