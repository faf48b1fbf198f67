/*
 * What chains of layers and graphs have in common. Types alone: a bundle without graphs has none of their code.
 */
import type { Bytes } from "../bytes.js";
import type { State, States } from "../layers/state.js";
import type { Tensor, TensorLike } from "../tensor.js";

/** An input or output of a model. */
export interface Port {
  readonly name: string;
  /** Sizes, and names of those that are free, "?" for those without a name; ["..."] for any shape. */
  readonly shape: readonly (number | string)[];
  /** "float32", "int64", "bool", …; floats of all sizes are computed in float32. "unknown" where nobody says. */
  readonly type: string;
  /** Of an input that is a state: the output that is fed back here. */
  readonly state?: string;
}

/** A tensor, nested numbers, or, where float32 is too coarse for integers, another list of numbers with its shape. */
export type ModelInput =
  | TensorLike
  | {
      readonly shape: readonly number[];
      readonly data: ArrayLike<number> | BigInt64Array | BigUint64Array;
    };

/** Where a model stands: of a Sequential one entry per layer, of a Graph its state inputs by name. */
export type ModelState = States | Readonly<Record<string, Tensor>>;

/** What models take as a state; each checks that it is one of its own. */
export type ModelStateLike =
  readonly (State | null)[] | Readonly<Record<string, number | object>>;

/** A trained network, whatever it is made of: a Sequential or a Graph. */
export interface Model {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Whether it can run step by step. */
  readonly streamable: boolean;
  /**
   * Runs whole sequences: the first input that is no state → the first output that is none.
   *
   * @param options `state`: where to start, as `forward` or a stream gave it; zeros by default
   * @throws TypeError, RangeError that name the argument
   */
  forward(
    input: TensorLike,
    options?: { state?: ModelStateLike },
  ): { output: Tensor; state: ModelState };
  /** The inputs by their names give the outputs by theirs. */
  run(inputs: Readonly<Record<string, ModelInput>>): Record<string, Tensor>;
  /** @throws RangeError where it cannot run step by step */
  stream(options?: { state?: ModelStateLike }): ModelStream;
  /** The model as a file, which `load` of gatewise/load, pools and worklets read. */
  save(metadata?: Record<string, string>): Bytes;
  /** What it takes, gives and is made of, as `gatewise inspect` prints it. */
  toString(): string;
  /** Gives memory back now; optional. */
  dispose(): void;
}

/** One sequence running through a model, frame by frame. */
export interface ModelStream {
  /** The next frame's output; without `out` a view, valid until this stream's next call. */
  step(frame: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** n frames in one go: the outputs one after another. */
  run(frames: ArrayLike<number>, out?: Float32Array): Float32Array;
  /** Reading gives a copy; what is written is checked and copied. */
  get state(): ModelState;
  set state(state: ModelStateLike);
  /** Back to where the stream began. */
  reset(): void;
  /** An independent copy of this stream. */
  fork(): ModelStream;
  dispose(): void;
}
