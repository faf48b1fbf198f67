/*
 * Long work stops between its pieces, so that whoever runs it may give the thread back. Results do not depend on where:
 * rows, blocks of rows and steps are computed as they would be at once, in the same order.
 */

/** Work that stops now and then. */
export type Work<Result = void> = Generator<void, Result>;

/** Multiply-adds of a piece: 0.1 ms of simd, 5 of js. */
export const PIECE = 2 ** 22;

/** What a number that a loop in JavaScript goes over costs, in multiply-adds of the kernel. */
export const BY_HAND = 32;

/** Counts multiply-adds, and says when it is time to stop. */
export class Meter {
  /** Of a piece, about. */
  readonly piece: number;
  #since = 0;

  constructor(piece: number = PIECE) {
    this.piece = piece;
  }

  /** Whether a piece is full, with so many more. */
  full(count: number): boolean {
    this.#since += count;
    if (this.#since < this.piece) return false;
    this.#since = 0;
    return true;
  }
}

/** The same at once. */
export function atOnce<Result>(work: Iterator<void, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
