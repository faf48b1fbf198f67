import { record } from "../checks.js";
import { atOnce } from "../kernel/backward.js";
import type { Sequential } from "../models/sequential.js";
import type { States } from "../layers/state.js";
import type { Batch } from "./batch.js";
import { readCheckpoint } from "./checkpoint.js";
import { computeParts, LocalComputer } from "./computer.js";
import type { Data } from "./data.js";
import type { EvaluateOptions, Evaluation } from "./evaluate.js";
import type { FitOptions } from "./fit-options.js";
import { Gradients } from "./gradients.js";
import type { Loss } from "./losses/index.js";
import { checkOptions, type TrainerOptions } from "./options.js";
import { type Model, Subject } from "./subject.js";
import { type Fit, type StepResult, Training } from "./training.js";

/** Trains a model in place: its streams go on with the new weights. */
export class Trainer {
  #training: Training | null;

  /** @throws TypeError, RangeError that name the option */
  constructor(model: Model, options: TrainerOptions) {
    const subject = new Subject(model);
    const checked = checkOptions(options, subject);
    const computer = new LocalComputer(new Gradients(subject, checked));
    this.#training = new Training(subject, checked, computer);
  }

  get #used(): Training {
    if (this.#training) return this.#training;
    throw new Error(
      "Trainer: expected one in use, got one that was disposed of",
    );
  }

  /** Steps that the optimiser has made. */
  get steps(): number {
    return this.#used.session.steps;
  }

  /** Epochs that `fit` has finished. */
  get epochs(): number {
    return this.#used.session.epochs;
  }

  /**
   * One step of the optimiser.
   *
   * @param state where the sequences start, as `forward` takes it
   * @returns the loss before the step, the norm of the gradient before clipping, the final states
   * @throws TrainingError where loss or gradient is not finite; model and moments are then as they were; Error between
   *   the pieces of a batch that `fit` or `evaluate` computes meanwhile, and within its own loss
   */
  step(batch: Batch, state?: States): StepResult {
    const training = this.#used;
    const { session, computer } = training;
    if (session.busy)
      throw new Error(
        "step: expected no batch under way, got one of a fit or evaluation that was not awaited, or of a loss that calls step",
      );
    const { gradients } = computer;
    return session.at(() => {
      const { parts, states, place, rows } = training.begin(batch, state);
      atOnce(session.pack(gradients.network));
      const results = atOnce(
        computeParts(gradients, parts, states, place, true),
      );
      return atOnce(training.end(results, rows));
    });
  }

  /** Loss and metrics, without dropout. */
  async evaluate(
    data: Data,
    options: EvaluateOptions = {},
  ): Promise<Evaluation> {
    return this.#used.evaluate(data, options);
  }

  /** Epochs over the data. A fit that was left or aborted goes on where it was with the next call. */
  fit(data: Data, options: FitOptions = {}): Fit {
    return this.#used.fit(data, options);
  }

  /** Weights, moments, counters, options, the place in the epoch: safetensors, from which `resume` goes on to the bit. */
  checkpoint(): Uint8Array {
    return this.#used.checkpoint();
  }

  /**
   * Goes on from a checkpoint.
   *
   * @param options the loss, where it is a function: those are not in a file
   * @throws FormatError for what is no checkpoint; TypeError, RangeError that name the option
   */
  static resume(
    bytes: Uint8Array,
    options: { loss?: Loss } = {},
  ): { model: Sequential; trainer: Trainer } {
    const { loss } = record(options, "options", { loss: 0 });
    const {
      model,
      options: own,
      restore,
    } = readCheckpoint(bytes, loss as Loss | undefined);
    const trainer = new Trainer(model, own);
    restore(trainer.#used.session, trainer.#used.place);
    return { model, trainer };
  }

  /** Gives the trainer's memory back; optional. */
  dispose(): void {
    this.#training = null;
  }
}
