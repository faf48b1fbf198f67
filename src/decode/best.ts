/** Keeps the values with the highest scores, best first; of equals, the first one. */
export class Best<T> {
  readonly #capacity: number;
  readonly #scores: number[] = [];
  readonly values: T[] = [];

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A score must be higher than this to be kept. */
  get least(): number {
    return this.#scores.length < this.#capacity
      ? Number.NEGATIVE_INFINITY
      : (this.#scores.at(-1) as number);
  }

  offer(score: number, value: T): void {
    if (!(score > this.least)) return;
    let low = 0;
    let high = this.#scores.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#scores[middle] as number) >= score) low = middle + 1;
      else high = middle;
    }
    this.#scores.splice(low, 0, score);
    this.values.splice(low, 0, value);
    if (this.values.length <= this.#capacity) return;
    this.#scores.pop();
    this.values.pop();
  }
}
