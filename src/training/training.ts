import type { Work } from "../kernel/backward.js";
import type { States } from "../layers/state.js";
import { type Batch, checkBatch, type CheckedBatch, cut } from "./batch.js";
import { writeCheckpoint } from "./checkpoint.js";
import type { Computer, PartResult } from "./computer.js";
import { type Data, sourceOf } from "./data.js";
import {
  checkEvaluate,
  evaluate,
  type EvaluateOptions,
  type Evaluation,
} from "./evaluate.js";
import { newPlace, type Progress, run, type Summary } from "./fit.js";
import { checkFit, type FitOptions } from "./fit-options.js";
import { type CheckedOptions, samplingAt } from "./options.js";
import { Pace } from "./pace.js";
import { Session } from "./session.js";
import { joinStates, splitStates, stackStates } from "./states.js";
import type { Subject } from "./subject.js";

/** A fit: `for await` over its progress, or `await` for its summary. */
export type Fit = AsyncIterable<Progress> & PromiseLike<Summary>;

/** What one step of the optimiser found. */
export interface StepResult {
  /** Before the step. */
  loss: number;
  /** Before clipping. */
  gradientNorm: number;
  /** After the sequences' ends. */
  state: States;
}

/** A training, wherever its batches are computed: what Trainer and RemoteTrainer share. */
export class Training {
  readonly subject: Subject;
  readonly options: CheckedOptions;
  readonly session: Session;
  readonly place = newPlace();
  readonly computer: Computer;

  constructor(subject: Subject, options: CheckedOptions, computer: Computer) {
    this.subject = subject;
    this.options = options;
    this.computer = computer;
    this.session = new Session(subject, options);
  }

  /** What a step computes: the batch in as many parts as make one. */
  begin(batch: Batch, state: States | undefined) {
    const checked = checkBatch(this.subject, batch);
    const rows = checked.given.batch;
    const states = splitStates(this.subject.layers, state, rows, true);
    const parts = cutEven(checked, this.options.accumulate);
    const { steps } = this.session;
    const place = {
      step: steps,
      sampling: samplingAt(this.options.scheduledSampling, steps),
    };
    this.session.sync();
    return { parts, states, place, rows };
  }

  /** The step itself, by gradients that lie summed up in the network. */
  *end(results: readonly PartResult[], rows: number): Work<StepResult> {
    const { session, subject, computer } = this;
    const loss =
      results.reduce((sum, result) => sum + result.loss, 0) / results.length;
    const gradientNorm = yield* session.apply(computer.gradients.network, loss);
    const ends = stackStates(results.map((result) => result.ends));
    return {
      loss,
      gradientNorm,
      state: joinStates(subject.layers, ends, rows, true),
    };
  }

  async evaluate(data: Data, options: EvaluateOptions): Promise<Evaluation> {
    const { batchSize, metrics, signal } = checkEvaluate(options);
    const { gradients } = this.computer;
    const ctc = gradients.parts?.some(({ name }) => name === "ctc") ?? false;
    const source = sourceOf(this.subject, data, {
      batchSize,
      shuffle: false,
      seed: 0,
      ctc,
    });
    return evaluate(
      this.computer,
      this.session,
      source,
      metrics,
      this.options.skip,
      signal,
      new Pace(12),
    );
  }

  fit(data: Data, options: FitOptions): Fit {
    const fit = checkFit(this.computer, data, options, {
      seed: this.options.seed,
      watches: this.session.watches,
    });
    const start = () =>
      run(this.computer, this.session, this.options, fit, this.place);
    let summary: Promise<Summary> | null = null;
    return {
      async *[Symbol.asyncIterator]() {
        const found = yield* start();
        summary = Promise.resolve(found);
        return found;
      },
      // a fit is for `await` as well: the summary of the loop that ended, or of one run however often it is awaited
      // oxlint-disable-next-line unicorn/no-thenable
      then: (resolve, reject) =>
        (summary ??= drained(start())).then(resolve, reject),
    };
  }

  checkpoint(): Uint8Array {
    return writeCheckpoint(
      this.subject,
      this.options,
      this.session,
      this.place,
    );
  }
}

/** Rows in so many parts, of equal size where that is possible. */
function cutEven(batch: CheckedBatch, count: number): CheckedBatch[] {
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
