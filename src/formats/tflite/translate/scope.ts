import { FormatError } from "../../../errors.js";
import type {
  DescriptionBuilder,
  LayerNote,
  Value,
} from "../../../graph/index.js";
import type { BackendChoice, Precision } from "../../../layers/options.js";
import { type Constants, dtypeOf } from "../constants.js";
import type { Subgraph, Tensor } from "../model.js";

/** Types that represent floats if they have a scale. */
const QUANTIZED = new Set(["INT8", "UINT8", "INT16"]);

/** The values that the model keeps from run to run. */
export interface StateStore {
  /** A tensor that an operator keeps: a variable tensor, or a value that is passed in. */
  read(tensor: Tensor, scope: Scope): string;
  write(tensor: Tensor, scope: Scope, value: string): void;
  /** A variable by name; `tensor` is the one that it is read into. */
  readVariable(variable: string, tensor: Tensor, scope: Scope): string;
  assign(variable: string, tensor: Tensor, scope: Scope, value: string): void;
}

/** The context of a subgraph: the file, and the graph that it is translated into. */
export interface Surroundings {
  readonly constants: Constants;
  readonly backend: BackendChoice;
  readonly precision: Precision;
  /** Whether quantised models are computed in integers. */
  readonly exact: boolean;
  readonly states: StateStore;
  /** The file's recurrent layers, for the report. */
  readonly layers: LayerNote[];
  /** Notes that an operator on integers is computed in floats. */
  noteRounded(operator: string): void;
  /** Checks the index of a subgraph that an operator names. */
  subgraph(index: number, place: string): number;
  expectCounts(
    index: number,
    inputs: number,
    outputs: number,
    place: string,
  ): void;
  /** Adds the nodes of a subgraph's operators; `give` sets its inputs. */
  run(
    index: number,
    builder: DescriptionBuilder,
    isBody: boolean,
    give: (scope: Scope) => void,
  ): Scope;
  /** Runs a subgraph whose assignments are the first values of variables. */
  initialize(index: number, place: string): void;
}

/**
 * A subgraph in translation: what each of its tensors is in the graph. A quantised one may be there as stored, in
 * integers, and as what these stand for; each is made of the other when it is asked for.
 */
export class Scope {
  readonly subgraph: Subgraph;
  readonly builder: DescriptionBuilder;
  readonly translation: Surroundings;
  /** Whether it is the body of a WHILE or IF. */
  readonly isBody: boolean;
  readonly #real: (string | undefined)[] = [];
  readonly #stored: (string | undefined)[] = [];
  readonly #known = new Map<number, Value>();
  readonly #variables = new Map<number, string>();

  constructor(
    subgraph: Subgraph,
    builder: DescriptionBuilder,
    translation: Surroundings,
    isBody: boolean,
  ) {
    this.subgraph = subgraph;
    this.builder = builder;
    this.translation = translation;
    this.isBody = isBody;
  }

  get states(): StateStore {
    return this.translation.states;
  }

  get precision(): Precision {
    return this.translation.precision;
  }

  get backend(): BackendChoice {
    return this.translation.backend;
  }

  /** Before so many bytes are made of the file. */
  take(bytes: number, place: string): void {
    this.translation.constants.take(bytes, place);
  }

  /** Says which variable a tensor is the handle of. */
  setVariable(index: number, name: string): void {
    this.#variables.set(index, name);
  }

  /** The variable that a tensor is the handle of. */
  variable(index: number): string {
    const name = this.#variables.get(index);
    if (name !== undefined) return name;
    throw new FormatError(
      "expected the handle of a variable, got another tensor",
      this.tensor(index).place,
    );
  }

  tensor(index: number): Tensor {
    return this.subgraph.tensors[index] as Tensor;
  }

  /** Whether the tensor's values are integers that stand for floats, and are computed as such. */
  isQuantized({ type, quantization }: Tensor): boolean {
    const { exact } = this.translation;
    return exact && quantization !== null && QUANTIZED.has(type);
  }

  /** Whether something has made the tensor already. */
  isMade(index: number): boolean {
    return this.#real[index] !== undefined || this.#stored[index] !== undefined;
  }

