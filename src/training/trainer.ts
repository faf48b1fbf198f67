import type { States } from "../layers/state.js";
import { type Batch, checkBatch, cut } from "./batch.js";
import { type Computer, computeParts, LocalComputer } from "./computer.js";
import { readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { type Data, sourceOf } from "./data.js";
import {
  checkEvaluate,
  evaluate,
  type EvaluateOptions,
  type Evaluation,
} from "./evaluate.js";
import {
  checkFit,
  type FitOptions,
  newPlace,
  type Progress,
  run,
  type Summary,
} from "./fit.js";
import { Gradients } from "./gradients.js";
import type { Loss } from "./losses.js";
import {
  type CheckedOptions,
  checkOptions,
  samplingAt,
  type TrainerOptions,
} from "./options.js";
import { Pace } from "./pace.js";
import { Session } from "./session.js";
import { joinStates, splitStates, stackStates } from "./states.js";
import { type Model, Subject } from "./subject.js";
import type { Sequential } from "../models/sequential.js";

/** A fit: `for await` over its progress, or `await` for its summary. */
export type Fit = AsyncIterable<Progress> & PromiseLike<Summary>;

/** Trains a model in place: its streams go on with the new weights. */
export class Trainer {
  readonly #subject: Subject;
  readonly #options: CheckedOptions;
  readonly #session: Session;
  #computer: Computer;
  #place = newPlace();

  /** @throws TypeError, RangeError that name the option; for a model that cannot be trained, its first such part */
  constructor(model: Model, options: TrainerOptions) {
    this.#subject = new Subject(model);
    this.#options = checkOptions(options, this.#subject);
    this.#session = new Session(this.#subject, this.#options);
    this.#computer = new LocalComputer(
      new Gradients(this.#subject, this.#options),
    );
  }

  /** Steps that the optimiser has made. */
  get steps(): number {
    return this.#session.steps;
  }

  /** Epochs that `fit` has finished. */
  get epochs(): number {
    return this.#session.epochs;
  }

  /**
   * One step of the optimiser.
   *
   * @param state where the sequences start, as `forward` takes it
   * @returns the loss before the step, the norm of the gradient before clipping, the final states
   * @throws TrainingError where loss or gradient is not finite; model and moments are then as they were
   */
  step(
    batch: Batch,
    state?: States,
  ): { loss: number; gradientNorm: number; state: States } {
    const { gradients } = this.#computer;
    const checked = checkBatch(this.#subject, batch);
    const rows = checked.given.batch;
    const states = splitStates(this.#subject.cells, state, rows, true);
    const parts = cutEven(checked, this.#options.accumulate);
    this.#session.sync(gradients);
    const place = {
      step: this.steps,
      sampling: samplingAt(this.#options.scheduledSampling, this.steps),
    };
    const work = computeParts(gradients, parts, states, place, true);
    let next = work.next();
    while (!next.done) next = work.next();
    const results = next.value;
    const loss =
      results.reduce((sum, result) => sum + result.loss, 0) / results.length;
    const gradientNorm = this.#session.apply(gradients, loss);
    const ends = stackStates(results.map((result) => result.ends));
    return {
      loss,
      gradientNorm,
      state: joinStates(this.#subject.cells, ends, rows, true),
    };
  }

  /** Loss and metrics, without dropout. */
  async evaluate(
    data: Data,
    options: EvaluateOptions = {},
  ): Promise<Evaluation> {
    const { batchSize, metrics, signal } = checkEvaluate(options);
    const { gradients } = this.#computer;
    const ctc = gradients.parts?.some(({ name }) => name === "ctc") ?? false;
    const source = sourceOf(this.#subject, data, {
      batchSize,
      shuffle: false,
      seed: 0,
      ctc,
    });
    this.#session.sync(gradients);
    return evaluate(
      this.#computer,
      source,
      metrics,
      this.#options.skip,
      signal,
      new Pace(12),
    );
  }

  /** Epochs over the data. A fit that was left or aborted goes on where it was with the next call. */
  fit(data: Data, options: FitOptions = {}): Fit {
    const fit = checkFit(this.#computer, data, options, this.#options.seed);
    const start = () =>
      run(this.#computer, this.#session, this.#options, fit, this.#place);
    return {
      [Symbol.asyncIterator]: start,
      // a fit is for `await` as well
      // oxlint-disable-next-line unicorn/no-thenable
      then: (resolve, reject) => drained(start()).then(resolve, reject),
    };
  }

  /** Weights, moments, counters, options, the place in the epoch: safetensors, from which `resume` goes on to the bit. */
  checkpoint(): Uint8Array {
    return writeCheckpoint(
      this.#subject,
      this.#options,
      this.#session,
      this.#place,
    );
  }

  /**
   * Goes on from a checkpoint.
   *
   * @param options the loss, where it is a function: those are not in a file
   * @throws FormatError for what is no checkpoint
   */
  static resume(
    bytes: Uint8Array,
    options: { loss?: Loss } = {},
  ): { model: Sequential; trainer: Trainer } {
    const {
      model,
      options: own,
      restore,
    } = readCheckpoint(bytes, options.loss);
    const trainer = new Trainer(model, own);
    restore(trainer.#session, trainer.#place);
    return { model, trainer };
  }

  /** Gives the trainer's memory back; optional. */
  dispose(): void {
    this.#computer = new Disposed();
  }
}

class Disposed implements Computer {
  get gradients(): Gradients {
    throw new Error(
      "Trainer: expected one in use, got one that was disposed of",
    );
  }
  compute(): never {
    throw new Error(
      "Trainer: expected one in use, got one that was disposed of",
    );
  }
}

/** Rows in so many parts, of equal size where that is possible. */
function cutEven(batch: Parameters<typeof cut>[0], count: number) {
  const rows = batch.given.batch;
  const parts = Math.min(count, rows);
  return Array.from({ length: parts }, (_, i) =>
    cut(
      batch,
      Math.floor((rows * i) / parts),
      Math.floor((rows * (i + 1)) / parts),
    ),
  );
}

async function drained(
  progress: AsyncGenerator<Progress, Summary>,
): Promise<Summary> {
  for (;;) {
    const { done, value } = await progress.next();
    if (done) return value;
  }
}
