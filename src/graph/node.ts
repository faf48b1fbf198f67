import { counted, describe } from "../checks.js";
import { FormatError } from "../errors.js";
import type { Layer, State, Tensor } from "../index.js";
import type { Arrays } from "../layers/arrays.js";
import type { BackendChoice, Precision } from "../layers/options.js";
import {
  type AttributeValue,
  type BodyDescription,
  calledBy,
  isBody,
  isValue,
  type NodeDescription,
} from "./description.js";
import { countOf, type Dtype, storage, type Value } from "./value.js";
import type { Work } from "./work.js";

/** One value an input of the node, null for one that it leaves out; one value an output, null for one not made. */
export type Values = readonly (Value | null)[];

/**
 * What runs a node. `prepare` is told the inputs of a run and makes its outputs; as long as the inputs keep their
 * dtypes and shapes, and those that `reads` names their numbers, `Prepared.run` alone is called for every run to come.
 */
export interface Operation {
  /** The inputs whose numbers `prepare` looks at: axes, sizes, shapes. */
  readonly reads?: readonly number[];
  prepare(inputs: Values): Prepared;
}

export interface Prepared {
  /** What `run` fills; a value that has the numbers of an input is given them by `run`. */
  readonly outputs: Values;
  /** Null where the outputs are all there: those of constants and shapes. */
  readonly run: ((inputs: Values) => void) | null;
  /** How much one run is beside filling the outputs: multiplications and the like. */
  readonly work?: number;
  /** Gives back what it holds of the kernel's memory, when inputs of other shapes come. */
  release?(): void;
}

/** What runs a node whose outputs are others in every run: bodies, and what the numbers decide. */
export type Run = (inputs: Values, running: Running) => Values;

/** Checks a node and reads its attributes, once, at load. */
export type Compile = (node: Node) => Operation | Run;

/** How many numbers the nodes of a graph keep from run to run, and how many they may. */
export interface Keep {
  numbers: number;
  readonly most: number;
}

/** A layer as reports have it: what it was in the file, and what it became. */
export interface LayerNote {
  /** Of its node; "" when it has none. */
  readonly name: string;
  readonly type: string;
  readonly sizes: Readonly<Record<string, number>>;
  /** Gate order, variant and whatever else differs between frameworks. */
  readonly convention: string;
}

/** What is found out while a graph is compiled: a line each. */
export interface Notes {
  readonly layers: LayerNote[];
  readonly converted: string[];
  readonly ignored: string[];
  readonly warnings: string[];
}

/** One run of a plan, as its nodes see it. */
export interface Running {
  /** Values by slot. */
  readonly slots: (Value | undefined)[];
  readonly meter: Meter;
  /** Is told what is made. */
  readonly trace: ((slot: number, value: Value) => void) | null;
}

/** How much a run may do: a file that is told to loop, or to make large values, must not hang a page. */
export interface Meter {
  /** A node is run, whose work is so much: a number made, or a multiplication. @throws RangeError when it is too much */
  spend(place: string, work: number): void;
  /** A node makes room for its outputs. @throws RangeError when it is too much */
  take(place: string, bytes: number): void;
}

/** A node ready to run: its inputs and outputs by slot, -1 for those left out. */
export interface Step {
  readonly node: Node;
  readonly runs: StepRun;
  readonly inputs: readonly number[];
  /** The inputs as the file has them: those too that the node has taken in. */
  readonly stated: readonly number[];
  readonly outputs: readonly number[];
  /** Slots around it that its bodies read. */
  readonly captures: readonly number[];
  /** Slots that nobody reads after it. */
  readonly frees: readonly number[];
  /** Room for the values of the inputs. */
  readonly values: (Value | null)[];
}

/** What runs a node, with what it keeps from run to run. */
export interface StepRun {
  run(inputs: Values, running: Running): Values;
  /** Lets go of what it keeps. */
  forget(): void;
}

