/*
 * What chains of layers and graphs have in common. Only types, so that a bundle without graphs has none of their code.
 */
import type { Bytes } from "../bytes.js";
import type { State, States } from "../layers/state.js";
import type { Tensor, TensorLike } from "../tensor.js";

/** An input or output of a model. */
export interface Port {
  readonly name: string;
  /** Fixed sizes as numbers, free ones by name or "?" without one; ["..."] for any shape. */
  readonly shape: readonly (number | string)[];
  /** "float32", "int64", "bool", …; "unknown" if the file does not say. All floats are computed in float32. */
  readonly type: string;
  /** For an input that is a state: the name of the output that is fed back to it. */
  readonly state?: string;
}

/** A tensor, nested numbers, or any list of numbers with its shape, for integers that float32 cannot represent. */
export type ModelInput =
  | TensorLike
  | {
      readonly shape: readonly number[];
      readonly data: ArrayLike<number> | BigInt64Array | BigUint64Array;
    };

/** The state of a model: for a Sequential one entry per layer, for a Graph its state inputs by name. */
export type ModelState = States | Readonly<Record<string, Tensor>>;

/** What models accept as a state. */
export type ModelStateLike =
  readonly (State | null)[] | Readonly<Record<string, number | object>>;

/** A trained network, whatever it is made of: a Sequential or a Graph. */
export interface Model {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Whether it can run step by step. */
  readonly streamable: boolean;
  /**
   * Runs whole sequences: the first input that is not a state → the first output that is not one.
   *
   * @param options `state`: the initial state, as returned by `forward` or a stream; zeros by default
   * @throws TypeError, RangeError that name the argument
   */
  forward(
    input: TensorLike,
    options?: { state?: ModelStateLike },
  ): { output: Tensor; state: ModelState };
  /** Runs all inputs, by name, and returns all outputs, by name. */
  run(inputs: Readonly<Record<string, ModelInput>>): Record<string, Tensor>;
  /** @throws RangeError if it cannot run step by step */
  stream(options?: { state?: ModelStateLike }): ModelStream;
  /** The model as a file that `load` of gatewise/load, pools and worklets can read. */
  save(metadata?: Record<string, string>): Bytes;
  /** A summary of its inputs, outputs and layers, as `gatewise inspect` prints it. */
  toString(): string;
  /** Frees its memory now; optional. */
  dispose(): void;
}

/** One sequence running through a model, frame by frame. */
export interface ModelStream {
  /** The output for the next frame; without `out`, a view that is valid until this stream's next call. */
  step(frame: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** n frames at once, concatenated; returns their outputs, concatenated. */
  run(frames: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** A copy of the state; setting it checks and copies. */
  get state(): ModelState;
  set state(state: ModelStateLike);
  /** Back to the initial state. */
  reset(): void;
  /** An independent copy of this stream. */
  fork(): ModelStream;
  dispose(): void;
}
