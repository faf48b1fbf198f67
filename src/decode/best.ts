/** The values of the highest scores, best first; of equal ones the one that came first. */
export class Best<T> {
  readonly #most: number;
  readonly #scores: number[] = [];
  readonly values: T[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** A value must have more than this to be among them. */
  get least(): number {
    return this.#scores.length < this.#most
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
    if (this.values.length <= this.#most) return;
    this.#scores.pop();
    this.values.pop();
  }
}
