/** Training, fine-tuning and gradients of models. @module */

export type { Batch } from "./batch.js";
export { checkGradients, type GradientCheck } from "./check-gradients.js";
export type { Data } from "./data.js";
export { TrainingError } from "./errors.js";
export type { EvaluateOptions, Evaluation, Metric } from "./evaluate.js";
export type { Example } from "./examples.js";
export type { Progress, Summary } from "./fit.js";
export type { FitOptions } from "./fit-options.js";
export { initialize, type InitializeOptions } from "./initialize.js";
export { applyGradients, lossOf } from "./loops.js";
export type { Loss } from "./losses/index.js";
export type { Optimizer, Schedule } from "./optimizers.js";
export type { TrainerOptions } from "./options.js";
export type { Dropout } from "./plan.js";
export {
  record,
  type RecordOptions,
  type Tape,
  type TapeGradients,
} from "./record.js";
export type { Model } from "./subject.js";
export { Trainer } from "./trainer.js";
export type { Fit, StepResult } from "./training.js";
