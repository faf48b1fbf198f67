/*
 * Who has frames, and wants their answers.
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

/** The model that streams run, and the queue through which its hosts are reached. */
export interface StreamsOptions extends LiveSettings {
  queue: QueueAddress;
  /** A Sequential that answers every step, a Graph with states, or the bytes that either's `save` wrote. */
  model: ModelSource;
  /** Frames of a stream that may be out, sent and their answers not read: `push` waits for room. 1000 by default. */
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
const MOST_HEARD = 256;
const LONGEST_WAIT = 250;
/** Between two looks whether there is room. */
const ROOM_MS = 10;
const LONGEST_ROOM_MS = 200;

/** Answers that follow each other. */
export interface StreamAnswers {
  /** Number of the frame that the first of them answers, from 0. */
  readonly first: number;
  /** [n, O], row by row. */
  readonly data: Float32Array;
}

/** Streams over one model, which live with whatever hosts there are. */
export class Streams {
  /** Numbers of a frame. */
  readonly inputSize: number;
  /** Numbers of an answer. */
  readonly outputSize: number;
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #hash: string;
  readonly #bytes: Uint8Array;
  readonly #limit: number;
  readonly #id = randomUUID();
  readonly #wake: Wake;
  readonly #open = new Map<string, LiveStream>();
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
    await putModel(connection, hashOf(bytes), bytes);
    return new Streams(connection, bytes, model, limit);
  }

  /**
   * A stream by its name: a new one, or one that is there already, which goes on where it is. Answers that nobody has
   * read go to whoever opened it last.
   *
   * @throws RangeError for a stream of another model
   */
  async open(id: string): Promise<LiveStream> {
    if (typeof id !== "string" || !/^[^:{}\s]{1,200}$/.test(id))
      throw wrong(
        typeof id === "string",
        "id",
        "a name without colons, braces and spaces",
        id,
      );
    const found = this.#open.get(id);
    if (found) return found;
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

  /** Tells the streams that have answers. */
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
          MOST_HEARD,
        )) as string[];
        for (const id of ids) this.#open.get(id)?.look();
        if (!ids.length) await this.#wake.wait();
      } catch {
        this.#lost = true;
        await sleep(LONGEST_WAIT);
      }
    }
  }

  /** Leaves the streams where they are; what they still have to do they do. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const each of this.#open.values()) each.end();
    this.#wake.close();
    this.#connection.close();
  }
}

interface Place {
  readonly id: string;
  readonly inputSize: number;
  readonly limit: number;
  readonly next: number;
  readonly acked: number;
}

/** One sequence, of which frames are sent and answers read. */
export class LiveStream {
  readonly id: string;
  readonly #inputSize: number;
  readonly #limit: number;
  readonly #connection: Connection;
  readonly #scripts: Scripts;
  readonly #forget: () => void;
  #position: number;
  /** Answers that were fetched, those of them that were given out, and those that Redis knows to be read. */
  #fetched: number;
  #given: number;
  #acked: number;
  /** The last block of them, for XRANGE. */
  #last = "-";
  readonly #blocks: Block[] = [];
  #failure: Error | null = null;
  #ended = false;
  #looking = false;
  #again = false;
  #wake: () => void = () => undefined;
  /** One push after another. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(
    { id, inputSize, limit, next, acked }: Place,
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

  /** Frames that are safe: of a stream that was there already, where to go on. */
  get position(): number {
    return this.#position;
  }

  /**
   * Sends frames, in order after those before. When the promise is kept they are in Redis, once, whatever happened on
   * the way; while there are too many whose answers nobody reads it waits.
   *
   * @param frames n·I numbers
   * @throws TypeError, RangeError for what is no frames; an Error where the stream or the server is gone
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
    const pushed = this.#turn.then(async () => {
      const most = this.#limit * this.#inputSize;
      for (let at = 0; at < floats.length; at += most)
        await this.#push(floats.subarray(at, at + most));
    });
    this.#turn = pushed.catch(() => undefined);
    return pushed;
  }

  async #push(frames: Float32Array): Promise<void> {
    const first = this.#position;
    for (let pause = ROOM_MS; ; pause = Math.min(2 * pause, LONGEST_ROOM_MS)) {
      if (this.#failure) throw this.#failure;
      if (this.#ended) throw new Error(`stream ${this.id}: closed`);
      const [said, next] = (await this.#connection.call("room for frames", () =>
        this.#scripts.run("push", this.id, first, bytesOf(frames), this.#limit),
      )) as [number, number | string];
      if (said >= 0) {
        this.#position = said;
        return;
      }
      const name = `stream ${this.id}`;
      if (said === -1)
        throw new Error(message(name, "it in Redis", "nothing there"));
      if (said === -2)
        throw new Error(message(name, `frame ${next}`, `frame ${first}`));
      if (said === -4) throw new Error(`${name}: ${next}`);
      await sleep(pause);
    }
  }

  /**
   * The answers, in order, each once, in the blocks in which they come. An answer counts as read when the next ones are
   * asked for; of those that were not, whoever opens the stream next gets them again, by the same numbers. Ends when the
   * stream is closed.
   */
  async *answers(): AsyncGenerator<StreamAnswers> {
    for (;;) {
      // several at once where there are several
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
    await this.#connection.call("word of what was read", () =>
      this.#scripts.run("ack", this.id, read),
    );
    this.#acked = read;
  }

  /** Fetches what there is. @internal */
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

  /** Ends it: nothing is left of it, answers that were not read included. */
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
