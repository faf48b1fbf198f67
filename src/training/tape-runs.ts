import type {
  CellStates,
  Draw,
  Network,
  TapeRun,
  Work,
} from "../kernel/backward.js";
import type { CheckedBatch } from "./batch.js";
import { randomAt } from "./counters.js";
import type { Dropout } from "./plan.js";
import { sampleInputs } from "./sampling.js";
import { rowsOfStates } from "./states.js";
import type { Subject } from "./subject.js";

/** What a batch is run with beside itself. */
export interface RunPlace {
  /** Of the optimiser, from 0: dropout and sampling draw by it. */
  readonly step: number;
  /** The first row's place among those of the step. */
  readonly row: number;
  /** How likely the model's own output is the next input. */
  readonly sampling: number;
}

export type RunStates = readonly (CellStates | null)[];

/** Rows of batches as a network runs them. */
export class TapeRuns {
  readonly #subject: Subject;
  readonly #network: Network;
  readonly #seed: number;
  readonly #logits: boolean;
  readonly #drops: boolean;

  constructor(
    subject: Subject,
    network: Network,
    options: {
      readonly seed: number;
      readonly dropout: Readonly<Record<number, Dropout>>;
    },
    logits: boolean,
  ) {
    this.#subject = subject;
    this.#network = network;
    this.#seed = options.seed;
    this.#logits = logits;
    this.#drops = Object.values(options.dropout).some((each) =>
      Object.values(each).some((rate) => typeof rate === "number" && rate > 0),
    );
  }

  /** @param back whether it is trained on: it is then that numbers are dropped and inputs sampled */
  *of(
    { given, lengths, mask }: CheckedBatch,
    states: RunStates,
    place: RunPlace,
    from: number,
    to: number,
    back: boolean,
  ): Work<TapeRun> {
    const { data, batch, steps } = given;
    const size = data.length / batch;
    const run: TapeRun = {
      input: data.subarray(from * size, to * size),
      batch: to - from,
      steps,
      lengths: lengths?.slice(from, to) ?? null,
      mask: mask?.subarray(from * steps, to * steps) ?? null,
      states: rowsOfStates(states, batch, from, to),
      draw: back && this.#drops ? this.draw(place, from, 0) : null,
      logits: this.#logits,
    };
    if (!back || !place.sampling) return run;
    const random = (row: number) =>
      randomAt(this.#seed, "sampling", place.step, place.row + from + row);
    const input = yield* sampleInputs(
      this.#subject,
      this.#network,
      run,
      place.sampling,
      random,
    );
    return { ...run, input };
  }

  /** What dropout draws from; `piece` sets apart those of a sequence that are drawn anew at every step. */
  draw({ step, row: first }: RunPlace, from: number, piece: number): Draw {
    return (operation, row, stepwise) =>
      randomAt(
        this.#seed,
        "dropout",
        step,
        operation,
        first + from + row,
        stepwise ? piece : 0,
      );
  }
}
