import { FormatError } from "../../../errors.js";
import type {
  AttributeValue,
  DescriptionBuilder,
  Value,
} from "../../../graph/index.js";
import type { Operator, Tensor } from "../model.js";
import { ACTIVATIONS, type FusedActivation } from "../schema.js";
import type { Table } from "../table.js";
import type { Scope } from "./scope.js";

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** An operator in its scope: its tensors by their indices among its inputs and outputs. */
export class Call {
  readonly operator: Operator;
  readonly scope: Scope;

  constructor(operator: Operator, scope: Scope) {
    this.operator = operator;
    this.scope = scope;
  }

  get builder(): DescriptionBuilder {
    return this.scope.builder;
  }

  get options(): Table {
    return this.operator.options;
  }

  get inputCount(): number {
    return this.operator.inputs.length;
  }

  get outputCount(): number {
    return this.operator.outputs.length;
  }

  /** Whether the input is given. */
  has(input: number): boolean {
    return (this.operator.inputs[input] ?? -1) >= 0;
  }

  /** The tensor of an input. */
  tensor(input: number): Tensor {
    return this.scope.tensor(this.#input(input));
  }

  /** The tensor of an output. */
  target(output = 0): Tensor {
    return this.scope.tensor(this.#output(output));
  }

  /** An input's value, dequantised. */
  real(input = 0): string {
    return this.scope.real(this.#input(input));
  }

  /** An input's value, not dequantised. */
  stored(input = 0): string {
    return this.scope.stored(this.#input(input));
  }

  /** An input's value if it is constant, dequantised; otherwise null. */
  known(input: number): Value | null {
    return this.has(input) ? this.scope.known(this.#input(input)) : null;
  }

  /** The current value of a state input, dequantised. */
  state(input: number): string {
    return this.scope.dequantized(this.storedState(input), this.tensor(input));
  }

  /** Sets the value of a state input, which is quantised if the tensor is. */
  setState(input: number, value: string): void {
    const tensor = this.tensor(input);
    this.setStoredState(input, this.scope.quantized(value, tensor));
  }

  storedState(input: number): string {
    return this.scope.states.read(this.tensor(input), this.scope);
  }

  setStoredState(input: number, value: string): void {
    this.scope.states.write(this.tensor(input), this.scope, value);
  }

  /** The integers of an input that must be constant. */
  list(input: number): number[] {
    const value = this.known(input);
    if (value && value.dtype !== "float32") return Array.from(value.data);
    throw this.refuse(
      `expected input ${input} to be constant integers, got ${value ? "floats" : "a value that is computed"}`,
    );
  }

  /** An input's value if it is constant, not dequantised; otherwise null. */
  knownStored(input: number): Value | null {
    return this.has(input) ? this.scope.knownStored(this.#input(input)) : null;
  }

  /** Sets an output to floats, which are quantised if the tensor is. */
  give(value: string, output = 0): void {
    if (output >= this.outputCount) return;
    const { scope, operator } = this;
    if (scope.isQuantized(this.target(output)) && operator.name !== "QUANTIZE")
      scope.translation.noteRounded(operator.name);
    scope.give(this.#output(output), value);
  }

  giveStored(value: string, output = 0): void {
    if (output < this.outputCount)
      this.scope.giveStored(this.#output(output), value);
  }

  /** Adds a layer to the report. */
  describe(
    sizes: Readonly<Record<string, number>>,
    words: readonly (string | false)[],
  ): void {
    this.scope.translation.layers.push({
      name: this.#name,
      type: this.operator.name,
      sizes,
      convention: words.filter((word) => word !== false).join(", "),
    });
  }

  /** Adds a node, named by the first output. */
  emit(
    type: string,
    inputs: readonly string[],
    attributes: Attributes = {},
  ): string {
    return this.builder.add(type, inputs, attributes, { name: this.#name });
  }

  emitWide(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Attributes = {},
  ): string[] {
    return this.builder.addWide(type, inputs, count, attributes, {
      name: this.#name,
    });
  }

  /** A float constant. */
  scalar(value: number): string {
    const data = Float32Array.of(value);
    return this.builder.constant({ dtype: "float32", shape: [], data });
  }

  /** The fused activation in the options. */
  get fused(): FusedActivation {
    const number = this.options.byte("fused_activation_function");
    const found = ACTIVATIONS[number];
    if (found && found !== "SIGN_BIT") return found;
    throw this.refuse(
      `expected a known fused_activation_function, got ${found ?? number}`,
    );
  }

  /** The value after the fused activation. */
  activated(value: string, activation = this.fused): string {
    if (activation === "NONE") return value;
    if (activation === "RELU") return this.emit("Relu", [value]);
    if (activation === "TANH") return this.emit("Tanh", [value]);
    return this.emit("Clip", [value], clipOf(activation));
  }

  refuse(text: string): FormatError {
    return new FormatError(text, this.operator.place);
  }

  get #name(): string {
    const [first] = this.operator.outputs;
    const name = first === undefined ? "" : this.scope.tensor(first).name;
    return name || this.operator.name;
  }

  #input(input: number): number {
    const index = this.operator.inputs[input] ?? -1;
    if (index >= 0) return index;
    throw this.refuse(`expected input ${input}, got none`);
  }

  #output(output: number): number {
    const index = this.operator.outputs[output];
    if (index !== undefined) return index;
    throw this.refuse(`expected output ${output}, got none`);
  }
}

const clipOf = (activation: FusedActivation) =>
  activation === "RELU6" ? { min: 0, max: 6 } : { min: -1, max: 1 };

/** Translates an operator into nodes. */
export type Translate = (call: Call) => void;
