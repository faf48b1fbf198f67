import type { Mask } from "./mask.js";

/**
 * Sequences with their masked steps removed: the remaining steps of each row are moved together, so that the kernel,
 * which knows nothing about masks, can run over them. A masked step leaves the state unchanged, and so does a step that
 * is not there.
 */
export class KeptSteps {
  readonly batch: number;
  readonly mask: Mask;
  /** The number of steps left in each row, perhaps 0. */
  readonly lengths: readonly number[];
  /** The largest of them, at least 1. */
  readonly steps: number;
  readonly #all: number; // T
  readonly #kept: readonly (readonly number[])[];

  constructor(mask: Mask, batch: number, steps: number) {
    this.batch = batch;
    this.mask = mask;
    this.#all = steps;
    this.#kept = Array.from({ length: batch }, (_, row) => {
      const kept: number[] = [];
      for (let t = 0; t < steps; t++) if (mask[row * steps + t]) kept.push(t);
      return kept;
    });
    this.lengths = this.#kept.map((kept) => kept.length);
    // not Math.max(...lengths): a batch of 200 000 rows overflows the call stack
    this.steps = this.lengths.reduce((most, own) => Math.max(most, own), 1);
  }

  /** The remaining steps: (B, T, size) → (B, steps, size). */
  gather(data: Float32Array): Float32Array {
    return this.#move(data, this.#all, this.steps, (t, kept) => [t, kept]);
  }

  /** The inverse: (B, steps, size) → (B, T, size), with zeros at masked steps. */
  spread(data: Float32Array): Float32Array {
    return this.#move(data, this.steps, this.#all, (t, kept) => [kept, t]);
  }

  #move(
    data: Float32Array,
    fromSteps: number,
    toSteps: number,
    order: (t: number, kept: number) => readonly [from: number, to: number],
  ): Float32Array {
    const size = data.length / (this.batch * fromSteps);
    const target = new Float32Array(this.batch * toSteps * size);
    this.#kept.forEach((all, row) =>
      all.forEach((t, kept) => {
        const [from, to] = order(t, kept);
        const start = (row * fromSteps + from) * size;
        const values = data.subarray(start, start + size);
        target.set(values, (row * toSteps + to) * size);
      }),
    );
    return target;
  }
}
