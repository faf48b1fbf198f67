import type { Mask } from "./mask.js";

/**
 * Sequences without their masked steps: what is left of each row moves together, so that a kernel which knows
 * nothing of masks runs over it. A state passes a masked step as it is, and so it passes a step that is not there.
 */
export class KeptSteps {
  readonly batch: number;
  readonly mask: Mask;
  /** Steps that are left of each row, perhaps none. */
  readonly lengths: readonly number[];
  /** The most of them, at least 1. */
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

  /** The steps that are left: (B, T, size) → (B, steps, size). */
  gather(data: Float32Array): Float32Array {
    return this.#move(data, this.#all, this.steps, (t, kept) => [t, kept]);
  }

  /** The other way: (B, steps, size) → (B, T, size), zeros at masked steps. */
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
