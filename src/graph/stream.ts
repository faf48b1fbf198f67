import { isList, message, record, wrong } from "../checks.js";
import type { ModelStream } from "../models/model.js";
import type { Tensor } from "../tensor.js";
import { checkOut, Frames } from "./frames.js";
import {
  checkShape,
  type GraphInput,
  type Input,
  toTensor,
  toValue,
  zerosOf,
} from "./ports.js";
import type { Runner } from "./runner.js";
import type { Value } from "./value.js";

/** What is handed on from one run to the next. */
export interface GraphStreamOptions {
  /** Inputs by the outputs of the run before that they are: `{ h0: "hn" }`; by default those that `inputs` say. */
  states?: Readonly<Record<string, string>>;
  /** What the state inputs are in the first run; zeros by default. */
  state?: Readonly<Record<string, GraphInput>>;
  /** Inputs that are the same in every run: `{ sr: 16000 }`. */
  inputs?: Readonly<Record<string, GraphInput>>;
}

/** An input that is an output of the run before, and where each is among the model's. */
interface StateLink {
  readonly name: string;
  readonly input: Input;
  readonly at: number;
  readonly outputAt: number;
  /** For messages: `outputs["hn"]`. */
  readonly place: string;
}

/** One sequence running through a graph, frame by frame. */
export class GraphStream implements ModelStream {
  readonly #runner: Runner;
  readonly #options: GraphStreamOptions;
  /** The names of inputs that are not given with every step: states, and those that stay. */
  readonly #known: ReadonlySet<string>;
  readonly #links: readonly StateLink[];
  #fixed: ReadonlyMap<number, Value>;
  #initial: ReadonlyMap<string, Value>;
  /** Own copies. */
  #states = new Map<string, Value>();
  /** Those of the step before, into which the next one writes: outputs may have the numbers of the inputs themselves. */
  readonly #spare = new Map<string, Value>();
  readonly #frames: Frames;
  #disposed = false;