/** The body of an If, a Loop or a Scan. */
export interface Body {
  readonly steps: readonly Step[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Slots that it reads and does not fill. */
  readonly captures: readonly number[];
}

/**
 * Is told what a layer is about to run on, which is not to be kept: [.., I] of a Linear, [B, T, I] of others, and the
 * options of its `forward`.
 */
export type Watch = (
  layer: Layer,
  input: Tensor,
  options: { readonly state?: State; readonly [name: string]: unknown },
) => void;

/** What nodes share that is not there from the beginning. */
export interface SharedParts {
  /** Made when one first needs it. */
  arrays: Arrays | null;
  /** Of those who measure. */
  watch: Watch | null;
}

/** What all nodes of a graph share. */
export interface Setting {
  /** Whether layers that nodes are given are used by others too. */
  readonly givenLayers: boolean;
  readonly backend: BackendChoice;
  /** Of recurrent layers and matrices that are known at load. */
  readonly precision: Precision;
  /** The names of nodes that are in float32 all the same. */
  readonly kept: ReadonlySet<string>;
  /** How many numbers a value may have. */
  readonly most: number;
  /** What nodes keep from run to run. */
  readonly keep: Keep;
  readonly shared: SharedParts;
  readonly work: Work;
  readonly notes: Notes;
}

/** A node of the graph as its operation sees it at load. */
export class Node {
  readonly name: string;
  readonly type: string;
  /** For messages: `node "encoder/LSTM_3" (LSTM)`. */
  readonly place: string;
  readonly setting: Setting;
  /** Of its matrices that are known at load. */
  readonly precision: Precision;
  readonly outputs: readonly string[];
  readonly #inputs: readonly string[];
  #constants: readonly (Value | null)[];
  readonly #attributes: ReadonlyMap<string, AttributeValue>;
  #compileBody: ((body: BodyDescription, place: string) => Body) | null;
  readonly #read = new Set<string>();
  readonly #bodies = new Map<string, Body>();
  readonly #absorbed: (() => Value)[] = [];
  /** How many numbers a result may have; less while constants are folded. */
  most: number;
  /** What has memory of the kernel, which goes with the graph. */
  readonly owned: { dispose(): void }[] = [];
  /** The layer that computes it, where its weights are known at load; no other node has it. */
  runsAs: Layer | null = null;

  /** The layers that have its matrices, where these are known at load. */
  readonly layers: Layer[] = [];

  /** `constants`: the values of the inputs that are known at load, null for the others. */
  constructor(
    { name, type, inputs, outputs, attributes }: NodeDescription,
    setting: Setting,
    constants: readonly (Value | null)[],
    compileBody: (body: BodyDescription, place: string) => Body,
  ) {
    this.name = name;
    this.type = type;
    this.place = placeOf(name, type);
    this.setting = setting;
    this.precision = precisionOf({ name, outputs }, setting);
    this.most = setting.most;
    this.outputs = outputs;
    this.#inputs = inputs;
    this.#constants = constants;
    this.#attributes = attributes;
    this.#compileBody = compileBody;
  }

  /** As `keep` has it. */
  get called(): string {
    return calledBy(this);
  }

  /** How many inputs it states, those left out included. */
  get inputCount(): number {
    return this.#inputs.length;
  }

  /** True when the input is there: given, and not left out. */
  has(input: number): boolean {
    return !!this.#inputs[input];
  }

  /** Whether somebody may read the output. */
  makes(output: number): boolean {
    return !!this.outputs[output];
  }

  /** An input's value when it is known at load, else null. */
  constant(input: number): Value | null {
    return this.#constants[input] ?? null;
  }

  /** Lets go of the inputs' values, and of the planner with those of all others, which it needs while it is compiled. */
  forget(): void {
    this.#constants = [];
    this.#compileBody = null;
  }

  /** The node has taken the input in for good: nobody need keep its value, which `restore` makes again. */
  absorb(input: number, restore: () => Value): void {
    this.#absorbed[input] = restore;
  }

  /** The value of an input that was taken in, null for others. */
  absorbed(input: number): Value | null {
    return this.#absorbed[input]?.() ?? null;
  }

  hasAbsorbed(input: number): boolean {
    return this.#absorbed[input] !== undefined;
  }

  /** Refuses the node unless it has its first `least` inputs and no more than `most`. */
  expectInputs(least: number, most = least): void {
    const count = this.#inputs.length;
    const all = this.#inputs.slice(0, least).every((name) => name !== "");
    if (count >= least && count <= most && all) return;
    const expected =
      least === most ? counted(least, "input") : `${least} to ${most} inputs`;
    throw this.error(
      `expected ${expected}, got ${count}${all ? "" : " with gaps"}`,
    );
  }

  /** Infinities stand for the ends of int64. */
  int(name: string, otherwise: number): number {
    const value = this.float(name, otherwise);
    if (Number.isInteger(value) || Math.abs(value) === Infinity) return value;
    throw this.#wrong(name, "an integer", value);
  }

