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

export interface OnnxStreamOptions {
  /** Inputs by the outputs of the run before that they are: `{ h0: "hn" }`. */
  states: Readonly<Record<string, string>>;
  /** What the state inputs are in the first run; zeros by default. */
  initial?: Readonly<Record<string, OnnxInput>>;
}

/** One sequence running through a model, piece by piece. */
export class OnnxStream {
  readonly #model: OnnxModel;
  readonly #outputs: ReadonlyMap<string, string>;
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
    const given = model.check(inputs, new Set(this.#outputs.keys()));
    const sizes = freeSizes(model, given);
    for (const name of this.#outputs.keys())
      given.set(name, this.#states.get(name) ?? this.#zeros(name, sizes));
    const outputs = model.compute(given);
    const next = new Map<string, Value>();
    for (const [name, output] of this.#outputs) {
      const value = outputs.get(output) as Value;
      const { info, dtype } = this.#input(name);
      const place = `outputs[${JSON.stringify(output)}]`;
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
    const copy = new OnnxStream(this.#model, {
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
      const { info, dtype } = this.#input(name);
      const { shape, data } = toValue(value, info, dtype);
      values.set(name, { dtype, shape, data: data.slice() });
    }
    return values;
  }

  #zeros(name: string, sizes: ReadonlyMap<string, number>): Value {
    const { info, dtype, initial } = this.#input(name);
    const zeros = initial ?? zerosOf(info, dtype, sizes);
    if (zeros) return zeros;
    const place = `initial[${JSON.stringify(name)}]`;
    throw new RangeError(
      message(
        place,
        "a value, since the file does not say its size",
        "nothing",
      ),
    );
  }

  #input(name: string): Input {
    return this.#model.input(name) as Input;
  }
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
  given: ReadonlyMap<string, Value>,
): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { name, shape } of model.inputs)
    shape?.forEach((size, axis) => {
      const own = given.get(name)?.shape[axis];
      if (typeof size === "string" && own !== undefined) sizes.set(size, own);
    });
  return sizes;
}
