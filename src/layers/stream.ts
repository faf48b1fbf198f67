import {
  isFloat32Array,
  isList,
  message,
  typedArrayName,
  wrong,
} from "../checks.js";
import type { CellState, StreamState } from "../kernel/model.js";
import type { Embedding } from "./embedding.js";
import { checkToken } from "./input.js";
import type { Runtime } from "./runtime.js";

/** What streams of one layer or model share. */
export interface StreamSource<S> {
  readonly runtime: Runtime;
  /** In front of the kernel's first layer; a frame is then [token]. */
  readonly embedding: Embedding | null;
  /** The cells' states as users see them: copies. */
  join(parts: readonly CellState[]): S;
  /** The cells' states out of what a user gives: checked. */
  split(state: unknown): readonly (CellState | null)[];
}

/**
 * One sequence running through a layer or model, step by step; as many as you like over one set of weights. S is
 * what its state is: a State, or of a Sequential one entry a layer. Unnamed, `Stream` is a stream of either.
 */
// oxlint-disable-next-line no-explicit-any
export class Stream<S = any> {
  readonly #source: StreamSource<S>;
  readonly #inputSize: number;
  readonly #outputSize: number;
  /** What `step` returns without `out`. */
  readonly #view: Float32Array;
  #states: StreamState | null;

  /** @internal */
  constructor(source: StreamSource<S>, states?: StreamState) {
    const { model } = source.runtime;
    this.#source = source;
    this.#states = states ?? model.open();
    this.#inputSize = source.embedding ? 1 : model.network.first.inputSize;
    this.#outputSize = model.network.last.outputSize;
    this.#view = new Float32Array(this.#outputSize);
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
    const states = this.#open();
    const { runtime, embedding } = this.#source;
    checkNumbers(frame, "frame");
    if (frame.length !== this.#inputSize) {
      const got = `${frame.length}`;
      throw new RangeError(message("frame", `${this.#inputSize} numbers`, got));
    }
    if (out !== this.#view) checkOut(out, this.#outputSize);
    const { model } = runtime;
    if (!embedding) model.step(states, frame, 0, out);
    else {
      const { vocabSize, size } = embedding.options;
      const token = checkToken(frame[0], vocabSize, "frame");
      model.step(states, embedding.table, token * size, out);
    }
    return out;
  }

  /**
   * n time steps in one go: n·I numbers → n·O numbers, the same bits as n calls of `step`.
   *
   * @throws TypeError, RangeError as `step`
   */
  run(frames: ArrayLike<number>, out?: Float32Array): Float32Array {
    const states = this.#open();
    const { runtime, embedding } = this.#source;
    checkNumbers(frames, "frames");
    const count = frames.length / this.#inputSize;
    if (!Number.isInteger(count) || count < 1) {
      const expected = `n · ${this.#inputSize} numbers, n at least 1`;
      throw new RangeError(message("frames", expected, `${frames.length}`));
    }
    if (out !== undefined) checkOut(out, count * this.#outputSize);
    const inputs = embedding ? embedding.lookUp(frames, "frames") : frames;
    const result = out ?? new Float32Array(count * this.#outputSize);
    runtime.model.run(states, inputs, count, result);
    return result;
  }

  /** Where the sequence stands: a copy. Set it to go on from there; what is set is checked and copied. */
  get state(): S {
    const { runtime } = this.#source;
    return this.#source.join(runtime.model.readStates(this.#open()));
  }

  set state(state: S) {
    const states = this.#open();
    const parts = this.#source.split(state);
    this.#source.runtime.model.writeStates(states, parts);
  }

  /** Back to zeros, or the layers' learned states. */
  reset(): void {
    this.#source.runtime.model.writeStates(this.#open(), []);
  }

  /** A copy that goes its own way from here on. */
  fork(): Stream<S> {
    const copy = this.#source.runtime.model.fork(this.#open());
    return new Stream(this.#source, copy);
  }

  /** Optional: a stream that is dropped is gone by itself. */
  dispose(): void {
    if (this.#states) this.#source.runtime.close(this.#states);
    this.#states = null;
  }
}

/** Runs at every step: nothing is built unless it throws. */
function checkNumbers(values: ArrayLike<unknown>, name: string): void {
  if (isFloat32Array(values)) return;
  if (!isList(values)) throw wrong(false, name, "a list of numbers", values);
  if (typedArrayName.call(values) !== undefined) return;
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i];
    if (typeof value !== "number") {
      throw wrong(false, `${name}[${i}]`, "a number", value);
    }
  }
}

function checkOut(out: unknown, size: number): void {
  if (!isFloat32Array(out)) {
    throw wrong(false, "out", `a Float32Array of length ${size}`, out);
  }
  if (out.length < size) {
    throw new RangeError(message("out", `room for ${size}`, `${out.length}`));
  }
}