  /** What the tensor is: its own numbers, or the floats that these stand for. */
  real(index: number): string {
    const found = this.#real[index];
    if (found !== undefined) return found;
    const tensor = this.tensor(index);
    const stored = this.#stored[index];
    const made =
      stored === undefined
        ? this.builder.constant(this.#value(tensor), tensor.name || "constant")
        : this.dequantized(stored, tensor);
    this.#real[index] = made;
    return made;
  }

  /** The tensor in integers. */
  stored(index: number): string {
    const tensor = this.tensor(index);
    if (!this.isQuantized(tensor) && !this.#isConstant(tensor))
      return this.real(index);
    const found = this.#stored[index];
    if (found !== undefined) return found;
    const made = this.#isConstant(tensor)
      ? this.builder.constant(
          this.translation.constants.stored(tensor),
          tensor.name || "constant",
        )
      : this.quantized(this.real(index), tensor);
    this.#stored[index] = made;
    return made;
  }

  /** Says what the tensor is: floats, where it is quantised rounded to what its integers can stand for. */
  give(index: number, value: string): void {
    const tensor = this.tensor(index);
    if (this.isQuantized(tensor)) {
      this.#stored[index] = this.quantized(value, tensor);
      this.#real[index] = undefined;
    } else this.#real[index] = value;
  }

  /** Says what the tensor's integers are. */
  giveStored(index: number, value: string): void {
    if (this.isQuantized(this.tensor(index))) {
      this.#stored[index] = value;
      this.#real[index] = undefined;
    } else this.#real[index] = value;
  }

  /** A tensor whose value is known now. */
  giveKnown(index: number, value: Value): void {
    this.#known.set(index, value);
  }

  /** The tensor's value where it is known now, as floats where it is quantised. */
  known(index: number): Value | null {
    const found = this.#known.get(index);
    if (found) return found;
    const tensor = this.tensor(index);
    if (!this.#isConstant(tensor)) return null;
    const value = this.translation.constants.real(tensor);
    this.#known.set(index, value);
    return value;
  }

  /** The integers that a constant holds. */
  knownStored(index: number): Value | null {
    const tensor = this.tensor(index);
    return this.#isConstant(tensor)
      ? this.translation.constants.stored(tensor)
      : null;
  }

  #isConstant(tensor: Tensor): boolean {
    return !this.isMade(tensor.index) && this.translation.constants.has(tensor);
  }

  #value(tensor: Tensor): Value {
    const value = this.known(tensor.index);
    if (value) return value;
    throw new FormatError(
      "expected a value that comes before it is read, got none",
      tensor.place,
    );
  }

  /** Floats that the integers stand for. */
  dequantized(stored: string, tensor: Tensor): string {
    if (!this.isQuantized(tensor)) return stored;
    return this.builder.add(
      "DequantizeLinear",
      [stored, ...this.#scale(tensor)],
      this.#axis(tensor),
      { name: `${tensor.name || "value"}/dequantized` },
    );
  }

  /** Integers that stand for the floats, or for what is next to them. */
  quantized(real: string, tensor: Tensor): string {
    if (!this.isQuantized(tensor)) return real;
    return this.builder.add(
      "QuantizeLinear",
      [real, ...this.#scale(tensor)],
      { ...this.#axis(tensor), rounding: "away" },
      { name: tensor.name || "value" },
    );
  }

  #axis({ quantization }: Tensor) {
    return quantization && quantization.scales.length > 1
      ? { axis: quantization.axis }
      : {};
  }

  #scale({ quantization, type }: Tensor): [scale: string, zero: string] {
    const { scales, zeros } = quantization as NonNullable<typeof quantization>;
    const shape = scales.length > 1 ? [scales.length] : [];
    const dtype = dtypeOf(type) as "int8";
    return [
      this.builder.constant(
        { dtype: "float32", shape, data: Float32Array.from(scales) },
        "scale",
      ),
      this.builder.constant(
        { dtype, shape, data: Float64Array.from(zeros) },
        "zero_point",
      ),
    ];
  }
}
