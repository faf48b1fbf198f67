import { FormatError } from "../../errors.js";
import type { BackendChoice } from "../../layers/options.js";
import { decodeUtf8 } from "../../utf8.js";
import type { ReportLayer } from "../report.js";
import type { ExternalFiles } from "./external.js";
import { makeAttribute } from "./made.js";
import { ATTRIBUTE, type AttributeProto, type NodeProto } from "./messages.js";
import { valueOf } from "./tensors.js";
import {
  countOf,
  type Dtype,
  MOST_NUMBERS,
  storage,
  type Value,
} from "./value.js";
import type { Work } from "./work.js";

/** One value an input of the node, null for one that it leaves out; one value an output, null for one not made. */
export type Run = (
  inputs: readonly (Value | null)[],
) => readonly (Value | null)[];

/** Checks a node and reads its attributes, once, at load. */
export type Compile = (node: Node) => Run;

/** What all nodes of a model share. */
export interface Setting {
  readonly opset: number;
  readonly producer: string;
  readonly backend: BackendChoice;
  readonly forceLinearBeforeReset: boolean;
  readonly files: ExternalFiles;
  readonly work: Work;
  readonly layers: ReportLayer[];
  readonly converted: string[];
  readonly ignored: string[];
  readonly warnings: string[];
}

/** A node of the graph as its operator sees it at load. */
export class Node {
  readonly name: string;
  readonly type: string;
  /** For messages: `node "encoder/LSTM_3" (LSTM)`. */
  readonly place: string;
  readonly setting: Setting;
  readonly outputs: readonly string[];
  readonly #inputs: readonly string[];
  #constants: readonly (Value | null)[];
  // lists, not maps: a file may have a million nodes, none has more than ten of any
  #attributes: readonly AttributeProto[];
  readonly #read: string[] = [];
  readonly #absorbed: (() => Value)[] = [];
  /** How many numbers a result may have; less while constants are folded. */
  most = MOST_NUMBERS;

  /** `constants`: the values of the inputs that are known at load, null for the others. */
  constructor(
    { name, type, inputs, outputs, attributes }: NodeProto,
    setting: Setting,
    constants: readonly (Value | null)[],
  ) {
    this.name = name;
    this.type = type;
    this.place = placeOf(name, type);
    this.setting = setting;
    this.outputs = outputs;
    this.#inputs = inputs;
    this.#constants = constants;
    this.#attributes = attributes;
  }

  /** True when the input is there: given, and not left out. */
  has(input: number): boolean {
    return !!this.#inputs[input];
  }

  /** An input's value when it is known at load, else null. */
  constant(input: number): Value | null {
    return this.#constants[input] ?? null;
  }

  /** Lets go of the inputs' values, which the node keeps no longer than it is compiled. */
  forget(): void {
    this.#constants = [];
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
    const range = least === most ? `${least}` : `${least} to ${most}`;
    throw this.error(
      `expected ${range} inputs, got ${count}${all ? "" : " with gaps"}`,
    );
  }

  int(name: string, otherwise: number): number {
    return this.#attribute(name, ATTRIBUTE.int)?.integer ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#attribute(name, ATTRIBUTE.float)?.float ?? otherwise;
  }

  string(name: string, otherwise: string): string {
    const found = this.#attribute(name, ATTRIBUTE.string);
    return found ? this.#text(found.bytes, name) : otherwise;
  }

  ints(name: string): readonly number[] | null {
    return this.#attribute(name, ATTRIBUTE.ints)?.integers ?? null;
  }

  floats(name: string): readonly number[] | null {
    return this.#attribute(name, ATTRIBUTE.floats)?.floats ?? null;
  }

  strings(name: string): readonly string[] | null {
    const found = this.#attribute(name, ATTRIBUTE.strings);
    return found?.strings.map((bytes) => this.#text(bytes, name)) ?? null;
  }

  tensor(name: string): Value | null {
    const found = this.#attribute(name, ATTRIBUTE.tensor);
    if (!found) return null;
    const place = `${this.place}, attribute ${name}`;
    if (!found.tensor)
      throw new FormatError("expected a tensor, got none", place);
    const value = valueOf(found.tensor, place, this.setting.files);
    this.setting.work.found(value.data.length);
    return value;
  }

  /** Whether the node has an attribute of this name, without reading it. */
  states(name: string): boolean {
    return this.#find(name) !== null;
  }

  /** Makes an attribute what it was read as. */
  amend(name: string, integer: number): void {
    const others = this.#attributes.filter((own) => own.name !== name);
    this.#attributes = [...others, makeAttribute(name, integer)];
  }

  /** The node as it was read: without the attributes that nothing has read. */
  get proto(): NodeProto {
    const { name, type, outputs } = this;
    const attributes = this.#attributes.filter((own) =>
      this.#read.includes(own.name),
    );
    return {
      name,
      type,
      domain: "",
      inputs: [...this.#inputs],
      outputs: [...outputs],
      attributes,
    };
  }

  /** The attributes that nothing has read. */
  unread(): string[] {
    const names = this.#attributes.map(({ name }) => name);
    return names.filter((name) => !this.#read.includes(name));
  }

  /** Room for a result of this shape. */
  room(dtype: Dtype, shape: readonly number[]): Float32Array | Float64Array {
    return storage(dtype, countOf(shape, this.place, this.most));
  }

  error(text: string): FormatError {
    return new FormatError(text, this.place);
  }

  #find(name: string): AttributeProto | null {
    return this.#attributes.find((own) => own.name === name) ?? null;
  }

  #attribute(name: string, type: number): AttributeProto | null {
    this.#read.push(name);
    const found = this.#find(name);
    // files of the first versions state no types
    if (!found || found.type === type || found.type === 0) return found;
    const names = Object.entries(ATTRIBUTE);
    const [expected] = names.find(([, n]) => n === type) ?? [];
    const [got = `type ${found.type}`] =
      names.find(([, n]) => n === found.type) ?? [];
    throw this.error(`attribute ${name}: expected ${expected}, got ${got}`);
  }

  #text(bytes: Uint8Array, name: string): string {
    try {
      return decodeUtf8(new Uint8Array(bytes));
    } catch {
      throw this.error(`attribute ${name}: expected UTF-8`);
    }
  }
}

export function placeOf(name: string, type: string): string {
  return `node ${JSON.stringify(name)} (${type})`;
}
