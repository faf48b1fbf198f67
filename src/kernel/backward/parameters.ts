/** A parameter by its name, and where each of its numbers lies in the region of weights, which that of gradients copies. */
export interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  /** Floats from the region's start. */
  readonly at: Int32Array;
  /** Floats from the start of the region of transposed weights; null: it has none there. */
  readonly back: Int32Array | null;
  /** Whether it is added to what is there: two biases share a place. */
  readonly shared: boolean;
}

/** Lays out the two regions: of weights, and of transposed ones. */
export class Layout {
  readonly places: Place[] = [];
  weights = 0;
  transposed = 0;

  /** Panels of `lanes` outputs over k inputs: where they start. */
  panels(lanes: number, k: number): number {
    return this.floats((lanes / 16) * 16 * (1 + k));
  }

  floats(count: number): number {
    const at = this.weights;
    this.weights += Math.ceil(count / 4) * 4;
    return at;
  }

  transposedPanels(lanes: number, k: number): number {
    const at = this.transposed;
    this.transposed += lanes * (1 + k);
    return at;
  }
}

/** Where the weight of output lane `lane` and input `column` lies in panels over k inputs that start at `start`. */
export const panelPlace = (
  start: number,
  k: number,
  lane: number,
  column: number,
): number =>
  start + (lane >> 4) * 16 * (1 + k) + 16 * (1 + column) + (lane & 15);

/** And the bias of that lane. */
export const biasPlace = (start: number, k: number, lane: number): number =>
  start + (lane >> 4) * 16 * (1 + k) + (lane & 15);

/** The places of a matrix (rows, columns). */
export function matrix(
  rows: number,
  columns: number,
  place: (row: number, column: number) => number,
): Int32Array {
  const at = new Int32Array(rows * columns);
  for (let row = 0, i = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      at[i++] = place(row, column);
  return at;
}

export const vector = (
  size: number,
  place: (index: number) => number,
): Int32Array => Int32Array.from({ length: size }, (_, i) => place(i));
