import { nonNegativeInteger } from "../checks.js";
import { FormatError } from "../errors.js";

/**
 * The budget for reading files of `fileSize` bytes: `maxBytes`, or 16 times the size and at least 64 MiB.
 *
 * @throws TypeError, RangeError if `maxBytes` is not a number of bytes
 */
export function budgetFor(maxBytes: unknown, fileSize: number): Budget {
  const limit = maxBytes ?? Math.max(2 ** 26, 16 * fileSize);
  return new Budget(nonNegativeInteger(limit, "maxBytes"));
}

/** Limits the bytes that a reader allocates for a file, so that a small file cannot ask for gigabytes. */
export class Budget {
  readonly #limit: number;
  #left: number;

  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /**
   * Called before `bytes` are allocated.
   *
   * @throws FormatError naming `place` if that is more than is left
   */
  take(bytes: number, place: string): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new FormatError(
      `the file expands to more than ${this.#limit} bytes, the limit; raise it with options.maxBytes`,
      place,
    );
  }
}
