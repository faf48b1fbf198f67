import { wrong } from "../checks.js";
import type { CellStates } from "../kernel/backward.js";
import type { StateDict } from "../safetensors.js";
import { type CheckedBatch, cut } from "./batch.js";
import type { Computer } from "./computer.js";
import { evaluate, type Evaluation } from "./evaluate.js";
import type { CheckedFit } from "./fit-options.js";
import { type CheckedOptions, samplingAt } from "./options.js";
import { Pace } from "./pace.js";
import type { Session } from "./session.js";
import type { RunStates } from "./tape-runs.js";

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

/**
 * A fit that is going on: gives its progress, in the end its summary. Two at once would each take the other's place in the
 * epoch for its own, and leave out batches.
 */
export async function* run(
  computer: Computer,
  session: Session,
  options: CheckedOptions,
  fit: CheckedFit,
  place: FitPlace,
): AsyncGenerator<Progress, Summary> {
  if (session.fit && !session.fit.waits)
    throw new Error(
      "fit: expected no other of this trainer under way, got one that was not awaited",
    );
  // one that waits was left, or is told when it goes on
  const own = { waits: false };
  session.fit = own;
  const steps = runSteps(computer, session, options, fit, place);
  try {
    for (;;) {
      const { done, value } = await steps.next();
      if (done) return value;
      own.waits = true;
      yield value;
      if (session.fit !== own)
        throw new Error(
          "fit: expected no other of this trainer under way, got one that began since",
        );
      own.waits = false;
    }
  } finally {
    await steps.return(undefined as never);
    if (session.fit === own) session.fit = null;
  }
}

async function* runSteps(
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
