import type { CellStates } from "../kernel/backward.js";
import type { CheckedBatch } from "./batch.js";
import type { Gradients, RunPlace } from "./gradients.js";
import type { Pace } from "./pace.js";
import { stackStates } from "./states.js";

/** What came of a batch. */
export interface PartResult {
  readonly loss: number;
  /** What its mean was over. */
  readonly total: number;
  readonly ends: readonly (CellStates | null)[];
  readonly output: Float32Array;
}

/** Where batches are computed: here, or in workers. Gradients are left summed up in the network. */
export interface Computer {
  readonly gradients: Gradients;
  compute(
    parts: readonly CheckedBatch[],
    states: readonly (CellStates | null)[],
    place: Omit<RunPlace, "row">,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]>;
}

/** The parts one after another, with a stop between shards. */
export function* computeParts(
  gradients: Gradients,
  parts: readonly CheckedBatch[],
  states: readonly (CellStates | null)[],
  place: Omit<RunPlace, "row">,
  back: boolean,
): Generator<void, readonly PartResult[]> {
  const results: PartResult[] = [];
  if (back) gradients.network.clear();
  let row = 0;
  for (const part of parts) {
    if (row) yield;
    const own = { ...place, row };
    const { loss, ends, output, total } = yield* gradients.run(
      part,
      states,
      own,
      1 / parts.length,
      back,
    );
    results.push({ loss, total, ends: stackStates(ends), output });
    row += part.given.batch;
  }
  return results;
}

export class LocalComputer implements Computer {
  readonly gradients: Gradients;

  constructor(gradients: Gradients) {
    this.gradients = gradients;
  }

  async compute(
    parts: readonly CheckedBatch[],
    states: readonly (CellStates | null)[],
    place: Omit<RunPlace, "row">,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]> {
    const work = computeParts(this.gradients, parts, states, place, back);
    for (;;) {
      const { done, value } = work.next();
      if (done) return value;
      const turn = pace.turn();
      if (turn) await turn;
    }
  }
}
