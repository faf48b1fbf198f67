import { nonNegativeInteger } from "../checks.js";
import { FormatError } from "../errors.js";

/**
 * The budget of a reader whose files take `fileSize` bytes: 16 times as many, at least 64 MiB, unless `maxBytes` says
 * how many.
 *
 * @throws TypeError, RangeError when `maxBytes` is no number of bytes
 */
export function budgetFor(maxBytes: unknown, fileSize: number): Budget {
  const limit = maxBytes ?? Math.max(2 ** 26, 16 * fileSize);
  return new Budget(nonNegativeInteger(limit, "maxBytes"));
}

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
