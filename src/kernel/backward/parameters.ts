/** Where a row of a parameter's numbers lies: column c at start + (c >> 4) · panel + (c & 15) · step, in floats. */
export interface Line {
  readonly start: number;
  readonly panel: number;
  readonly step: number;
}

/**
 * A parameter by its name, and where its numbers lie in the region of weights, which that of gradients copies. Lines, no
 * lists of places: those took 0.3 µs a number to make, 40 ms of a Trainer's construction for 64→128.
 */
export interface Place {
  readonly name: string;
  readonly shape: readonly number[];
  /** Rows and columns of its numbers in their order. */
  readonly rows: number;
  readonly columns: number;
  lineOf(row: number): Line;
  /** In the region of transposed weights; null: it has none there. */
  readonly backOf: ((row: number) => Line) | null;
  /** The column of the matrix that each of a row's numbers is; null: their order. */
  readonly columnsOf: ((row: number) => Int32Array) | null;
  /** Whether it is added to what is there: two biases, vectors, share a place. */
  readonly shared: boolean;
  /** It never changes, and has no gradient. */
  readonly fixed?: boolean;
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

/** The weights of output lane `lane`, a column an input, in panels over k inputs that start at `start`. */
export const panelLine = (start: number, k: number, lane: number): Line => ({
  start: biasPlace(start, k, lane) + 16,
  panel: 256,
  step: 16,
});

/** The same weights in transposed panels over k lanes, whose outputs are the inputs. */
export const backLine = (start: number, k: number, lane: number): Line => ({
  start: start + 16 * (1 + lane),
  panel: 16 * (1 + k),
  step: 1,
});

/** And the bias of that lane. */
export const biasPlace = (start: number, k: number, lane: number): number =>
  start + (lane >> 4) * 16 * (1 + k) + (lane & 15);

/** Numbers that lie one after another. */
export const runLine = (start: number): Line => ({ start, panel: 16, step: 1 });

/** The place of a vector, each number by itself. */
export const vector = (
  name: string,
  size: number,
  placeOf: (index: number) => number,
  shared = false,
): Place => ({
  name,
  shape: [size],
  rows: size,
  columns: 1,
  lineOf: (row) => runLine(placeOf(row)),
  backOf: null,
  columnsOf: null,
  shared,
});

/** Where a line has the number of a column, in panels of 16. */
const placeIn = ({ start, panel, step }: Line, column: number): number =>
  start + (column >> 4) * panel + (column & 15) * step;

/** Writes a parameter's numbers of rows `from` to `to` where their lines say, from float `at` of memory on. */
export function scatter(
  f32: Float32Array,
  at: number,
  { columns, columnsOf, shared }: Place,
  lineOf: (row: number) => Line,
  values: Float32Array,
  from: number,
  to: number,
): void {
  for (let row = from, i = from * columns; row < to; row++) {
    const line = lineOf(row);
    const order = columnsOf?.(row);
    const first = at + line.start;
    if (shared) f32[first] = (f32[first] as number) + (values[i++] as number);
    else if (order)
      for (const column of order)
        f32[at + placeIn(line, column)] = values[i++] as number;
    else
      for (let c = 0, panel = first; c < columns; panel += line.panel) {
        const end = Math.min(columns, c + 16);
        for (let place = panel; c < end; c++, place += line.step)
          f32[place] = values[i++] as number;
      }
  }
}

/** Reads them. */
export function collect(
  f32: Float32Array,
  at: number,
  { columns, columnsOf, lineOf }: Place,
  values: Float32Array,
  from: number,
  to: number,
): void {
  for (let row = from, i = from * columns; row < to; row++) {
    const line = lineOf(row);
    const order = columnsOf?.(row);
    if (order)
      for (const column of order)
        values[i++] = f32[at + placeIn(line, column)] as number;
    else
      for (
        let c = 0, panel = at + line.start;
        c < columns;
        panel += line.panel
      ) {
        const end = Math.min(columns, c + 16);
        for (let place = panel; c < end; c++, place += line.step)
          values[i++] = f32[place] as number;
      }
  }
}
