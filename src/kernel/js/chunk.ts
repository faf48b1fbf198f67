import type { Memory } from "../memory.js";

/** A chunk's rows and steps; `lengths` as in `Pass`. One object a kernel, so that a step allocates nothing. */
export class Chunk {
  rows = 0;
  steps = 0;
  #lengths = 0;
  #i32: Int32Array | null = null;

  set({ i32 }: Memory, lengths: number, rows: number, steps: number): this {
    this.#i32 = i32;
    this.#lengths = lengths;
    this.rows = rows;
    this.steps = steps;
    return this;
  }

  length(row: number): number {
    return this.#lengths
      ? (this.#i32?.[(this.#lengths >> 2) + row] as number)
      : this.steps;
  }

  /** How many rows have a step t: the first ones. */
  running(t: number): number {
    let active = this.rows;
    while (active > 0 && this.length(active - 1) <= t) active--;
    return active;
  }
}
