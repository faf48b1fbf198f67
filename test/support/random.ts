import type { Tensor } from "../../src/index.js";
import { count } from "./tensors.js";

/** Mulberry32: the same numbers on every run and every machine. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** An integer from low to high, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  floats(length: number, low = -1, high = 1): Float32Array {
    return Float32Array.from(
      { length },
      () => low + this.next() * (high - low),
    );
  }

  tensor(shape: readonly number[], low = -1, high = 1): Tensor {
    return { shape, data: this.floats(count(shape), low, high) };
  }

  /** Lengths 1 … most, one of them the longest. */
  lengths(batch: number, most: number): number[] {
    const lengths = Array.from({ length: batch }, () => this.integer(1, most));
    lengths[this.integer(0, batch - 1)] = most;
    return lengths;
  }
}
