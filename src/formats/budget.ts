import { FormatError } from "../errors.js";

/** How many bytes a reader makes of a file at most, so that a small file cannot ask for gigabytes. */
export class Budget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** Before `bytes` are made. */
  take(bytes: number, place: string): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new FormatError(
      `the file unfolds to more than ${this.#limit} bytes, the limit; options.maxBytes raises it`,
      place,
    );
  }
}
