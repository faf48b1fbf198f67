import { copyFloats } from "./floats.js";
import type { Network, PlacedCell } from "./network.js";

/** The states of B rows at one cell, without padding: h [B, O], c [B, H] (LSTM). */
export interface CellState {
  readonly hidden: Float32Array;
  readonly cell: Float32Array | null;
}

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
      const [h0, c0] = place.cell.states.map(({ initial }) => initial?.());
      const initial = h0 && { hidden: h0, cell: c0 ?? null };
      const state = given ?? initial;
      if (!state) return;
      const { h, c } = this.at(place);
      const { hWidth, cWidth } = place;
      const { outputSize, hiddenSize } = place.cell;
      for (let row = 0; row < this.#batch; row++) {
        const from = given ? this.#rowOf(row) : 0;
        const { hidden, cell } = state;
        if (hWidth)
          copyFloats(
            hidden,
            from * outputSize,
            f32,
            (h >> 2) + row * hWidth,
            outputSize,
          );
        if (cell)
          copyFloats(
            cell,
            from * hiddenSize,
            f32,
            (c >> 2) + row * cWidth,
            hiddenSize,
          );
      }
    });
  }

  /** Copies of all states, one a cell. */
  read(f32: Float32Array): CellState[] {
    return this.#network.cells.map((place) => {
      const { hWidth, cWidth } = place;
      const { outputSize, hiddenSize } = place.cell;
      const state = {
        hidden: new Float32Array(hWidth && this.#batch * outputSize),
        cell: cWidth ? new Float32Array(this.#batch * hiddenSize) : null,
      };
      const { h, c } = this.at(place);
      const { hidden, cell } = state;
      for (let row = 0; row < this.#batch; row++) {
        const to = this.#rowOf(row);
        if (hWidth)
          copyFloats(
            f32,
            (h >> 2) + row * hWidth,
            hidden,
            to * outputSize,
            outputSize,
          );
        if (cell)
          copyFloats(
            f32,
            (c >> 2) + row * cWidth,
            cell,
            to * hiddenSize,
            hiddenSize,
          );
      }
      return state;
    });
  }
}
