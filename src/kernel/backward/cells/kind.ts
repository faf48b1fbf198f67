import type { CellActivation } from "../../activations.js";
import type { CellSizes, RecurrentKind } from "../../cells/recurrent.js";
import type { RecurrentType } from "../../fields.js";
import { lanesOf, panelsOf } from "../arena.js";
import type { CellFlag } from "../contract.js";

/** A layer and direction of RNN, LSTM or GRU, and what its parameters' names begin and end with: "0." and "_l0_reverse". */
export interface CellSpec extends CellSizes {
  readonly kind: RecurrentType;
  readonly activations: readonly CellActivation[];
  readonly clip: number;
  readonly bias: boolean;
  readonly peepholes: boolean;
  readonly coupled: boolean;
  readonly resetBefore: boolean;
  readonly replace: boolean;
  readonly learnedState: boolean;
  readonly reverse: boolean;
  readonly prefix: string;
  readonly suffix: string;
}

/** A matrix beside W and U: an LSTM's projection, or the candidate's rows of a GRU's U. */
export interface Second {
  /** Its panels: of so many lanes, over k. */
  readonly lanes: number;
  readonly k: number;
  /** The gate whose rows of U it holds; null: it holds weight_hr. */
  readonly gate: number | null;
  /** Whether it has that gate's bias_hh; otherwise both biases are W's. */
  readonly biased: boolean;
  /** What it multiplies: rows of `u`, of whole panels over k, or h before each step. */
  readonly of: "u" | "h";
  /** Where a step leaves the gradient of its sums: rows of whole panels, or the end of a row of z. */
  readonly sums: "dp" | "u" | "z";
}

/** How the loops of assembly/train lay a cell out. */
export interface Plan {
  /** Lanes of a row of z, and of the first of them, which `recurrent` makes. */
  readonly z: number;
  readonly recurrent: number;
  /** The lane at which each gate starts, in PyTorch's order. */
  readonly gates: readonly number[];
  readonly second: Second | null;
  /** What the record says beside. */
  readonly flags: Readonly<Partial<Record<CellFlag, boolean>>>;
}

/** What a kind adds to its descriptor in kernel/cells for the way back. */
export interface TrainedKind {
  readonly kind: Pick<
    RecurrentKind,
    "type" | "gates" | "activations" | "optional" | "states"
  >;
  plan(spec: CellSpec): Plan;
}

/** Floats of whole quads and whole panels that rows of h and of a cell's units take. */
export const widthsOf = ({ hiddenSize, outputSize }: CellSizes) => ({
  hidden: lanesOf(hiddenSize),
  output: lanesOf(outputSize),
  hiddenPanels: panelsOf(hiddenSize),
  outputPanels: panelsOf(outputSize),
});
