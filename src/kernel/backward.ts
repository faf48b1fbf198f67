/** The interface to the kernel for training: models as lists of operations, which run forward on a tape, and backward. */
export { codeOf } from "./activations.js";
export type { CellSpec } from "./backward/cells/kind.js";
export { TRAINED_KINDS } from "./backward/cells/index.js";
export { cosPi, exp, log, log1p, power } from "./backward/exp.js";
export {
  type Gradients,
  Network,
  type NetworkOptions,
  type Tape,
  type TapeRun,
} from "./backward/network.js";
export type { OperationSpec } from "./backward/operations.js";
export type { CellStates, Draw } from "./backward/run.js";
export { atOnce, type Work } from "./backward/work.js";
