import {
  counted,
  isFloat32Array,
  isList,
  message,
  typedArrayName,
  wrong,
} from "../checks.js";
import type { CellState, StreamState } from "../kernel/model.js";
import { checkToken } from "./input.js";
import type { TokenTable } from "./layer.js";
import type { PackedModel } from "./packed-model.js";
import type { State, States } from "./state.js";

/** What the streams of one layer or model share. */
export interface StreamSource<S> {
  readonly packed: PackedModel;
  /** The embedding in front of the kernel's first layer, if any; a frame is then [token]. */
  readonly tokens: TokenTable | null;
  /** Whether the outputs are probabilities, those of a softmax. */
  readonly probabilities: boolean;
  /** The cells' states as users see them. */
  join(parts: readonly CellState[]): S;
  /** The cells' states from one that a user sets, checked. */
  split(state: unknown): readonly (CellState | null)[];
}

/**
 * One sequence running through a layer or model, step by step. Any number of streams can share one set of weights. S is
 * the type of the state: State for a layer, one entry per layer for a Sequential; plain `Stream` is either.
 */
export class Stream<S = State | States> {
  /** The length of a frame; 1 if it is a token. */
  readonly inputSize: number;
  /** The length of a step's output. */
  readonly outputSize: number;
  /** Whether a frame is [token], as it is for a model that begins with an Embedding. */
  readonly takesTokens: boolean;
  /** Whether the outputs are probabilities (the model ends in a softmax) rather than logits or plain numbers. */
  readonly probabilities: boolean;
  readonly #source: StreamSource<S>;
  /** What `step` returns without `out`. */
  readonly #view: Float32Array;
  #copy: Float64Array | null = null;
  #states: StreamState | null;
  /** The typed arrays of the last step: most callers pass the same ones again, and checking what they are takes 5 ns. */
  #knownFrame: ArrayLike<number>;
  #knownOut: Float32Array;

  /** @internal */
  constructor(source: StreamSource<S>, states?: StreamState) {
    const { model } = source.packed;
    this.#source = source;
    this.#states = states ?? model.open();
    this.takesTokens = source.tokens !== null;
    this.probabilities = source.probabilities;
    this.inputSize = source.tokens ? 1 : model.network.first.inputSize;
    this.outputSize = model.network.last.outputSize;
    this.#view = new Float32Array(this.outputSize);
    this.#knownFrame = this.#view;
    this.#knownOut = this.#view;
  }

  #open(): StreamState {
    if (this.#states) return this.#states;
    throw new Error(
      "stream: expected one in use, got one that was disposed of",
    );
  }

  /**
   * One time step: frame [I] → [O]. Without `out`, the result is a view that is valid until this stream's next call.
   * Allocates nothing.
   *
   * @throws TypeError, RangeError for a frame or `out` of the wrong kind or size; the state is then unchanged
   */
  step(frame: ArrayLike<number>, out: Float32Array = this.#view): Float32Array {
    const { packed, tokens } = this.#source;
    const known = frame === this.#knownFrame;
    if (!known) checkList(frame, "frame");
    const { length } = frame;
    if (length !== this.inputSize) {
      const expected = counted(this.inputSize, "number");
      throw new RangeError(message("frame", expected, `${length}`));
    }
    const given = known ? frame : this.#read(frame);
    if (out !== this.#knownOut || out.length < this.outputSize) {
      checkOut(out, this.outputSize);
      this.#knownOut = out;
    }
    const states = this.#open();
    const { model } = packed;
    if (!tokens) model.step(states, given, 0, out);
    else {
      const token = checkToken(given[0], tokens.vocabSize, "frame");
      model.step(states, tokens.vectors, token * tokens.size, out);
    }
    return out;
  }

  /** A typed array as it is; the numbers of any other list, each read once, in an array kept for that. */
  #read(frame: ArrayLike<number>): ArrayLike<number> {
    if (isTyped(frame)) {
      this.#knownFrame = frame;
      return frame;
    }
    const copy = this.#copy ?? new Float64Array(this.inputSize);
    this.#copy = null; // a getter in the frame may step this very stream
    readOnce(frame, "frame", this.inputSize, copy);
    return (this.#copy = copy);
  }

