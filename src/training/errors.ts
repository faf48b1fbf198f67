/** A loss or gradient that is not finite; the model is as it was before that step. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  /** The step that would have come, from 1. */
  readonly step: number;
  /** Whose gradient it was, by its name in the state dict; null: the loss. */
  readonly parameter: string | null;

  constructor(step: number, parameter: string | null) {
    const what =
      parameter === null ? "the loss" : `the gradient of ${parameter}`;
    super(
      `step ${step}: expected a finite number, got ${what} that is none; the model is as it was before that step`,
    );
    this.step = step;
    this.parameter = parameter;
  }
}
