import type { Arena, Rows } from "./arena.js";
import type { TrainKernel } from "./contract.js";
import type { Steps } from "./packing.js";

/** The states of B rows at one cell, h (B, O) and c (B, H); null: its initial ones. */
export interface CellStates {
  readonly hidden: Float32Array;
  readonly cell: Float32Array | null;
}

/** Where an operation's weights lie, and its gradients: addresses of the regions. */
export interface Regions {
  readonly weights: number;
  readonly transposed: number;
  readonly gradients: number;
  /** Scratch of `weightGradient`. */
  readonly scratch: number;
}

/** A generator for each operation and row; `stepwise`: whether a sequence in pieces draws anew in each of them. */
export type Draw = (
  operation: number,
  row: number,
  stepwise: boolean,
) => () => number;

/** What operations run in. */
export interface Machine {
  readonly kernel: TrainKernel;
  readonly arena: Arena;
  readonly regions: Regions;
}

/** A run forward: what flows from operation to operation. */
export interface Flow {
  rows: Rows;
  steps: Steps;
  /** Tokens (B, T), in front of an Embedding alone. */
  readonly tokens: Float32Array | null;
  /** One a cell, in order; what is taken is shifted off. */
  readonly states: (CellStates | null)[];
  /** The final ones, in that order. */
  readonly ends: CellStates[];
  /** null: nothing is dropped. */
  readonly draw: Draw | null;
  /** Whether a last softmax or sigmoid is left to the loss. */
  readonly logits: boolean;
}

/** And back. */
export interface BackFlow {
  /** Gradient of the operation's output; of its input, when it has run; null: nobody needs it. */
  rows: Rows | null;
  /** Gradients of the final states, one a cell, from the last one on; null: 0. */
  readonly ends: (CellStates | null)[];
  /** Those of the first ones, from the last cell on; null where a cell was given none. */
  readonly states: (CellStates | null)[];
}

/** What goes on the tape. */
export interface Step {
  /** @param needs whether the gradient of the operation's input is wanted */
  back(flow: BackFlow, needs: boolean): void;
}

/** A part of a model that is trained: a layer, or one layer and direction of several. */
export interface Operation {
  /** Whether it has parameters that change. */
  readonly names: readonly string[];
  forward(machine: Machine, flow: Flow): Step;
}
