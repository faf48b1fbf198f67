import { copyFloats } from "./floats.js";
import type { Network, PlacedCell, PlacedState } from "./network.js";

/** The states of B rows at one cell, by their names and without padding: each (B, size). */
export type CellState = Readonly<Record<string, Float32Array>>;

/**
 * States of B rows from `start` (a float's index): every part of every cell's state [B, width], at B times its place among
 * the states of one row. Streams (B = 1) and batches lie the same way.
 */
export class StateBlock {
  readonly #network: Network;
  readonly #start: number;
  readonly #batch: number;
  /** The caller's row that runs as row `row` here. */
  readonly #rowOf: (row: number) => number;

  constructor(
    network: Network,
    start: number,
    batch = 1,
    rowOf = (row: number) => row,
  ) {
    this.#network = network;
    this.#start = start;
    this.#batch = batch;
    this.#rowOf = rowOf;
  }

  /** A float's index. */
  #indexOf({ at }: PlacedState): number {
    return this.#start + at * this.#batch;
  }

  /** The address of a state. */
  addressOf(state: PlacedState): number {
    return this.#indexOf(state) * 4;
  }

  /** Takes over one state a cell; null, and what is missing, is the cell's initial state, or zeros. */
  write(f32: Float32Array, states: readonly (CellState | null)[]): void {
    const { cells, stateFloats } = this.#network;
    f32.fill(0, this.#start, this.#start + stateFloats * this.#batch);
    cells.forEach((place, index) => {
      const given = states[index];
      for (const state of place.states) {
        const { name, size, initial } = state.part;
        const values = given ? given[name] : initial?.();
        if (!values) continue;
        const to = this.#indexOf(state);
        for (let row = 0; row < this.#batch; row++) {
          const from = given ? this.#rowOf(row) * size : 0;
          copyFloats(values, from, f32, to + row * state.width, size);
        }
      }
    });
  }

  /** Copies of all states, one a cell. */
  read(f32: Float32Array): CellState[] {
    return this.#network.cells.map((place) => this.#readCell(f32, place));
  }

  #readCell(f32: Float32Array, { states }: PlacedCell): CellState {
    const copies: Record<string, Float32Array> = {};
    for (const state of states) {
      const { name, size } = state.part;
      const from = this.#indexOf(state);
      if (this.#batch === 1) {
        copies[name] = f32.slice(from, from + size);
        continue;
      }
      const copy = new Float32Array(this.#batch * size);
      for (let row = 0; row < this.#batch; row++)
        copyFloats(
          f32,
          from + row * state.width,
          copy,
          this.#rowOf(row) * size,
          size,
        );
      copies[name] = copy;
    }
    return copies;
  }
}
