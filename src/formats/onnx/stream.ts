import { message, record, wrong } from "../../checks.js";
import type { Tensor } from "../../tensor.js";
import {
  checkShape,
  type Input,
  type OnnxInput,
  toTensor,
  toValue,
  zerosOf,
} from "./input.js";
import type { OnnxModel } from "./model.js";
import type { Value } from "./value.js";

/** What is handed on from one run to the next. */
export interface OnnxStreamOptions {
  /** Inputs by the outputs of the run before that they are: `{ h0: "hn" }`. */
  states: Readonly<Record<string, string>>;
  /** What the state inputs are in the first run; zeros by default. */
  initial?: Readonly<Record<string, OnnxInput>>;
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

/** One sequence running through a model, piece by piece. */
export class OnnxStream {
  readonly #model: OnnxModel;
  readonly #outputs: ReadonlyMap<string, string>;
  readonly #names: ReadonlySet<string>;
  readonly #links: readonly StateLink[];
  readonly #initial: ReadonlyMap<string, Value>;
  #states: ReadonlyMap<string, Value>;

  /** @internal */
  constructor(model: OnnxModel, options: OnnxStreamOptions) {
    const known = { states: 0, initial: 0 };
    const { states, initial = {} } = record(options, "options", known);
    this.#model = model;
    this.#outputs = new Map(
      Object.entries(record(states, "states")).map(([name, output]) => {
        const place = `states[${JSON.stringify(name)}]`;
        checkName(name, place, model.inputs);
        checkName(output, place, model.outputs);
        return [name, output as string];
      }),
    );
    this.#names = new Set(this.#outputs.keys());
    this.#links = Array.from(this.#outputs, ([name, output]) => ({
      name,
      input: this.#input(name),
      at: placeIn(model.inputs, name),
      outputAt: placeIn(model.outputs, output),
      place: `outputs[${JSON.stringify(output)}]`,
    }));
    this.#initial = this.#check(initial, "initial");
    this.#states = this.#initial;
  }

  /**
   * The next run.
   *
   * @param inputs all but the states
   * @returns all outputs, the states too
   * @throws TypeError, RangeError as OnnxModel.run; the states are then as before
   */
  run(inputs: Readonly<Record<string, OnnxInput>>): Record<string, Tensor> {
    const model = this.#model;
    const values = model.check(inputs, this.#names);
    if (this.#states.size < this.#links.length) this.#fillZeros(values);
    for (const { name, at } of this.#links)
      values[at] = this.#states.get(name) ?? values[at];
    const outputs = model.compute(values);
    const next = new Map<string, Value>();
    for (const { name, input, place, outputAt } of this.#links) {
      const value = outputs[outputAt] as Value;
      const { info, dtype } = input;
      checkShape(value, info, place);
      if (value.dtype !== dtype)
        throw new RangeError(
          message(place, `${dtype} for the input ${name}`, value.dtype),
        );
      next.set(name, value);
    }
    const tensors = model.tensors(outputs);
    this.#states = next;
    return tensors;
  }

  /** The state inputs of the next run: copies; only those that are known, so none before the first run of zeros. */
  get state(): Record<string, Tensor> {
    return Object.fromEntries(
      Array.from(this.#states, ([name, value]) => [
        name,
        toTensor(value, name),
      ]),
    );
  }

  set state(state: Readonly<Record<string, OnnxInput>>) {
    this.#states = this.#check(state, "state");
  }

  /** Back to where the stream began. */
  reset(): void {
    this.#states = this.#initial;
  }

  /** A copy that goes its own way from here on. */
  fork(): OnnxStream {
    const copy = make(this.#model, {
      states: Object.fromEntries(this.#outputs),
      initial: {},
    });
    copy.#states = this.#states;
    return copy;
  }

  /** Values of state inputs, as copies: they outlive the call. */
  #check(given: unknown, place: string): Map<string, Value> {
    const values = new Map<string, Value>();
    for (const [name, value] of Object.entries(record(given, place))) {
      if (!this.#outputs.has(name)) {
        const expected = `the states ${[...this.#outputs.keys()].join(", ")} alone`;
        throw new RangeError(
          message(`${place}[${JSON.stringify(name)}]`, expected, "one more"),
        );
      }
      const { dtype, shape, data } = toValue(value, this.#input(name));
      values.set(name, { dtype, shape, data: data.slice() });
    }
    return values;
  }

  /** Gives the states that are not known yet their value in the first run. */
  #fillZeros(values: (Value | undefined)[]): void {
    const sizes = freeSizes(this.#model, values);
    for (const { name, input, at } of this.#links) {
      if (this.#states.has(name)) continue;
      const { info, dtype, initial } = input;
      const zeros = initial ?? zerosOf(info, dtype, sizes);
      if (!zeros) {
        const place = `initial[${JSON.stringify(name)}]`;
        const expected = "a value, since the file does not say its size";
        throw new RangeError(message(place, expected, "nothing"));
      }
      values[at] = zeros;
    }
  }

  #input(name: string): Input {
    return this.#model.input(name) as Input;
  }
}

// Outside of the class: esbuild calls one that names itself _OnnxStream, and so would consoles.
const make = (model: OnnxModel, options: OnnxStreamOptions): OnnxStream =>
  new OnnxStream(model, options);

function placeIn(list: readonly { name: string }[], name: string): number {
  return list.findIndex((own) => own.name === name);
}

function checkName(
  name: unknown,
  place: string,
  list: readonly { name: string }[],
): void {
  if (list.some((own) => own.name === name)) return;
  const names = list.map((own) => own.name).join(", ");
  throw wrong(typeof name === "string", place, `one of ${names}`, name);
}

/** The sizes that the inputs' free dimensions have. */
function freeSizes(
  model: OnnxModel,
  given: readonly (Value | undefined)[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  model.inputs.forEach(({ shape }, at) =>
    shape?.forEach((size, axis) => {
      const own = given[at]?.shape[axis];
      if (typeof size === "string" && own !== undefined) sizes.set(size, own);
    }),
  );
  return sizes;
}
