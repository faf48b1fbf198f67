/*
 * What a model keeps from run to run: variable tensors of recurrent operators, and variables that operators read and
 * assign. In the graph each is an input with a value of its own, and an output that is fed back into it.
 */
import { FormatError } from "../../../errors.js";
import type { Dtype, DescriptionBuilder, Value } from "../../../graph/index.js";
import { dtypeOf, sizeIn } from "../constants.js";
import type { Tensor } from "../model.js";
import type { Scope, StateStore } from "./scope.js";

interface State {
  /** The variable's name; that of its tensor where it has none. */
  readonly variable: string;
  /** Of the graph's input. */
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** What it is now. */
  value: string;
}

export class States implements StateStore {
  readonly #builder: DescriptionBuilder;
  readonly #states = new Map<string, State>();
  /** Values of variables before the first run. */
  readonly #initial = new Map<string, Value>();

  constructor(builder: DescriptionBuilder) {
    this.#builder = builder;
  }

  get all(): readonly State[] {
    return [...this.#states.values()];
  }

  /** What a variable is before the first run. */
  setInitial(variable: string, value: Value): void {
    this.#initial.set(variable, value);
  }

  /** A tensor that an operator keeps: a variable, or a value that comes from elsewhere. */
  read(tensor: Tensor, scope: Scope): string {
    const { index, name } = tensor;
    if (!tensor.isVariable && scope.isMade(index)) return scope.stored(index);
    expectOutside(tensor.place, scope);
    const state = this.#of(`tensor ${index}`, name, () =>
      zerosOf(tensor, scope),
    );
    return state.value;
  }

  write(tensor: Tensor, scope: Scope, value: string): void {
    const state = this.#states.get(`tensor ${tensor.index}`);
    if (state) state.value = value;
    else scope.giveStored(tensor.index, value);
  }

  readVariable(variable: string, tensor: Tensor, scope: Scope): string {
    const known = () => this.#initial.get(variable) ?? zerosOf(tensor, scope);
    return this.#of(`variable ${variable}`, variable, known).value;
  }

  assign(variable: string, tensor: Tensor, scope: Scope, value: string): void {
    expectOutside(tensor.place, scope);
    this.readVariable(variable, tensor, scope);
    (this.#states.get(`variable ${variable}`) as State).value = value;
  }

  /** Makes outputs of the states' values, beside those that are taken. */
  giveOutputs(taken: ReadonlySet<string>): void {
    for (const { name, value, dtype, shape } of this.all) {
      if (taken.has(outputOf(name)))
        throw new FormatError(
          "expected outputs of other names than the states', got one of theirs",
          JSON.stringify(outputOf(name)),
        );
      this.#builder.output(value, { name: outputOf(name), type: dtype, shape });
    }
  }

  #of(key: string, given: string, initialOf: () => Value): State {
    const found = this.#states.get(key);
    if (found) return found;
    const initial = initialOf();
    const name = this.free(given || "state");
    const { dtype, shape } = initial;
    this.#builder.input(name, shape, dtype, initial, outputOf(name));
    const state = { variable: given, name, dtype, shape, value: name };
    this.#states.set(key, state);
    return state;
  }

  /** The name, or with a number behind where it is taken. */
  free(given: string): string {
    let name = given;
    for (let i = 1; this.#builder.has(name); i++) name = `${given}_${i}`;
    return name;
  }
}

/** Of a state's input, the output that is fed back into it. */
const outputOf = (name: string): string => `${name}_out`;

/** A body is run many times or never: what it keeps could not be an output of the graph. */
function expectOutside(place: string, { isBody }: Scope): void {
  if (!isBody) return;
  throw new FormatError(
    "expected states outside of WHILE and IF, got one that a subgraph changes",
    place,
  );
}

/** Integers that stand for 0 where the tensor is quantised. */
function zerosOf(tensor: Tensor, scope: Scope): Value {
  const { type, shape, place, quantization } = tensor;
  const exact = scope.isQuantized(tensor);
  const dtype = exact || !quantization ? dtypeOf(type) : "float32";
  if (!dtype) throw new FormatError(`expected numbers, got ${type}`, place);
  const count = sizeIn(shape, place);
  scope.take(8 * count, place);
  const data =
    dtype === "float32" ? new Float32Array(count) : new Float64Array(count);
  if (exact) data.fill(quantization?.zeros[0] ?? 0);
  return { dtype, shape, data };
}