  /**
   * n time steps at once: n·I numbers → n·O numbers, the same bits as n calls of `step`.
   *
   * @throws TypeError, RangeError as `step`
   */
  run(frames: ArrayLike<number>, out?: Float32Array): Float32Array {
    const { packed, tokens } = this.#source;
    checkList(frames, "frames");
    const { length } = frames;
    const count = length / this.inputSize;
    if (!Number.isInteger(count) || count < 1) {
      const expected = `n · ${this.inputSize} numbers, n at least 1`;
      throw new RangeError(message("frames", expected, `${length}`));
    }
    const given = isTyped(frames)
      ? frames
      : readOnce(frames, "frames", length, []);
    const outputs = count * this.outputSize;
    if (out !== undefined) checkOut(out, outputs);
    const states = this.#open();
    const result = out ?? new Float32Array(outputs);
    const inputs = tokens
      ? tokens.lookUp(given, "frames")
      : unlessOverwritten(given, result, outputs);
    packed.model.run(states, inputs, count, result);
    return result;
  }

  /** The current state, a copy. Setting it, which checks and copies, continues from there. */
  get state(): S {
    const { packed } = this.#source;
    return this.#source.join(packed.model.readStates(this.#open()));
  }

  set state(state: S extends State ? State : S) {
    const states = this.#open();
    const parts = this.#source.split(state);
    this.#source.packed.model.writeStates(states, parts);
  }

  /** Back to zeros, or the layers' learned states. */
  reset(): void {
    this.#source.packed.model.writeStates(this.#open(), []);
  }

  /** An independent copy of this stream. */
  fork(): Stream<S> {
    const copy = this.#source.packed.model.fork(this.#open());
    return make(this.#source, copy);
  }

  /** Frees the stream's memory now. Optional: it is freed anyway once the stream is unreachable. */
  dispose(): void {
    if (this.#states) this.#source.packed.close(this.#states);
    this.#states = null;
  }
}

// outside the class: esbuild renames a class that refers to itself to _Stream, which consoles would show
const make = <S>(source: StreamSource<S>, states: StreamState) =>
  new Stream(source, states);

const isTyped = (values: unknown): boolean =>
  typedArrayName.call(values) !== undefined;

function checkList(values: unknown, name: string): void {
  if (!isList(values)) throw wrong(false, name, "a list of numbers", values);
}

/**
 * Copies the numbers of a list that is not a typed array. Reading them may call a getter, which may throw or even run
 * this stream: that must not happen while the kernel's buffers are in use, or between two blocks.
 */
function readOnce<T extends number[] | Float64Array>(
  values: ArrayLike<unknown>,
  name: string,
  length: number,
  copy: T,
): T {
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value !== "number") {
      throw wrong(false, `${name}[${i}]`, "a number", value);
    }
    copy[i] = value;
  }
  return copy;
}

/**
 * The frames, or a copy where writing `count` outputs would overwrite some that are still to be read. Blocks are read
 * whole before they are written, so a run in place is safe as long as outputs are no longer than inputs.
 */
function unlessOverwritten(
  frames: ArrayLike<number>,
  out: Float32Array,
  count: number,
): ArrayLike<number> {
  if (!ArrayBuffer.isView(frames) || frames.buffer !== out.buffer)
    return frames;
  const { byteOffset: start, byteLength: length } = frames;
  const { byteOffset: to } = out;
  const written = count * out.BYTES_PER_ELEMENT;
  const touches = to < start + length && start < to + written;
  const inPlace = to === start && written <= length;
  return touches && !inPlace ? Float64Array.from(frames) : frames;
}

function checkOut(out: unknown, size: number): void {
  if (!isFloat32Array(out)) {
    throw wrong(false, "out", `a Float32Array of length ${size}`, out);
  }
  if (out.length < size) {
    throw new RangeError(message("out", `room for ${size}`, `${out.length}`));
  }
}
