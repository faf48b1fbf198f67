import type { CheckedBatch } from "./batch.js";

/** Batches of an epoch. */
export interface Source {
  /** How many; null: nobody knows. */
  readonly batches: number | null;
  /** Checks what has not been checked yet, piece by piece: before the first epoch, all of it. */
  check(): Iterable<void>;
  /** Batch by batch; null where there is none yet, but a good moment to give the thread back. */
  epoch(
    epoch: number,
  ): Iterable<CheckedBatch | null> | AsyncIterable<CheckedBatch>;
}

export interface SourceOptions {
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly seed: number;
  /** Whether targets are label sequences with lengths of their own. */
  readonly ctc: boolean;
}
