/** gatewise/train: training, fine-tuning and gradients of models. */
export { TrainingError } from "./errors.js";
export {
  record,
  type RecordOptions,
  type Tape,
  type TapeGradients,
} from "./record.js";
export type { Model } from "./subject.js";
