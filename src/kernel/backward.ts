/** The door to the kernel for training: models as lists of operations, run forward on a tape, and back. */
export { codeOf } from "./activations.js";
export type { CellSpec } from "./backward/cell.js";
export { cosPi, exp, log, log1p, power } from "./backward/exp.js";
export {
  type Gradients,
  Network,
  type NetworkOptions,
  type OperationSpec,
  type Tape,
  type TapeRun,
} from "./backward/network.js";
export type { CellStates, Draw } from "./backward/run.js";
