/*
 * Waits for messages on Redis channels, but only for a limited time, as messages may get lost.
 */
import type { Connection } from "../redis.js";

export class Wake {
  readonly #subscriber;
  readonly #longest: number;
  #heard = false;
  #wake: () => void = () => undefined;

  /** @param longest milliseconds to wait at most */
  constructor(
    connection: Connection,
    channels: readonly string[],
    longest: number,
  ) {
    this.#longest = longest;
    this.#subscriber = connection.another();
    this.#subscriber.on("message", () => this.now());
    this.#subscriber.subscribe(...channels).catch(() => undefined);
  }

  now(): void {
    this.#heard = true;
    this.#wake();
  }

  /** Resolves at the next message, at once if one came since the last call, or after `longest`. */
  async wait(): Promise<void> {
    if (!this.#heard)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, this.#longest);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.#heard = false;
  }

  close(): void {
    this.#subscriber.disconnect();
    this.now();
  }
}