  /** Whether the integer, 0 or 1, is not 0. */
  flag(name: string, otherwise = false): boolean {
    return this.int(name, otherwise ? 1 : 0) !== 0;
  }

  float(name: string, otherwise: number): number {
    const value = this.#attribute(name);
    if (value === undefined) return otherwise;
    if (typeof value === "number") return value;
    throw this.#wrong(name, "a number", value);
  }

  string(name: string, otherwise: string): string {
    const value = this.#attribute(name);
    if (value === undefined) return otherwise;
    if (typeof value === "string") return value;
    throw this.#wrong(name, "a string", value);
  }

  /** One of these words. */
  word<W extends string>(name: string, words: readonly W[], otherwise: W): W {
    const text = this.string(name, otherwise);
    const found = words.find((word) => word === text);
    if (found) return found;
    throw this.#wrong(name, words.join(", "), text);
  }

  ints(name: string): readonly number[] | null {
    const list = this.floats(name);
    const wrong = list?.find((n) => n % 1 !== 0 && Math.abs(n) !== Infinity);
    if (wrong === undefined) return list;
    throw this.#wrong(name, "integers", wrong);
  }

  floats(name: string): readonly number[] | null {
    const value = this.#attribute(name);
    if (value === undefined) return null;
    if (isNumbers(value)) return value;
    throw this.#wrong(name, "a list of numbers", value);
  }

  strings(name: string): readonly string[] | null {
    const value = this.#attribute(name);
    if (value === undefined) return null;
    if (isStrings(value)) return value;
    throw this.#wrong(name, "a list of strings", value);
  }

  tensor(name: string): Value | null {
    const value = this.#attribute(name);
    if (value === undefined) return null;
    if (isValue(value)) return value;
    throw this.#wrong(name, "a tensor", value);
  }

  /** A body, compiled. */
  body(name: string): Body {
    const value = this.#attribute(name);
    if (value === undefined || !isBody(value) || !this.#compileBody)
      throw this.#wrong(name, "a graph", value);
    const body = this.#compileBody(value, `${this.place}, ${name}`);
    this.#bodies.set(name, body);
    return body;
  }

  /** The bodies that were compiled, by their attributes. */
  get bodies(): ReadonlyMap<string, Body> {
    return this.#bodies;
  }

  layer(name: string): Layer {
    const value = this.#attribute(name);
    if (typeof value === "object" && "stateDict" in value) return value;
    throw this.#wrong(name, "a layer", value);
  }

  /** Whether the node has an attribute of this name, without reading it. */
  states(name: string): boolean {
    return this.#attributes.has(name);
  }

  /** The attributes that something has read. */
  get attributes(): [string, AttributeValue][] {
    return [...this.#attributes].filter(([name]) => this.#read.has(name));
  }

  /** The attributes that nothing has read. */
  unread(): string[] {
    return [...this.#attributes.keys()].filter((name) => !this.#read.has(name));
  }

  /** Room for a result of this shape: zeros. */
  room(dtype: Dtype, shape: readonly number[]): Float32Array | Float64Array {
    return storage(dtype, countOf(shape, this.place, this.most));
  }

  /** A result of this shape, of zeros, for the node to fill. */
  value(dtype: Dtype, shape: readonly number[]): Value {
    return { dtype, shape, data: this.room(dtype, shape) };
  }

  error(text: string): FormatError {
    return new FormatError(text, this.place);
  }

  #attribute(name: string): AttributeValue | undefined {
    this.#read.add(name);
    return this.#attributes.get(name);
  }

  #wrong(name: string, expected: string, got: unknown): FormatError {
    const value = typeof got === "number" ? `${got}` : describe(got);
    return this.error(`attribute ${name}: expected ${expected}, got ${value}`);
  }
}

const isNumbers = (value: AttributeValue): value is readonly number[] =>
  Array.isArray(value) && value.every((item) => typeof item === "number");

const isStrings = (value: AttributeValue): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** The precision of a node's matrices. */
export const precisionOf = (
  node: Pick<NodeDescription, "name" | "outputs">,
  { kept, precision }: Pick<Setting, "kept" | "precision">,
): Precision => (kept.has(calledBy(node)) ? "float32" : precision);

export function placeOf(name: string, type: string): string {
  return `node ${JSON.stringify(name)} (${type})`;
}
