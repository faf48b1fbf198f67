/*
 * A connection to Redis or Valkey, by ioredis, and what a command's failure means: the server is gone for a moment, is
 * full, or will never answer this.
 */
import type { Redis } from "ioredis";
import { reasonOf } from "../errors.js";
import {
  checkAddress,
  type QueueAddress,
  type QueueOptions,
  withoutPassword,
} from "./address.js";

const PAUSE = 100;
const LONGEST_PAUSE = 1000;

/** Answers that waiting will not change. */
const FINAL = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|ERR |EXECABORT)/;

/** The packages that gatewise does not bring. */
async function clients() {
  try {
    const [{ Redis }, bullmq] = await Promise.all([
      import("ioredis"),
      import("bullmq"),
    ]);
    return { Redis, bullmq };
  } catch (error) {
    throw new Error(
      `gatewise/queue: expected the packages bullmq and ioredis (npm install bullmq ioredis), got ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

/** A server that answers, and the two packages that speak to it. */
export class Connection {
  readonly redis: Redis;
  readonly bullmq: typeof import("bullmq");
  readonly name: string;
  readonly patience: number;
  /** Without the password. */
  readonly address: string;
  /** Of the connection itself; null while all is well. */
  #trouble: Error | null = null;

  private constructor(
    redis: Redis,
    bullmq: typeof import("bullmq"),
    { url, name, patience }: Required<QueueOptions>,
  ) {
    this.redis = redis;
    this.bullmq = bullmq;
    this.name = name;
    this.patience = patience;
    this.address = withoutPassword(url);
    redis.on("error", (error: Error) => (this.#trouble = error));
    redis.on("ready", () => (this.#trouble = null));
  }

  /**
   * @throws TypeError, RangeError that name the option; an Error that names the address where there is no such server,
   *   it does not let us in, or does not answer
   */
  static async open(queue: QueueAddress): Promise<Connection> {
    const options = checkAddress(queue);
    const { Redis, bullmq } = await clients();
    let connected = false;
    const redis = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout: options.patience,
      // commands wait for the server to come back; `call` says how long
      maxRetriesPerRequest: null,
      // one that never was there is not waited for
      retryStrategy: (times) =>
        connected ? Math.min(PAUSE * times, LONGEST_PAUSE) : null,
    });
    const connection = new Connection(redis, bullmq, options);
    try {
      await within(redis.connect(), options.patience);
      await within(redis.ping(), options.patience);
    } catch (error) {
      redis.disconnect();
      throw connection.failure("a Redis or Valkey server", error);
    }
    connected = true;
    return connection;
  }

  /** Another one to the same server, for commands that wait: it connects with its first one. */
  another(): Redis {
    const redis = this.redis.duplicate();
    // told by the first
    redis.on("error", () => undefined);
    return redis;
  }

  /** What is kept under this name is this queue's. */
  key(...parts: (string | number)[]): string {
    return [`gatewise:{${this.name}}`, ...parts].join(":");
  }

  /**
   * Does what may be done twice: again and again while the server is gone, full or busy, but not for longer than
   * `patience`.
   *
   * @param expected what should have come of it, for the message
   */
  async call<T>(expected: string, command: () => Promise<T>): Promise<T> {
    const end = Date.now() + this.patience;
    let reason: unknown = null;
    for (let pause = PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await within(command(), Math.max(1, end - Date.now()));
      } catch (error) {
        // when the time is up in the middle of a command, what it said before tells more
        if (!(error instanceof Silence && reason)) reason = error;
        const left = end - Date.now();
        if (left <= 0 || FINAL.test(reasonOf(error)))
          throw this.failure(expected, reason);
        await sleep(Math.min(pause, left));
      }
    }
  }

  /** An error that names the server. */
  failure(expected: string, error: unknown): Error {
    const silent = error instanceof Silence;
    const closed = reasonOf(error).startsWith("Connection is closed");
    const cause = (silent || closed) && this.#trouble ? this.#trouble : error;
    const got = reasonOf(cause)
      .split("\n")[0]
      ?.replace(/\.? Please report this\.$/, "");
    return new Error(`${this.address}: expected ${expected}, got ${got}`, {
      cause,
    });
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** The time was up. */
class Silence extends Error {}

/** @throws Silence when it takes longer */
function within<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const seconds = milliseconds / 1000;
      reject(new Silence(`no answer within ${seconds.toFixed(1)} s`));
    }, milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
