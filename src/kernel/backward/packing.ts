/*
 * Sequences of different lengths without gaps, as the kernel runs over them: all rows of the first step, those of the
 * second, …, longest sequence first (PyTorch's packed sequences). Reversed sequences and masked steps are packings
 * too: each row has a list of the times at which it is computed, in the order in which it is.
 */

/** Which steps of B rows there are; what lies where. */
export class Packing {
  /** The caller's row that lies in each place of a step, longest first. */
  readonly rows: readonly number[];
  /** Rows of each step. */
  readonly active: Int32Array;
  /** Steps of all rows. */
  readonly count: number;
  /** The first place of each step. */
  readonly offsets: Int32Array;
  readonly #times: readonly ArrayLike<number>[];
  #indices: { readonly steps: number; readonly list: Int32Array } | null = null;

  /**
   * @param times of each of the caller's rows, in the order of computation; they may be none
   * @param order in which rows of as many steps lie; that of the caller by default
   */
  constructor(
    times: readonly ArrayLike<number>[],
    order: readonly number[] = times.map((_, row) => row),
  ) {
    this.#times = times;
    const lengthOf = (row: number) => (times[row] as ArrayLike<number>).length;
    this.rows = [...order]
      .sort((a, b) => lengthOf(b) - lengthOf(a))
      .filter((row) => lengthOf(row) > 0);
    const steps = this.rows.length ? lengthOf(this.rows[0] as number) : 0;
    this.active = new Int32Array(steps);
    this.offsets = new Int32Array(steps);
    let rows = this.rows.length;
    let count = 0;
    for (let step = 0; step < steps; step++) {
      while (lengthOf(this.rows[rows - 1] as number) <= step) rows--;
      this.active[step] = rows;
      this.offsets[step] = count;
      count += rows;
    }
    this.count = count;
  }

  /** Whether all rows have all steps. */
  get even(): boolean {
    return this.count === this.active.length * this.rows.length;
  }

  stepsOf(row: number): number {
    return this.#times[row]?.length ?? 0;
  }

  /** The same rows in pieces of so many steps, one behind the other. */
  cut(steps: number): Packing[] {
    const pieces: Packing[] = [];
    for (let from = 0; from < this.active.length; from += steps) {
      const times = this.#times.map((own) =>
        Array.prototype.slice.call(own, from, from + steps),
      );
      pieces.push(new Packing(times, this.rows));
    }
    return pieces;
  }

  /** Calls for every step that there is, in the order of the packing. */
  each(visit: (place: number, row: number, time: number) => void): void {
    let place = 0;
    for (let step = 0; step < this.active.length; step++)
      for (let i = 0; i < (this.active[step] as number); i++) {
        const row = this.rows[i] as number;
        visit(place++, row, this.#times[row]?.[step] as number);
      }
  }

  /**
   * The index of each place in (B, T). Kept: shards of a training are alike, and a list is gone through in a third of the
   * time that `each` takes.
   */
  indices(steps: number): Int32Array {
    if (this.#indices?.steps === steps) return this.#indices.list;
    const list = new Int32Array(this.count);
    this.each((place, row, time) => (list[place] = row * steps + time));
    this.#indices = { steps, list };
    return list;
  }

  /** Where each row's steps lie: (B, T), -1 where there is none. */
  table(batch: number, steps: number): Int32Array {
    const table = new Int32Array(batch * steps).fill(-1);
    this.indices(steps).forEach((index, place) => (table[index] = place));
    return table;
  }
}

/** What is common to the layers of a model while it runs: B rows of T steps, of which each has its length. */
export interface Steps {
  readonly batch: number;
  readonly steps: number;
  readonly lengths: readonly number[] | null;
  /** Every row's steps up to its length, in the order of time. */
  readonly packing: Packing;
  /** (B, T), 0 for masked steps; null: none. */
  readonly mask: Uint8Array | null;
}

/** The last one that had no lengths: shards of a training are alike. */
let even: { batch: number; steps: number; packing: Packing } | null = null;

export function stepsOf(
  batch: number,
  steps: number,
  lengths: readonly number[] | null,
  mask: Uint8Array | null,
): Steps {
  if (!lengths && even?.batch === batch && even.steps === steps)
    return { batch, steps, lengths, mask, packing: even.packing };
  const times = Array.from({ length: batch }, (_, row) =>
    upTo(lengths?.[row] ?? steps),
  );
  const packing = new Packing(times);
  if (!lengths) even = { batch, steps, packing };
  return { batch, steps, lengths, mask, packing };
}

function upTo(end: number): Int32Array {
  const times = new Int32Array(end);
  for (let t = 0; t < end; t++) times[t] = t;
  return times;
}

/** Where a direction of a layer finds its inputs, and where its outputs go, in places of the steps' own packing. */
export interface Route {
  readonly packing: Packing;
  /** The place of each input; null: that of the output, the packings being one. */
  readonly from: Int32Array | null;
  /**
   * For each place of the layer's output that of the computed step: its own, or what the mask rule says; -1: zeros;
   * -2 - row: the row's state at the start. null: the packings are one.
   */
  readonly out: Int32Array | null;
}

export type MaskRule = "zero" | "previous" | "state";

/**
 * The route of one direction.
 *
 * @param asProcessed whether outputs come in the order in which they are computed, not that of time
 */
export function routeOf(
  { batch, steps, lengths, packing, mask }: Steps,
  reverse: boolean,
  asProcessed: boolean,
  rule: MaskRule,
): Route {
  if (!reverse && !mask) return { packing, from: null, out: null };
  const times = Array.from({ length: batch }, (_, row) => {
    const own: number[] = [];
    const end = lengths?.[row] ?? steps;
    for (let s = 0; s < end; s++) {
      const t = reverse ? end - 1 - s : s;
      if (!mask || mask[row * steps + t]) own.push(t);
    }
    return own;
  });
  const inner = new Packing(times);
  const places = packing.table(batch, steps);
  const computed = inner.table(batch, steps);
  const from = new Int32Array(inner.count);
  inner.each((place, row, time) => {
    from[place] = places[row * steps + time] as number;
  });
  const out = new Int32Array(packing.count);
  for (let row = 0; row < batch; row++) {
    const end = lengths?.[row] ?? steps;
    let before = rule === "state" ? -2 - row : -1;
    for (let s = 0; s < end; s++) {
      const t = reverse ? end - 1 - s : s;
      const own = computed[row * steps + t] as number;
      if (own >= 0 && rule !== "zero") before = own;
      const to = asProcessed ? end - 1 - t : t;
      out[places[row * steps + to] as number] = own >= 0 ? own : before;
    }
  }
  return { packing: inner, from, out };
}

/** A mask with each row's steps the other way round, up to its end. */
export function reversedMask({
  batch,
  steps,
  lengths,
  mask,
}: Steps): Uint8Array | null {
  if (!mask) return null;
  const reversed = new Uint8Array(mask.length);
  for (let row = 0; row < batch; row++) {
    const end = lengths?.[row] ?? steps;
    for (let t = 0; t < end; t++)
      reversed[row * steps + t] = mask[row * steps + end - 1 - t] as number;
  }
  return reversed;
}
