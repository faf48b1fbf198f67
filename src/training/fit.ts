import {
  boolean,
  message,
  nonNegativeInteger,
  positiveInteger,
  record,
  wrong,
} from "../checks.js";
import type { CellStates } from "../kernel/backward.js";
import type { StateDict } from "../safetensors.js";
import { type CheckedBatch, cut } from "./batch.js";
import type { Computer } from "./computer.js";
import { type Data, type Source, sourceOf, splitData } from "./data.js";
import {
  checkMetrics,
  checkSignal,
  evaluate,
  type Evaluation,
  type Metric,
} from "./evaluate.js";
import { type CheckedOptions, samplingAt } from "./options.js";
import { Pace } from "./pace.js";
import type { Session } from "./session.js";
import type { RunStates } from "./tape-runs.js";

/** How long `fit` trains, on what it is judged, and what it does on the way. */
export interface FitOptions {
  /** 10 by default; of a fit that was interrupted, with those it has had. */
  epochs?: number;
  /** 32 by default. */
  batchSize?: number;
  /** true by default. */
  shuffle?: boolean;
  /** Data, or the share of the examples that is held out: the last ones. */
  validation?: Data | number;
  metrics?: readonly Metric[];
  /**
   * How many epochs in a row without a better validation loss end it, one at the least (0 is 1, as in Keras); none by
   * default. A loss that is NaN is not better.
   */
  patience?: number;
  /** By how much better counts; 0 by default. */
  minDelta?: number;
  /**
   * true by default: whatever ends it, the best weights are the model's in the end. Where no validation loss was finite
   * there are none, and the model keeps those of the last step.
   */
  restoreBest?: boolean;
  /** Ends after the running step; model and trainer are then whole, and can go on. */
  signal?: AbortSignal;
  /** Milliseconds after which it gives the thread back; 12 by default. */
  yieldEvery?: number;
}

/** What `fit` tells on its way: each step, and the end of each epoch. */
export type Progress =
  | {
      type: "step";
      step: number;
      epoch: number;
      batch: number;
      batches: number | null;
      loss: number;
      gradientNorm: number;
      learningRate: number;
    }
  | {
      type: "epoch";
      epoch: number;
      loss: number;
      validation: Evaluation | null;
      best: boolean;
      seconds: number;
    };

/** How a `fit` ended. */
export interface Summary {
  reason: "epochs" | "patience" | "aborted";
  epochs: number;
  steps: number;
  best: Evaluation | null;
}

/** Where a fit is: what a checkpoint keeps of it beside weights. */
export interface FitPlace {
  /** Epochs that it has had. */
  epochs: number;
  /** Batches of the running epoch that are done, and their losses' sum and number. */
  batch: number;
  sum: number;
  count: number;
  /** Truncated: the time in the running batch, 0 between batches, and the states there. */
  at: number;
  states: readonly (CellStates | null)[];
  best: Evaluation | null;
  /** Epochs since. */
  waited: number;
  bestWeights: StateDict | null;
}

export const newPlace = (): FitPlace => ({
  epochs: 0,
  batch: 0,
  sum: 0,
  count: 0,
  at: 0,
  states: [],
  best: null,
  waited: 0,
  bestWeights: null,
});

interface CheckedFit {
  readonly epochs: number;
  readonly validation: Source | null;
  readonly source: Source;
  readonly metrics: readonly Metric[];
  readonly patience: number;
  readonly minDelta: number;
  readonly restoreBest: boolean;
  readonly signal: AbortSignal | null;
  readonly yieldEvery: number;
}

const KNOWN = {
  epochs: 0,
  batchSize: 0,
  shuffle: 0,
  validation: 0,
  metrics: 0,
  patience: 0,
  minDelta: 0,
  restoreBest: 0,
  signal: 0,
  yieldEvery: 0,
} satisfies Record<keyof FitOptions, 0>;