  /** @internal */
  constructor(runner: Runner, options: GraphStreamOptions) {
    runner.checkUse();
    const { states, state = {}, inputs = {} } = options;
    this.#runner = runner;
    this.#options = options;
    const names = runner.inputs.map(({ port }) => port.name);
    this.#links = Object.entries(record(states, "states")).map(
      ([name, output]) => {
        const place = `states[${JSON.stringify(name)}]`;
        checkName(name, place, names);
        checkName(output, place, runner.outputs);
        return {
          name,
          input: this.#input(name),
          at: names.indexOf(name),
          outputAt: runner.outputs.indexOf(output as string),
          place: `outputs[${JSON.stringify(output)}]`,
        };
      },
    );
    this.#fixed = new Map(
      Object.entries(record(inputs, "inputs")).map(([name, value]) => {
        checkName(name, `inputs[${JSON.stringify(name)}]`, names);
        return [names.indexOf(name), copyOf(toValue(value, this.#input(name)))];
      }),
    );
    this.#known = new Set([
      ...this.#links.map(({ name }) => name),
      ...Object.keys(inputs),
    ]);
    this.#initial = this.#check(state, "state");
    this.#frames = new Frames(
      runner,
      this.#known,
      new Set(this.#links.map(({ outputAt }) => outputAt)),
    );
    this.reset();
  }

  /**
   * The next run. A list of numbers is a frame: the first input that is no state, its free sizes 1 but for the last
   * of them; it gives the first output that is no state: without `out` a view, valid until this stream's next call. By
   * names, all inputs but the states give all outputs, the states too, as copies.
   *
   * @throws TypeError, RangeError as Graph.run; the states are then as before
   */
  step(frame: ArrayLike<number>, out?: Float32Array): Float32Array;
  step(inputs: Readonly<Record<string, GraphInput>>): Record<string, Tensor>;
  step(
    given: ArrayLike<number> | Readonly<Record<string, GraphInput>>,
    out?: Float32Array,
  ): Float32Array | Record<string, Tensor> {
    if (isList(given)) {
      const values = this.#frames.values(given);
      return this.#frames.write(this.#compute(values), out);
    }
    return this.trace(given, null);
  }

  /** `step` by names; `trace` is told every value that a node makes. @internal */
  trace(
    given: Readonly<Record<string, GraphInput>>,
    trace: ((name: string, value: Value) => void) | null,
  ): Record<string, Tensor> {
    const values = this.#runner.check(given, this.#known);
    return this.#runner.tensors(this.#compute(values, trace));
  }

  /**
   * n frames in one go: the outputs one after another. By names, one run, as `step`.
   *
   * @throws TypeError, RangeError as `step`
   */
  run(frames: ArrayLike<number>, out?: Float32Array): Float32Array;
  run(inputs: Readonly<Record<string, GraphInput>>): Record<string, Tensor>;
  run(
    frames: ArrayLike<number> | Readonly<Record<string, GraphInput>>,
    out?: Float32Array,
  ): Float32Array | Record<string, Tensor> {
    if (!isList(frames)) return this.step(frames);
    const size = this.#frames.size();
    const count = frames.length / size;
    if (!Number.isInteger(count) || count < 1) {
      const expected = `n · ${size} numbers, n at least 1`;
      throw new RangeError(message("frames", expected, `${frames.length}`));
    }
    const all = Float32Array.from(frames);
    let result = out;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const output = this.step(all.subarray(i * size, (i + 1) * size));
      if (i === 0) {
        const total = output.length * count;
        if (out) checkOut(out, total);
        result = out ?? new Float32Array(total);
      }
      (result as Float32Array).set(output, at);
      at += output.length;
    }
    return result as Float32Array;
  }

  #compute(
    values: (Value | undefined)[],
    trace: ((name: string, value: Value) => void) | null = null,
  ): Value[] {
    this.#checkUse();
    for (const [at, value] of this.#fixed) values[at] = value;
    if (this.#states.size < this.#links.length) this.#fillZeros(values);
    for (const { name, at } of this.#links)
      values[at] = this.#states.get(name) ?? values[at];
    const outputs = this.#runner.compute(values, trace);
    for (const { name, input, place, outputAt } of this.#links) {
      const value = outputs[outputAt] as Value;
      const { port, dtype } = input;
      checkShape(value, port, place);
      if (value.dtype !== dtype)
        throw new RangeError(
          message(place, `${dtype} for the input ${name}`, value.dtype),
        );
    }
    for (const { name, outputAt } of this.#links)
      this.#keep(name, outputs[outputAt] as Value);
    return outputs;
  }

  #keep(name: string, value: Value): void {
    const own = this.#states.get(name);
    const spare = this.#spare.get(name);
    if (spare && sameShape(spare, value)) {
      spare.data.set(value.data);
      this.#states.set(name, spare);
    } else this.#states.set(name, copyOf(value));
    if (own) this.#spare.set(name, own);
  }

  /** The state inputs of the next run: copies; only those that are known, so none before the first run of zeros. */
  get state(): Record<string, Tensor> {
    this.#checkUse();
    return Object.fromEntries(
      Array.from(this.#states, ([name, value]) => [
        name,
        toTensor(value, name),
      ]),
    );
  }

  set state(state: Readonly<Record<string, GraphInput>>) {
    this.#checkUse();
    this.#states = this.#check(state, "state");
  }

  /** Back to where the stream began. */
  reset(): void {
    this.#checkUse();
    this.#states = copiesOf(this.#initial);
  }

  /** An independent copy from here on. */
  fork(): GraphStream {
    this.#checkUse();
    const copy = make(this.#runner, this.#options);
    copy.#states = copiesOf(this.#states);
    // not what the options say by now: their arrays are the caller's
    copy.#fixed = this.#fixed;
    copy.#initial = this.#initial;
    return copy;
  }

  /** Optional: a stream that is dropped is gone by itself. */
  dispose(): void {
    this.#disposed = true;
    this.#states.clear();
    this.#spare.clear();
  }

  #checkUse(): void {
    this.#runner.checkUse();
    if (!this.#disposed) return;
    throw new Error(
      "stream: expected one in use, got one that was disposed of",
    );
  }

  /** Values of state inputs, as copies: they outlive the call. */
  #check(given: unknown, place: string): Map<string, Value> {
    const values = new Map<string, Value>();
    const names = this.#links.map(({ name }) => name);
    for (const [name, value] of Object.entries(record(given, place))) {
      if (!names.includes(name)) {
        const expected = `the states ${names.join(", ")} alone`;
        throw new RangeError(
          message(
            `${place}[${JSON.stringify(name)}]`,
            expected,
            "an unknown one",
          ),
        );
      }
      values.set(name, copyOf(toValue(value, this.#input(name))));
    }
    return values;
  }

  /** Gives the states that are not known yet their value in the first run. */
  #fillZeros(values: (Value | undefined)[]): void {
    const sizes = freeSizes(this.#runner, values);
    for (const { name, input, at } of this.#links) {
      if (this.#states.has(name)) continue;
      const zeros = input.initial ?? zerosOf(input, sizes);
      if (!zeros) {
        const place = `state[${JSON.stringify(name)}]`;
        const expected = "a value, since the file does not say its size";
        throw new RangeError(message(place, expected, "nothing"));
      }
      values[at] = zeros;
    }
  }

  #input(name: string): Input {
    return this.#runner.inputs.find(({ port }) => port.name === name) as Input;
  }
}

// outside the class: esbuild renames a class that refers to itself to _GraphStream, which consoles would show
const make = (runner: Runner, options: GraphStreamOptions): GraphStream =>
  new GraphStream(runner, options);

const copyOf = ({ dtype, shape, data }: Value): Value => ({
  dtype,
  shape: [...shape],
  data: data.slice(),
});

const copiesOf = (values: ReadonlyMap<string, Value>): Map<string, Value> =>
  new Map(Array.from(values, ([name, value]) => [name, copyOf(value)]));

const sameShape = (a: Value, b: Value): boolean =>
  a.shape.length === b.shape.length &&
  a.shape.every((size, axis) => size === b.shape[axis]);

function checkName(
  name: unknown,
  place: string,
  list: readonly string[],
): void {
  if (list.includes(name as string)) return;
  throw wrong(
    typeof name === "string",
    place,
    `one of ${list.join(", ")}`,
    name,
  );
}

/** The sizes that the inputs' free dimensions have. */
function freeSizes(
  { inputs }: Runner,
  given: readonly (Value | undefined)[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  inputs.forEach(({ port }, at) =>
    port.shape?.forEach((size, axis) => {
      const own = given[at]?.shape[axis];
      if (typeof size === "string" && size !== "?" && own !== undefined)
        sizes.set(size, own);
    }),
  );
  return sizes;
}
