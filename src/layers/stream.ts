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

/** What streams of one layer or model share. */
export interface StreamSource<S> {
  readonly packed: PackedModel;
  /** In front of the kernel's first layer; a frame is then [token]. */
  readonly tokens: TokenTable | null;
  /** Whether the outputs are probabilities: a softmax's. */
  readonly probabilities: boolean;
  /** The cells' states as users see them: copies. */
  join(parts: readonly CellState[]): S;
  /** The cells' states out of what a user gives: checked. */
  split(state: unknown): readonly (CellState | null)[];
}

/**
 * One sequence running through a layer or model, step by step; as many as you like over one set of weights. S is
 * what its state is: a State, or of a Sequential one entry per layer. Unnamed, `Stream` is a stream of either.
 */
export class Stream<S = State | States> {
  /** Numbers of a frame; 1 where it is a token. */
  readonly inputSize: number;
  /** Numbers that come out of a step. */
  readonly outputSize: number;
  /** Whether a frame is [token], as behind an Embedding. */
  readonly takesTokens: boolean;
  /** Whether the outputs are probabilities (of a Linear with softmax at the end) and not logits or plain numbers. */
  readonly probabilities: boolean;
  readonly #source: StreamSource<S>;
  /** What `step` returns without `out`. */
  readonly #view: Float32Array;
  #copy: Float64Array | null = null;
  #states: StreamState | null;
  /** The typed arrays of the last step: most users hand in the same ones again, and to find out what they are takes 5 ns. */
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
   * One time step: frame [I] → [O]. Without `out` the result is a view, valid until this stream's next call.
   * Allocates nothing.
   *
   * @throws TypeError, RangeError for a frame or `out` of the wrong kind or size; the state is then as before
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

  /** A typed array itself; of any other list a copy, kept for that, into which each number is read once. */
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
   * n time steps in one go: n·I numbers → n·O numbers, the same bits as n calls of `step`.
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
      : apart(given, result, outputs);
    packed.model.run(states, inputs, count, result);
    return result;
  }

  /** Where the sequence stands: a copy. Set it to go on from there; what is set is checked and copied. */
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

  /** Optional: a stream that is dropped is gone by itself. */
  dispose(): void {
    if (this.#states) this.#source.packed.close(this.#states);
    this.#states = null;
  }
}

// Outside of the class: esbuild calls one that names itself _Stream, and so would consoles.
const make = <S>(source: StreamSource<S>, states: StreamState) =>
  new Stream(source, states);

const isTyped = (values: unknown): boolean =>
  typedArrayName.call(values) !== undefined;

function checkList(values: unknown, name: string): void {
  if (!isList(values)) throw wrong(false, name, "a list of numbers", values);
}

/**
 * Copies numbers from what is no typed array. To read them may call a getter, which may throw or run this very stream:
 * that must not happen while the kernel's buffers are in use, or between two blocks.
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
function apart(
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
