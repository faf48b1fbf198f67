import {
  type CheckedBatch,
  cut,
  joinRows,
  type Row,
  type RowSet,
} from "./batch.js";
import { padded } from "./examples.js";
import type { Subject } from "./subject.js";

/*
 * Rows of data that stay where they were sent: a worker keeps those that it got, and the next epochs' batches go there as
 * their numbers.
 *
 *     caller   part ─┬─ of rows that may stay:  { set, rows: [5, 2, 9], fresh: those that the worker has not had }
 *                    └─ of others:              the batch itself
 */

/** A batch on its way. */
export type SentBatch =
  | { readonly batch: CheckedBatch }
  | {
      readonly set: number;
      readonly rows: readonly number[];
      readonly fresh: readonly (readonly [number, Row])[];
      readonly start: number;
      readonly end: number;
    };

/** Bytes of a set that a worker keeps; batches of what is beyond go there whole. */
export const MOST_KEPT = 2 ** 26;
/** Sets that it keeps: one that is trained on, and one to validate by. */
const SETS = 2;

/** The caller's side, for one worker: what it has. */
export class SentRows {
  readonly #sets = new WeakMap<
    RowSet,
    { readonly id: number; readonly known: Set<number>; bytes: number }
  >();
  #id = 0;

  /** As it is sent to a worker that may have some of its rows. */
  of({ origin, ...batch }: CheckedBatch): SentBatch {
    if (!origin) return { batch };
    const { set, rows, start, end } = origin;
    let own = this.#sets.get(set);
    if (!own) {
      own = { id: this.#id++, known: new Set(), bytes: 0 };
      this.#sets.set(set, own);
    }
    const { known, id } = own;
    const fresh = rows
      .filter((row) => !known.has(row))
      .map((row) => [row, set.row(row)] as const);
    const bytes = fresh.reduce((sum, [, row]) => sum + bytesOf(row), own.bytes);
    if (bytes > MOST_KEPT) return { batch };
    own.bytes = bytes;
    for (const [row] of fresh) known.add(row);
    return { set: id, rows, fresh, start, end };
  }

  /** The batch whole: the worker is another, or keeps that set no longer. */
  again({ origin, ...batch }: CheckedBatch): SentBatch {
    if (origin) this.#sets.delete(origin.set);
    return { batch };
  }
}

const bytesOf = (row: Row): number =>
  "example" in row
    ? row.example.input.byteLength + row.example.target.data.byteLength
    : row.batch.given.data.byteLength + row.batch.target.data.byteLength;

/** The worker's side. */
export class KeptRows {
  readonly #subject: Subject;
  readonly #ctc: boolean;
  readonly #sets = new Map<number, Map<number, Row>>();
  /** The last whole batch: the pieces of a truncated one follow each other. */
  #last: { readonly key: string; readonly batch: CheckedBatch } | null = null;

  constructor(subject: Subject, ctc: boolean) {
    this.#subject = subject;
    this.#ctc = ctc;
  }

  /** The batch; null: rows of it are not here. */
  of(sent: SentBatch): CheckedBatch | null {
    if ("batch" in sent) return sent.batch;
    const { set, rows, fresh, start, end } = sent;
    const kept = this.#sets.get(set) ?? new Map<number, Row>();
    // the set that was used last is the last one
    this.#sets.delete(set);
    this.#sets.set(set, kept);
    for (const id of this.#sets.keys())
      if (this.#sets.size > SETS) this.#sets.delete(id);
    for (const [row, value] of fresh) kept.set(row, value);
    const own = rows.map((row) => kept.get(row));
    if (own.includes(undefined)) return null;
    const key = `${set}: ${rows.join()}`;
    if (this.#last?.key !== key)
      this.#last = { key, batch: this.#join(own as Row[]) };
    const { batch } = this.#last;
    return cut(batch, 0, rows.length, start, end);
  }

  #join(rows: readonly Row[]): CheckedBatch {
    const examples = rows.flatMap((row) =>
      "example" in row ? [row.example] : [],
    );
    return examples.length
      ? padded(examples, this.#subject, this.#ctc)
      : joinRows(rows.flatMap((row) => ("batch" in row ? [row.batch] : [])));
  }
}
