import type { CellStates, Work } from "../kernel/backward.js";
import type { CheckedBatch } from "./batch.js";
import type { Gradients } from "./gradients.js";
import type { Pace } from "./pace.js";
import type { Session } from "./session.js";
import { rowsOfStates, stackStates } from "./states.js";
import type { RunPlace, RunStates } from "./tape-runs.js";

/** What came of a batch. */
export interface PartResult {
  readonly loss: number;
  /** What its mean was over. */
  readonly total: number;
  readonly ends: readonly (CellStates | null)[];
  /** (B, T, O); empty where it went back. */
  readonly output: Float32Array;
}

/** What a batch is run with: its step and how likely its inputs are sampled. */
export type StepPlace = Omit<RunPlace, "row">;

/** Where batches are computed: here, or in workers. Gradients are left summed up in the network. */
export interface Computer {
  readonly gradients: Gradients;
  /** With the session's weights. */
  compute(
    session: Session,
    parts: readonly CheckedBatch[],
    states: RunStates,
    place: StepPlace,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]>;
  /** The states after a batch's steps. */
  statesAfter(
    session: Session,
    part: CheckedBatch,
    states: RunStates,
    pace: Pace,
  ): Promise<RunStates>;
}

/** The states of each part's rows, from those of all. */
export function statesOfParts(
  states: RunStates,
  parts: readonly CheckedBatch[],
): RunStates[] {
  const all = parts.reduce((sum, { given }) => sum + given.batch, 0);
  let from = 0;
  return parts.map(({ given }) => {
    from += given.batch;
    return rowsOfStates(states, all, from - given.batch, from);
  });
}

/** The parts one after another, by weights that are in the network. */
export function* computeParts(
  gradients: Gradients,
  parts: readonly CheckedBatch[],
  states: RunStates,
  place: StepPlace,
  back: boolean,
): Work<readonly PartResult[]> {
  const results: PartResult[] = [];
  if (back) gradients.network.clear();
  let row = 0;
  const starts = statesOfParts(states, parts);
  for (const [i, part] of parts.entries()) {
    if (row) yield;
    const { loss, ends, output, total } = yield* gradients.run(
      part,
      starts[i] as (typeof starts)[number],
      { ...place, row },
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

  async statesAfter(
    session: Session,
    part: CheckedBatch,
    states: RunStates,
    pace: Pace,
  ) {
    await pace.during(session.pack(this.gradients.network));
    return pace.during(this.gradients.statesAfter(part, states));
  }

  async compute(
    session: Session,
    parts: readonly CheckedBatch[],
    states: RunStates,
    place: StepPlace,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]> {
    const { gradients } = this;
    await pace.during(session.pack(gradients.network));
    return pace.during(computeParts(gradients, parts, states, place, back));
  }
}