function number(value: unknown, name: string): number {
  if (typeof value === "number" && value >= 0) return value;
  throw wrong(typeof value === "number", name, "a number of at least 0", value);
}

export function checkFit(
  { gradients }: Computer,
  data: Data,
  value: unknown,
  { seed, watches }: { seed: number; watches: boolean },
): CheckedFit {
  const given = record(value, "options", KNOWN) as FitOptions;
  const { subject, parts } = gradients;
  const options = {
    batchSize: positiveInteger(given.batchSize ?? 32, "batchSize"),
    shuffle: boolean(given.shuffle ?? true, "shuffle"),
    seed,
    ctc: parts?.some(({ name }) => name === "ctc") ?? false,
  };
  let train = data;
  let held: Data | null = null;
  const { validation } = given;
  if (typeof validation === "number") {
    if (!(validation > 0 && validation < 1))
      throw wrong(
        true,
        "validation",
        "data, or a share between 0 and 1",
        validation,
      );
    [train, held] = splitData(subject, data, validation);
  } else if (validation !== undefined) held = validation;
  if (given.patience !== undefined && !held) needsValidation("patience");
  if (watches && !held) needsValidation("this schedule");
  return {
    epochs: positiveInteger(given.epochs ?? 10, "epochs"),
    source: sourceOf(subject, train, options),
    validation:
      held &&
      sourceOf(subject, held, { ...options, shuffle: false }, "validation"),
    metrics: checkMetrics(given.metrics ?? []),
    patience:
      given.patience === undefined
        ? Infinity
        : nonNegativeInteger(given.patience, "patience"),
    minDelta: number(given.minDelta ?? 0, "minDelta"),
    restoreBest: boolean(given.restoreBest ?? true, "restoreBest"),
    signal: checkSignal(given.signal),
    yieldEvery: number(given.yieldEvery ?? 12, "yieldEvery"),
  };
}

/** What looks at validation losses would do nothing without them, in silence. */
function needsValidation(name: string): never {
  throw new RangeError(message("validation", `data, for ${name}`, "undefined"));
}

