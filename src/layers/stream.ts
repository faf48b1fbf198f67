import { isFloat32Array, message, wrong } from "../checks.js";
import type { StreamState } from "../kernel/slots.js";
import { checkToken } from "./input.js";
import type { Runtime } from "./runtime.js";
import type { State } from "./state.js";

/** How a stream's states, all in one array, become the State that users see, and back. */
export interface StateView<S> {
  read(states: Float32Array): S;
  /** Checks `state` whole before it writes. */
  write(state: unknown, states: Float32Array): void;
}

/** What streams of one layer or model share. */
export interface StreamSource<S> {
  readonly runtime: Runtime;
  readonly view: StateView<S>;
  /** After an Embedding a frame is [token], and the kernel's frame that token's row. */
  readonly embedding: {
    readonly vocabSize: number;
    readonly size: number;
    readonly table: Float32Array;
  } | null;
}

/** One sequence running through a layer or model, step by step; as many as you like over one set of weights. */
export class Stream<S = State> {
  readonly #source: StreamSource<S>;
  #states: StreamState | null;
  readonly #inputSize: number;
  readonly #outputSize: number;
  readonly #out: Float32Array;

  /** @internal */
  constructor(source: StreamSource<S>) {
    const { model } = source.runtime;
    this.#source = source;
    this.#states = model.open();
    this.#inputSize = source.embedding ? 1 : model.network.inputSize;
    this.#outputSize = model.network.outputSize;
    this.#out = new Float32Array(this.#outputSize);
  }

  #open(): StreamState {
    if (!this.#states)
      throw new Error(
        "stream: expected one in use, got one that was disposed of",
      );
    return this.#states;
  }

  /**
   * One time step: frame [I] → [O]. Without `out` the result is a view, valid until this stream's next call.
   * Allocates nothing.
   *
   * @throws TypeError, RangeError for a frame or `out` of the wrong kind or size; the state is then as before
   */
  step(frame: ArrayLike<number>, out: Float32Array = this.#out): Float32Array {
    const states = this.#open();
    const { runtime, embedding } = this.#source;
    checkNumbers(frame, "frame");
    if (frame.length !== this.#inputSize) {
      throw new RangeError(
        message("frame", `${this.#inputSize} numbers`, `${frame.length}`),
      );
    }
    if (out !== this.#out) checkOut(out, this.#outputSize);
    const { model } = runtime;
    if (embedding) {
      const token = checkToken(frame[0], embedding.vocabSize, "frame");
      model.step(states, embedding.table, token * embedding.size, out);
    } else model.step(states, frame, 0, out);
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
      throw new RangeError(
        message(
          "frames",
          `n · ${this.#inputSize} numbers, n at least 1`,
          `${frames.length}`,
        ),
      );
    }
    if (out !== undefined) checkOut(out, count * this.#outputSize);
    const inputs = embedding ? embed(frames, embedding) : frames;
    const result = out ?? new Float32Array(count * this.#outputSize);
    runtime.model.run(states, inputs, count, result);
    return result;
  }

  /** Where the sequence stands: a copy. Set it to go on from there; what is set is checked and copied. */
  get state(): S {
    return this.#source.view.read(
      this.#source.runtime.model.states(this.#open()),
    );
  }

  set state(state: S) {
    this.#source.view.write(
      state,
      this.#source.runtime.model.states(this.#open()),
    );
  }

  /** Back to zeros. */
  reset(): void {
    this.#source.runtime.model.states(this.#open()).fill(0);
  }

  /** A copy that goes its own way from here on. */
  fork(): Stream<S> {
    const states = this.#source.runtime.model.states(this.#open());
    const copy = new Stream(this.#source);
    copy.#open().parked.set(states);
    return copy;
  }

  /** Gives its place in the model's memory back at once; a stream that is dropped gives it back by itself. */
  dispose(): void {
    if (this.#states) this.#source.runtime.model.states(this.#states);
    this.#states = null;
  }
}

function checkNumbers(values: unknown, name: string): void {
  if (isFloat32Array(values)) return;
  if (ArrayBuffer.isView(values)) {
    if (
      values instanceof DataView ||
      "BigInt64Array BigUint64Array".includes(values.constructor.name)
    ) {
      throw wrong(false, name, "an array of numbers", values);
    }
    return;
  }
  if (!Array.isArray(values))
    throw wrong(false, name, "an array of numbers", values);
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== "number")
      throw wrong(false, `${name}[${i}]`, "a number", values[i]);
  }
}

function checkOut(out: unknown, size: number): void {
  if (!isFloat32Array(out))
    throw wrong(false, "out", `a Float32Array of length ${size}`, out);
  if (out.length < size)
    throw new RangeError(
      message("out", `room for ${size} numbers`, `${out.length}`),
    );
}

function embed(
  tokens: ArrayLike<number>,
  {
    vocabSize,
    size,
    table,
  }: { vocabSize: number; size: number; table: Float32Array },
): Float32Array {
  const rows = new Float32Array(tokens.length * size);
  for (let t = 0; t < tokens.length; t++) {
    const token = checkToken(tokens[t], vocabSize, `frames[${t}]`);
    rows.set(table.subarray(token * size, (token + 1) * size), t * size);
  }
  return rows;
}
