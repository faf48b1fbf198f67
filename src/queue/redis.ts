/*
 * A connection to Redis or Valkey, by ioredis. Tells a server that is away, busy or full for a while from one that will
 * never accept a command.
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

/** Errors that waiting will not change. */
const FINAL = /^(NOAUTH|WRONGPASS|NOPERM|WRONGTYPE|ERR |EXECABORT)/;

/** The packages that gatewise does not depend on; the user installs them. */
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

/** A connection to a server, and the two packages for talking to it. */
export class Connection {
  readonly redis: Redis;
  readonly bullmq: typeof import("bullmq");
  readonly name: string;
  readonly patience: number;
  /** The server's address, without the password. */
  readonly address: string;
  /** The last error of the connection itself; null while it is ready. */
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
   * @throws TypeError, RangeError naming the option; Error naming the address if there is no such server, or it refuses the
   *   password or does not answer
   */
  static async open(queue: QueueAddress): Promise<Connection> {
    const options = checkAddress(queue);
    const { Redis, bullmq } = await clients();
    let connected = false;
    const redis = new Redis(options.url, {
      lazyConnect: true,
      connectTimeout: options.patience,
      // commands wait for the server to come back; `call` limits the time
      maxRetriesPerRequest: null,
      // does not wait for a server that was never there
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

  /** Another connection to the same server, for commands that block. It connects with its first command. */
  another(): Redis {
    const redis = this.redis.duplicate();
    // the first connection reports the errors
    redis.on("error", () => undefined);
    return redis;
  }

  /** The key in Redis for a part of this queue. */
  key(...parts: (string | number)[]): string {
    return [`gatewise:{${this.name}}`, ...parts].join(":");
  }

  /**
   * Runs a command, which must be safe to run twice. Repeats it while the server is away, full or busy, for at most
   * `patience`.
   *
   * @param expected the expected result, for the message
   */
  async call<T>(expected: string, command: () => Promise<T>): Promise<T> {
    const end = Date.now() + this.patience;
    let reason: unknown = null;
    for (let pause = PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await within(command(), Math.max(1, end - Date.now()));
      } catch (error) {
        // an earlier error says more than that the time is up
        if (!(error instanceof Silence && reason)) reason = error;
        const left = end - Date.now();
        if (left <= 0 || FINAL.test(reasonOf(error)))
          throw this.failure(expected, reason);
        await sleep(Math.min(pause, left));
      }
    }
  }

  /** The error for a command that failed; it names the server. */
  failure(expected: string, error: unknown): ServerFailure {
    const silent = error instanceof Silence;
    const closed = reasonOf(error).startsWith("Connection is closed");
    const cause = (silent || closed) && this.#trouble ? this.#trouble : error;
    const got = reasonOf(cause)
      .split("\n")[0]
      ?.replace(/\.? Please report this\.$/, "");
    return new ServerFailure(
      `${this.address}: expected ${expected}, got ${got}`,
      { cause },
    );
  }

  close(): void {
    this.redis.disconnect();
  }
}

/** A server that was away, full or busy for too long, or that refused a command. */
export class ServerFailure extends Error {}

/** No answer came in time. */
class Silence extends Error {}

/** @throws Silence if it takes longer */
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