/** A fit that is going on: gives its progress, in the end its summary. */
export async function* run(
  computer: Computer,
  session: Session,
  options: CheckedOptions,
  fit: CheckedFit,
  place: FitPlace,
): AsyncGenerator<Progress, Summary> {
  const { gradients } = computer;
  const { subject } = gradients;
  const { signal, source } = fit;
  const pace = new Pace(fit.yieldEvery);
  // what came before, a Trainer's construction for one, is not of the same task
  await pace.give();
  const aborted = () => signal?.aborted ?? false;
  let done = false;
  /** Why it is over, and not interrupted; null: it is not. */
  const over = (): Summary["reason"] | null => {
    if (place.epochs >= fit.epochs) return "epochs";
    return place.waited && place.waited >= fit.patience ? "patience" : null;
  };
  /** Goes on from our own weights, though the best ones may be in the model. */
  session.publish();
  try {
    for (const each of [source, fit.validation])
      if (each) await pace.during(each.check());
    while (!over() && !aborted()) {
      const epoch = session.epochs + 1;
      const since = performance.now();
      let waiting: CheckedBatch[] = [];
      let index = 0;
      for await (const batch of source.epoch(session.epochs)) {
        if (!batch) {
          await pace.turn();
          continue;
        }
        if (index++ < place.batch) continue;
        waiting.push(batch);
        if (waiting.length < options.accumulate) continue;
        yield* batchSteps(waiting, index);
        waiting = [];
        if (aborted()) break;
      }
      if (aborted()) break;
      if (waiting.length) yield* batchSteps(waiting, index);
      if (aborted()) break;
      let validation: Evaluation | null = null;
      let best = false;
      if (fit.validation)
        validation = await evaluate(
          computer,
          session,
          fit.validation,
          fit.metrics,
          options.skip,
          null,
          pace,
        );
      // from here to the next batch nothing waits: a checkpoint has all of the epoch's end or nothing
      const loss = place.sum / Math.max(1, place.count);
      session.epochs++;
      place.epochs++;
      Object.assign(place, { batch: 0, sum: 0, count: 0 });
      if (validation) {
        session.observe(validation.loss);
        // NaN is below nothing: it is never the best, nor is what came before any other
        best = place.best
          ? validation.loss < place.best.loss - fit.minDelta
          : validation.loss < Infinity;
        place.waited = best ? 0 : place.waited + 1;
        if (best) {
          place.best = validation;
          place.bestWeights = session.snapshot();
        }
      }
      yield {
        type: "epoch",
        epoch,
        loss,
        validation,
        best,
        seconds: (performance.now() - since) / 1000,
      };
    }
    const reason = over();
    done = reason !== null;
    return {
      reason: reason ?? "aborted",
      epochs: session.epochs,
      steps: session.steps,
      best: place.best,
    };
  } finally {
    // a loop that is left, an abort and an error leave the trainer where it was, so that it can go on
    const { bestWeights } = place;
    if (fit.restoreBest && bestWeights) {
      if (done) session.adopt(bestWeights);
      else session.publish(bestWeights);
    }
    if (done) Object.assign(place, newPlace());
  }

  /** The steps of a batch, or of several that make one. */
  async function* batchSteps(
    batches: readonly CheckedBatch[],
    index: number,
  ): AsyncGenerator<Progress> {
    const [batch] = batches as [CheckedBatch];
    const { truncate } = options;
    if (!truncate) {
      const report = await step(batches, subject.noStates(), index, () => {
        place.batch = index;
      });
      await pace.turn();
      yield report;
      return;
    }
    const { steps, batch: rows } = batch.given;
    if (!place.at) {
      if (truncate.burnIn >= steps)
        throw wrong(
          true,
          "truncate.burnIn",
          `less than the ${steps} steps of a sequence`,
          truncate.burnIn,
        );
      const none = subject.noStates();
      const states = truncate.burnIn
        ? await statesAfter(cut(batch, 0, rows, 0, truncate.burnIn), none)
        : none;
      Object.assign(place, { at: truncate.burnIn, states });
    }
    for (let end = place.at; end < steps;) {
      end = Math.min(steps, place.at + truncate.steps);
      const part = cut(batch, 0, rows, place.at, end);
      const move = (ends: RunStates) =>
        Object.assign(
          place,
          end < steps
            ? { at: end, states: ends }
            : { at: 0, states: [], batch: index },
        );
      if (!gradients.counts(part)) {
        // what is skipped, or past all ends: for the state alone
        move(await statesAfter(part, place.states));
        continue;
      }
      const report = await step([part], place.states, index, move);
      await pace.turn();
      yield report;
      if (aborted()) return;
    }
  }

  function statesAfter(part: CheckedBatch, states: RunStates) {
    return session.alone(() => {
      session.sync();
      return computer.statesAfter(session, part, states, pace);
    });
  }

  /** @param move puts the place where the step ends */
  function step(
    parts: readonly CheckedBatch[],
    states: RunStates,
    index: number,
    move: (ends: RunStates) => void,
  ): Promise<Progress> {
    return session.alone(async () => {
      session.sync();
      const sampling = samplingAt(options.scheduledSampling, session.steps);
      const where = { step: session.steps, sampling };
      const results = await computer.compute(
        session,
        parts,
        states,
        where,
        true,
        pace,
      );
      const loss =
        results.reduce((sum, result) => sum + result.loss, 0) / results.length;
      const { learningRate } = session;
      const gradientNorm = await pace.during(
        session.apply(gradients.network, loss),
      );
      // the place goes on with the weights: a checkpoint has both or neither
      place.sum += loss;
      place.count++;
      move(results[0]?.ends ?? []);
      return {
        type: "step",
        step: session.steps,
        epoch: session.epochs + 1,
        batch: index,
        batches: source.batches,
        loss,
        gradientNorm,
        learningRate,
      };
    });
  }
}
