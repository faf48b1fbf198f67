import type { CellStates } from "../kernel/backward.js";
import type { StateDict } from "../safetensors.js";
import type { CheckedBatch } from "./batch.js";
import type { Gradients, RunPlace } from "./gradients.js";
import type { Pace } from "./pace.js";
import { rowsOfStates, stackStates } from "./states.js";

/** What came of a batch. */
export interface PartResult {
  readonly loss: number;
  /** What its mean was over. */
  readonly total: number;
  readonly ends: readonly (CellStates | null)[];
  readonly output: Float32Array;
}

/** What a batch is run with: its step and how likely its inputs are sampled. */
export type StepPlace = Omit<RunPlace, "row">;

/** Where batches are computed: here, or in workers. Gradients are left summed up in the network. */
export interface Computer {
  readonly gradients: Gradients;
  compute(
    weights: StateDict,
    parts: readonly CheckedBatch[],
    states: readonly (CellStates | null)[],
    place: StepPlace,
    back: boolean,
    pace: Pace,
  ): Promise<readonly PartResult[]>;
  /** The states after a batch's steps. */
  statesAfter(
    weights: StateDict,
    part: CheckedBatch,
  ): Promise<readonly (CellStates | null)[]>;
}

/** The states of each part's rows, from those of all. */
export function statesOfParts(
  states: readonly (CellStates | null)[],
  parts: readonly CheckedBatch[],
): (readonly (CellStates | null)[])[] {
  const all = parts.reduce((sum, { given }) => sum + given.batch, 0);
  let from = 0;
  return parts.map(({ given }) => {
    from += given.batch;
    return rowsOfStates(states, all, from - given.batch, from);
  });
}

/** The parts one after another, with a stop between shards. */
export function* computeParts(
  gradients: Gradients,
  parts: readonly CheckedBatch[],
  states: readonly (CellStates | null)[],
  place: StepPlace,
  back: boolean,
): Generator<void, readonly PartResult[]> {
  const results: PartResult[] = [];
  if (back) gradients.network.clear();
  let row = 0;
  const starts = statesOfParts(states, parts);
  for (const [i, part] of parts.entries()) {
    if (row) yield;
    const own = { ...place, row };
    const { loss, ends, output, total } = yield* gradients.run(
      part,
      starts[i] as (typeof starts)[number],
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

  async statesAfter(_: StateDict, part: CheckedBatch) {
    return this.gradients.statesAfter(part);
  }

  async compute(
    _: StateDict,
    parts: readonly CheckedBatch[],
    states: readonly (CellStates | null)[],
    place: StepPlace,
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
