/*
 * A stream's frames as plain numbers, for callers who know of no tensors: which input they are of, the value that they
 * are written into, and the numbers of the output that comes of it.
 */
import { isFloat32Array, message, wrong } from "../checks.js";
import { sizeOf } from "../tensor.js";
import { describeShape, type Input } from "./ports.js";
import type { Runner } from "./runner.js";
import { storage, type Value } from "./value.js";

/** Frames as plain numbers: into the one input, out of the one output that count. */
export class Frames {
  readonly #input: Input | null;
  readonly #at: number;
  readonly #outputAt: number;
  readonly #others: readonly Input[];
  readonly #values: (Value | undefined)[];
  #frame: Value | null = null;
  #view = new Float32Array(0);

  constructor(
    runner: Runner,
    known: ReadonlySet<string>,
    stateOutputs: ReadonlySet<number>,
  ) {
    const open = runner.inputs.filter(({ port }) => !known.has(port.name));
    // older files list weights as inputs too, which have their value
    const needed = open.filter(({ initial }) => !initial);
    this.#input = needed[0] ?? open[0] ?? null;
    this.#others = needed.slice(1);
    this.#at = runner.inputs.indexOf(this.#input as Input);
    this.#outputAt = runner.outputs.findIndex((_, i) => !stateOutputs.has(i));
    this.#values = runner.inputs.map(({ initial }) => initial ?? undefined);
  }

  /** Numbers of a frame, the free sizes being 1. */
  size(): number {
    const { port } = this.#checked();
    const shape = this.#frame?.shape ?? port.shape ?? [1];
    return sizeOf(shape.map((size) => (typeof size === "string" ? 1 : size)));
  }

  values(frame: ArrayLike<number>): (Value | undefined)[] {
    const input = this.#checked();
    const { length } = frame;
    if (this.#frame?.data.length !== length) this.#frame = room(input, length);
    const { data } = this.#frame;
    const integers = data instanceof Float64Array;
    for (let i = 0; i < length; i++) {
      const value = frame[i];
      if (typeof value !== "number" || (integers && !Number.isInteger(value)))
        throw wrong(
          typeof value === "number",
          `frame[${i}]`,
          integers ? "an integer" : "a number",
          value,
        );
      data[i] = value;
    }
    this.#values[this.#at] = this.#frame;
    return this.#values;
  }

  write(outputs: readonly Value[], out?: Float32Array): Float32Array {
    const { data } = outputs[this.#outputAt] as Value;
    if (out) checkOut(out, data.length);
    else if (this.#view.length !== data.length)
      this.#view = new Float32Array(data.length);
    const to = out ?? this.#view;
    to.set(data);
    return to;
  }

  /** The input that frames are of. */
  #checked(): Input {
    if (!this.#input || this.#outputAt < 0)
      throw new RangeError(
        message(
          "step",
          "an input and an output that are no states",
          "none: give inputs by their names",
        ),
      );
    const [other] = this.#others;
    if (!other) return this.#input;
    throw new RangeError(
      message(
        `inputs[${JSON.stringify(other.port.name)}]`,
        "a value in the stream's options, or all inputs by their names",
        "a frame alone",
      ),
    );
  }
}

/** The value that frames of this length are written into. */
function room({ port, dtype }: Input, length: number): Value {
  const shape = [...(port.shape ?? ["?"])];
  const free = shape.map((size) => typeof size === "string").lastIndexOf(true);
  const sizes = shape.map((size) => (typeof size === "string" ? 1 : size));
  const rest = length / sizeOf(sizes);
  if (free >= 0 && Number.isInteger(rest)) sizes[free] = rest;
  if (!length || sizeOf(sizes) !== length) {
    const expected = `numbers for ${describeShape(port)}`;
    throw new RangeError(message("frame", expected, `${length}`));
  }
  return { dtype, shape: sizes, data: storage(dtype, length) };
}

/** @throws TypeError, RangeError unless it is a Float32Array with room for `size` numbers */
export function checkOut(out: unknown, size: number): void {
  if (!isFloat32Array(out))
    throw wrong(false, "out", `a Float32Array of length ${size}`, out);
  if (out.length < size)
    throw new RangeError(message("out", `room for ${size}`, `${out.length}`));
}
