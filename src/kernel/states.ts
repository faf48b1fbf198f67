import type { CellState } from "./cell.js";
import type { Network, PlacedCell } from "./network.js";

/** Where a cell's states lie in a memory. */
export interface StateAddress {
  readonly h: number;
  readonly c: number;
}

/**
 * States of B rows from `start` (a float's index): every cell's h [B, hWidth] and c [B, cWidth], at B times its
 * place among the states of one row. Streams (B = 1) and batches lie the same way.
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

  at(place: PlacedCell): StateAddress {
    const address = (floats: number) =>
      (this.#start + floats * this.#batch) * 4;
    return { h: address(place.hAt), c: address(place.cAt) };
  }

  /** Takes over one state a cell; null, and what is missing, is the cell's initial state, or zeros. */
  write(f32: Float32Array, states: readonly (CellState | null)[]): void {
    const { cells, stateFloats } = this.#network;
    f32.fill(0, this.#start, this.#start + stateFloats * this.#batch);
    cells.forEach((place, index) => {
      const given = states[index];
      const state = given ?? place.cell.initial?.();
      if (!state) return;
      for (const part of this.#partsOf(place, state)) {
        for (let row = 0; row < this.#batch; row++) {
          const from = given ? this.#rowOf(row) * part.size : 0;
          const values = part.values.subarray(from, from + part.size);
          f32.set(values, part.start + row * part.width);
        }
      }
    });
  }

  /** Copies of all states, one a cell. */
  read(f32: Float32Array): CellState[] {
    return this.#network.cells.map((place) => {
      const { outputSize, hiddenSize } = place.cell;
      const state = {
        hidden: new Float32Array(place.hWidth && this.#batch * outputSize),
        cell: place.cWidth ? new Float32Array(this.#batch * hiddenSize) : null,
      };
      for (const part of this.#partsOf(place, state)) {
        for (let row = 0; row < this.#batch; row++) {
          const from = part.start + row * part.width;
          const values = f32.subarray(from, from + part.size);
          part.values.set(values, this.#rowOf(row) * part.size);
        }
      }
      return state;
    });
  }

  #partsOf(place: PlacedCell, { hidden, cell }: CellState): Part[] {
    const { outputSize, hiddenSize } = place.cell;
    const { h, c } = this.at(place);
    const parts: Part[] = [];
    if (place.hWidth) {
      const { hWidth: width } = place;
      parts.push({ values: hidden, size: outputSize, start: h >> 2, width });
    }
    if (cell) {
      const { cWidth: width } = place;
      parts.push({ values: cell, size: hiddenSize, start: c >> 2, width });
    }
    return parts;
  }
}

/** h or c of a cell: the caller's values [B, size], and where they begin here [B, width], in floats. */
interface Part {
  readonly values: Float32Array;
  readonly size: number;
  readonly start: number;
  readonly width: number;
}
