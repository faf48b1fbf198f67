import { boolean, record } from "../checks.js";
import type { States } from "../layers/state.js";
import type {
  Batch,
  Data,
  EvaluateOptions,
  Evaluation,
  Fit,
  FitOptions,
  Model,
  StepResult,
  TrainerOptions,
} from "../training/index.js";
import {
  copyWeights,
  type RemoteStart,
  resumeOf,
  startOf,
} from "../training/remote.js";
import { Pace } from "../training/pace.js";
import type { Training } from "../training/training.js";
import type { WorkerGroup } from "./workers.js";
import { ownCopy } from "./copies.js";
import { newId } from "./handles.js";

/** Options of `RemoteTrainer.step`. */
export interface RemoteStepOptions {
  /** The initial states of the sequences. */
  state?: States;
  /** A step that is still waiting for others does not start once this is aborted. */
  signal?: AbortSignal;
  /** Has no effect: batches are shared among several workers, so they are always copied. */
  transfer?: boolean;
}

export async function remoteTrainer(
  workers: WorkerGroup,
  model: Model,
  options: TrainerOptions,
): Promise<RemoteTrainer> {
  return open(workers, startOf(model, options));
}

export async function resumeTrainer(
  workers: WorkerGroup,
  checkpoint: Uint8Array,
): Promise<RemoteTrainer> {
  return open(workers, resumeOf(checkpoint));
}

async function open(
  workers: WorkerGroup,
  { bytes, options, begin }: RemoteStart,
): Promise<RemoteTrainer> {
  const id = newId();
  await Promise.all(
    workers.members.map(async (member) => {
      await member.ready;
      return member.call("loadTrainer", id, new Uint8Array(bytes), options);
    }),
  );
  const memberOf = (worker: number) => {
    const running = workers.members.filter(({ ended }) => !ended);
    return running[worker % running.length] ?? workers.next();
  };
  const training = begin({
    count: workers.members.length,
    // a message transfers its buffers, so each worker gets its own copies
    compute: (worker, { weights, ...rest }) =>
      memberOf(worker).call("train", id, { weights, ...ownCopy(rest) }),
    statesAfter: (weights, ...rest) =>
      memberOf(0).call("statesAfter", id, weights, ...ownCopy(rest)),
  });
  const release = () => {
    for (const member of workers.members) member.release("trainer", id);
  };
  return new RemoteTrainer(training, release);
}

/** A Trainer with promises: batches are computed in workers, the optimiser runs in this thread. */
export class RemoteTrainer {
  #training: Training | null;
  readonly #release: () => void;
  /** One call after another. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(training: Training, release: () => void) {
    this.#training = training;
    this.#release = release;
  }

  get #used(): Training {
    if (this.#training) return this.#training;
    throw new Error(
      "RemoteTrainer: expected one in use, got one that was disposed of",
    );
  }

  /** The number of steps of the optimiser so far. */
  get steps(): number {
    return this.#used.session.steps;
  }

  /** The number of epochs that `fit` has finished. */
  get epochs(): number {
    return this.#used.session.epochs;
  }

  /** One step of the optimiser, as Trainer.step. */
  step(batch: Batch, options: RemoteStepOptions = {}): Promise<StepResult> {
    const given = record(options, "options", {
      state: 0,
      signal: 0,
      transfer: 0,
    });
    boolean(given["transfer"] ?? false, "transfer");
    const { state, signal } = options;
    return this.#inTurn(async () => {
      signal?.throwIfAborted();
      const training = this.#used;
      const { computer, session } = training;
      return session.alone(async () => {
        const { parts, states, place, rows } = training.begin(batch, state);
        const pace = new Pace(Infinity);
        const results = await computer.compute(
          session,
          parts,
          states,
          place,
          true,
          pace,
        );
        return pace.during(training.end(results, rows));
      });
    });
  }

  /** Loss and metrics, without dropout. */
  evaluate(data: Data, options: EvaluateOptions = {}): Promise<Evaluation> {
    return this.#inTurn(() => this.#used.evaluate(data, options));
  }

  /** Epochs over the data, as Trainer.fit. */
  fit(data: Data, options: FitOptions = {}): Fit {
    return this.#used.fit(data, options);
  }

  /** Copies the current weights into a model of this thread, which can be used while training goes on. */
  async pull(model: Model): Promise<void> {
    copyWeights(this.#used, model);
  }

  /** As Trainer.checkpoint; Trainer.resume can read it as well. */
  async checkpoint(): Promise<Uint8Array> {
    return this.#used.checkpoint();
  }

  /** Frees its memory in the workers. */
  dispose(): void {
    this.#training = null;
    this.#release();
  }

  #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(call);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}
