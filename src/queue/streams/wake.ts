/*
 * Waiting for word from others, but not for ever: word may get lost.
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

  /** Until somebody says something, or did since the last call. */
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
