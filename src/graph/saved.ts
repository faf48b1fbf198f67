/*
 * Graphs as safetensors files: floats are tensors, all else is JSON in metadata.gatewise:
 *
 *     { version, graph: { inputs, outputs, constants: { NAME: value }, nodes: [{ type, name, inputs, outputs, attributes }] } }
 *
 * A value is { dtype, tensor: NAME } or { dtype, shape, numbers }; { dtype, tensor, shape } where the tensor has it as rows
 * of integers, or, with transposed: true, as columns. What was folded at load stays folded.
 */
import type { Bytes } from "../bytes.js";
import type { Layer } from "../index.js";
import { Sequential } from "../index.js";
import { parse, serialize, type StateDict } from "../safetensors.js";
import type { Tensor } from "../tensor.js";
import type { Compiled } from "./compile.js";
import {
  type AttributeValue,
  type BodyDescription,
  isBody,
  isValue,
  type NodeDescription,
} from "./description.js";
import { described } from "./described.js";
import { VERSION } from "./saved-version.js";
import { savedRows, valueOf } from "./scaled.js";
import type { Value } from "./value.js";

export function saveGraph(
  { plan, description, precision, keep }: Compiled,
  metadata: Record<string, string>,
): Bytes {
  const writer = new Writer();
  const { inputs, outputs, constants, nodes } = described(plan, description);
  const graph = {
    inputs: inputs.map(({ initial, ...port }) => ({
      ...port,
      ...(initial && { initial: writer.value(initial, port.name) }),
    })),
    outputs,
    nodes: nodes.map((node) => writer.node(node)),
    // fromEntries defines own properties
    constants: Object.fromEntries(
      Array.from(constants, ([name, value]) => [
        name,
        writer.value(value, name),
      ]),
    ),
    ...(precision !== "float32" && { precision }),
    ...(keep.size && { keep: [...keep] }),
  };
  const gatewise = JSON.stringify({ version: VERSION, graph });
  return serialize(writer.tensors, { ...metadata, gatewise });
}

/** Makes JSON of values and nodes, and tensors of their floats. */
class Writer {
  readonly tensors: StateDict = {};
  readonly #taken = new Set<string>();

  value(value: Value, name: string): object {
    const { dtype, shape, data } = value;
    if (dtype !== "float32")
      return { dtype, shape, numbers: Array.from(data, numberOut) };
    const rows = savedRows(value);
    if (!rows) {
      const tensor = { shape, data: data as Float32Array };
      return { dtype, tensor: this.#tensor(tensor, name) };
    }
    const tensor = this.#tensor(rows.tensor, name);
    return {
      dtype,
      tensor,
      shape,
      ...(rows.transposed && { transposed: true }),
    };
  }

  /** The name that it has in the file, in which a matrix may have a second, for the scales of its rows. */
  #tensor(value: Tensor, given: string): string {
    // a safetensors file has the one name for itself
    let name = given === "__metadata__" ? "tensor" : given;
    const others = value.shape.length > 1 ? ["_scale"] : [];
    const names = () => [name, ...others.map((end) => name + end)];
    while (names().some((each) => this.#taken.has(each))) name += "~";
    for (const each of names()) this.#taken.add(each);
    // defined, not set: a tensor may be called __proto__
    Object.defineProperty(this.tensors, name, { value, enumerable: true });
    return name;
  }

  node({ attributes, ...node }: NodeDescription): object {
    return {
      ...node,
      attributes: Object.fromEntries(
        Array.from(attributes, ([key, value]) => [
          key,
          this.#attribute(value, node.name, key),
        ]),
      ),
    };
  }

  #attribute(value: AttributeValue, name: string, key: string): unknown {
    if (typeof value === "number") return numberOut(value);
    if (typeof value === "string") return { text: value };
    if (Array.isArray(value))
      return value.every((item) => typeof item === "string") && value.length
        ? { texts: value }
        : (value as number[]).map(numberOut);
    if (isValue(value as AttributeValue))
      return { value: this.value(value as Value, `${name}.${key}`) };
    if (isBody(value as AttributeValue))
      return { body: this.#body(value as BodyDescription) };
    return { layer: this.#layer(value as Layer, name) };
  }

  #body({ inputs, outputs, nodes }: BodyDescription): object {
    return { inputs, outputs, nodes: nodes.map((node) => this.node(node)) };
  }

  /** As the Sequential of it alone is saved. */
  #layer(layer: Layer, name: string): object {
    const { tensors, metadata } = parse(new Sequential([layer]).save());
    const entries = Object.entries(tensors).map(([key, tensor]) => [
      key,
      this.value(valueOf(tensor), `${name}.${key}`),
    ]);
    return {
      gatewise: metadata["gatewise"],
      weights: Object.fromEntries(entries),
    };
  }
}

/** JSON has no infinities, which stand for the ends of int64, and no NaN. */
const numberOut = (value: number): number | string =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : numberText(value);

const numberText = (value: number): string =>
  Object.is(value, -0) ? "-0" : `${value}`;
