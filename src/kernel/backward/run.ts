import type { Arena, Rows } from "./arena.js";
import type { TrainKernel } from "./contract.js";
import type { Steps } from "./packing.js";
import type { Meter, Work } from "./work.js";

/** The states of B rows at one cell, part by part as its descriptor has them: h (B, O), and of an LSTM c (B, H). */
export type CellStates = readonly Float32Array[];

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
  readonly meter: Meter;
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
  logits: boolean;
  /** Steps of a cell whose tape is kept at a time; 0: all. */
  readonly chunk: number;
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
  back(flow: BackFlow, needs: boolean): Work | void;
}

/** Whether one of these parameters changes. */
export type Trained = (names: readonly string[]) => boolean;

/** A part of a model that is trained: a layer, or one layer and direction of several. */
export interface Operation {
  /** Its parameters. */
  readonly names: readonly string[];
  /** Floats that a step of a row leaves in the arena, forward and back, about. */
  readonly stepFloats: number;
  /** Lanes of the widest rows that `weightGradient` gets; 0: it gets none. */
  readonly widest: number;
  forward(machine: Machine, flow: Flow): Work<Step> | Step;
}
