import { message, wrong } from "../checks.js";
import type { Layer } from "../index.js";
import { asTensor, type TensorLike } from "../tensor.js";
import {
  type AttributeValue,
  type BodyDescription,
  type GraphDescription,
  type InputDescription,
  isValue,
  type NodeDescription,
  type OutputDescription,
} from "./description.js";
import { type Dtype, storage, type Value } from "./value.js";

type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** What a node may have beside inputs and attributes. */
export interface NodeOptions {
  /** For messages and reports; its type and a number by default. */
  readonly name?: string;
}

/** What `GraphBuilder` does but for compiling: readers, which bring operations of their own, make graphs by it. */
export class DescriptionBuilder {
  readonly #inputs: InputDescription[] = [];
  readonly #outputs: OutputDescription[] = [];
  readonly #constants = new Map<string, Value>();
  readonly #nodes: NodeDescription[] = [];
  readonly #around: DescriptionBuilder | null;
  readonly #names: Set<string>;

  /** @param around of a body: the builder of the graph that it is in */
  constructor(around: DescriptionBuilder | null = null) {
    this.#around = around;
    this.#names = around ? around.#names : new Set();
  }

  /** Whether a value has this name. */
  has(name: string): boolean {
    return this.#names.has(name);
  }

  /**
   * @param initial what it is when nothing is given
   * @param state the output that streams feed back into it
   */
  input(
    name: string,
    shape: readonly (number | string)[] | null,
    type: Dtype = "float32",
    initial?: Value,
    state?: string,
  ): string {
    this.#take(name);
    this.#inputs.push({
      name,
      type,
      shape,
      ...(initial && { initial }),
      ...(state !== undefined && { state }),
    });
    return name;
  }

  /** A value known now: a tensor of float32, nested numbers, or a value of another dtype. */
  constant(value: TensorLike | Value, name = "constant"): string {
    const own = this.#free(name);
    const known =
      typeof value === "object" && isValue(value as never)
        ? (value as Value)
        : { dtype: "float32" as const, ...asTensor(value as TensorLike, own) };
    this.#constants.set(own, known);
    return own;
  }

  /** An int64 vector, or with `[]` as shape a single integer: axes, sizes, indices. */
  integers(list: readonly number[], shape: readonly number[] = [list.length]) {
    const data = storage("int64", list.length);
    data.set(list);
    return this.constant({ dtype: "int64", shape, data }, "integers");
  }

  /** A node of one output, whose name it returns; "" among the inputs leaves one out. */
  add(
    type: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    options: NodeOptions = {},
  ): string {
    const [output] = this.addWide(type, inputs, 1, attributes, options);
    return output as string;
  }

  /** A node of several outputs, whose names it returns. */
  addWide(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Attributes = {},
    { name = this.#free(type) }: NodeOptions = {},
  ): string[] {
    for (const input of inputs)
      if (input !== "" && !this.#names.has(input))
        throw new RangeError(
          message(`${type}.inputs`, "values of this builder", input),
        );
    const outputs = Array.from({ length: count }, () => this.#free(name));
    const given = Object.entries(attributes).filter(
      (entry): entry is [string, AttributeValue] => entry[1] !== undefined,
    );
    this.#nodes.push({
      type,
      name,
      inputs,
      outputs,
      attributes: new Map(given),
    });
    return outputs;
  }

  /**
   * A layer of ours on [B, T, I], with what it may be given: a mask [B, T] of bools, states as a State has them.
   *
   * @returns its output, and its state after the last step: hidden, and cell of an LSTM
   */
  layer(
    layer: Layer,
    input: string,
    {
      mask = "",
      hidden = "",
      cell = "",
      ...options
    }: NodeOptions & { mask?: string; hidden?: string; cell?: string } = {},
  ): { output: string; hidden: string; cell: string } {
    const inputs = [input, mask, hidden, cell];
    while (inputs.at(-1) === "") inputs.pop();
    const made = this.addWide("Layer", inputs, 3, { layer }, options);
    const [output, hiddenOut, cellOut] = made as [string, string, string];
    return { output, hidden: hiddenOut, cell: cellOut };
  }

  /**
   * A body for If, Loop or Scan, which may read the values made so far: `make` is given a builder of its own and the
   * names of the body's inputs, and returns those of its outputs.
   */
  body(
    inputs: readonly string[],
    make: (
      builder: DescriptionBuilder,
      inputs: readonly string[],
    ) => readonly string[],
  ): BodyDescription {
    const builder = new DescriptionBuilder(this);
    const own = inputs.map((name) => builder.#free(name));
    const outputs = make(builder, own);
    return {
      inputs: own,
      outputs,
      constants: builder.#constants,
      nodes: builder.#nodes,
    };
  }

  /** Makes a value an output of the graph. */
  output(
    value: string,
    {
      name = value,
      shape = null,
      type = "float32",
    }: {
      name?: string;
      shape?: readonly (number | string)[] | null;
      type?: Dtype;
    } = {},
  ): void {
    if (this.#around)
      throw new RangeError(
        message("output", "those that `make` returns", "one of a body"),
      );
    if (!this.#names.has(value))
      throw wrong(true, "value", "a value of this builder", value);
    this.#outputs.push({ name, type, shape, ...(name !== value && { value }) });
  }

  description(): GraphDescription {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      constants: this.#constants,
      nodes: this.#nodes,
    };
  }

  #take(name: string): void {
    if (name === "" || this.#names.has(name))
      throw wrong(true, "name", "a name that is not in use", name);
    this.#names.add(name);
  }

  /** The name, or with a number behind where it is taken. */
  #free(name: string): string {
    let free = name || "value";
    for (let i = 1; this.#names.has(free); i++) free = `${name}_${i}`;
    this.#names.add(free);
    return free;
  }
}
