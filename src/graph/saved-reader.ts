/*
 * The JSON of a saved graph, which may be damaged, as the description of a graph.
 */
import { describe, isRecord, shapeText } from "../checks.js";
import { FormatError, reasonOf } from "../errors.js";
import { type Layer, Sequential } from "../index.js";
import { serialize, type StateDict } from "../safetensors.js";
import { sizeOf } from "../tensor.js";
import type {
  AttributeValue,
  BodyDescription,
  GraphDescription,
  NodeDescription,
  PortDescription,
} from "./description.js";
import { VERSION } from "./saved-version.js";
import { tensorOf, transposedValue, valueOf } from "./scaled.js";
import {
  type Dtype,
  DTYPE_NAMES,
  rangeOf,
  storage,
  type Value,
} from "./value.js";

/** Bodies in bodies: Silero has 4. */
const DEEPEST = 64;

/** @throws FormatError naming the place below `place` */
export function readDescription(
  json: Record<string, unknown>,
  tensors: StateDict,
  place: string,
): GraphDescription {
  if (json["version"] !== VERSION)
    throw wrong(`${VERSION}`, json["version"], `${place}.version`);
  return new Reader(tensors).graph(json["graph"], `${place}.graph`);
}

class Reader {
  readonly #tensors: StateDict;
  #depth = 0;

  constructor(tensors: StateDict) {
    this.#tensors = tensors;
  }

  graph(json: unknown, place: string): GraphDescription {
    const fields = object(json, place);
    const inputs = list(fields["inputs"], `${place}.inputs`).map((item, i) => {
      const at = `${place}.inputs[${i}]`;
      const { initial, state } = object(item, at);
      return {
        ...readPort(item, at),
        ...(initial !== undefined && {
          initial: this.#value(initial, `${at}.initial`),
        }),
        ...(state !== undefined && { state: string(state, `${at}.state`) }),
      };
    });
    const outputs = list(fields["outputs"], `${place}.outputs`);
    const ports = outputs.map((item, i) => {
      const at = `${place}.outputs[${i}]`;
      const { value } = object(item, at);
      const port = readPort(item, at);
      return value === undefined
        ? port
        : { ...port, value: string(value, `${at}.value`) };
    });
    const constants = this.#constants(
      fields["constants"],
      `${place}.constants`,
    );
    const nodes = this.#nodes(fields["nodes"], `${place}.nodes`);
    return { inputs, outputs: ports, constants, nodes };
  }

  #constants(json: unknown, place: string): Map<string, Value> {
    return new Map(
      Object.entries(object(json, place)).map(([name, value]) => [
        name,
        this.#value(value, `${place}[${JSON.stringify(name)}]`),
      ]),
    );
  }

  #value(json: unknown, place: string): Value {
    const { dtype, tensor, shape, numbers, transposed } = object(json, place);
    const known = DTYPE_NAMES.find((name) => name === dtype);
    if (!known) throw wrong(DTYPE_NAMES.join(", "), dtype, `${place}.dtype`);
    if (known === "float32") {
      const name = string(tensor, `${place}.tensor`);
      const found = Object.hasOwn(this.#tensors, name)
        ? this.#tensors[name]
        : undefined;
      if (!found)
        throw wrong(
          "the name of a tensor in the file",
          tensor,
          `${place}.tensor`,
        );
      const value = valueOf(found);
      if (shape === undefined) return value;
      const sizes = readSizes(shape, place);
      if (transposed === true && value.shape.length !== 2)
        throw wrong("a matrix to transpose", value.shape, `${place}.tensor`);
      const own = transposed === true ? transposedValue(value) : value;
      if (sizeOf(sizes) !== own.data.length)
        throw wrong(
          `sizes of ${own.data.length} numbers`,
          shape,
          `${place}.shape`,
        );
      return { ...own, shape: sizes };
    }
    const sizes = readSizes(shape, place);
    const data = list(numbers, `${place}.numbers`);
    if (sizeOf(sizes) !== data.length)
      throw wrong(`numbers for ${shapeText(sizes)}`, data, `${place}.numbers`);
    return { dtype: known, shape: sizes, data: integers(data, known, place) };
  }

  #nodes(json: unknown, place: string): NodeDescription[] {
    return list(json, place).map((item, i) => {
      const at = `${place}[${i}]`;
      const { type, name, inputs, outputs, attributes } = object(item, at);
      return {
        type: string(type, `${at}.type`),
        name: string(name, `${at}.name`),
        inputs: strings(inputs, `${at}.inputs`),
        outputs: strings(outputs, `${at}.outputs`),
        attributes: new Map(
          Object.entries(object(attributes, `${at}.attributes`)).map(
            ([key, value]) => [
              key,
              this.#attribute(
                value,
                `${at}.attributes[${JSON.stringify(key)}]`,
              ),
            ],
          ),
        ),
      };
    });
  }

  #attribute(json: unknown, place: string): AttributeValue {
    if (typeof json === "number" || typeof json === "string")
      return numberIn(json, place);
    if (Array.isArray(json))
      return json.map((item, i) => numberIn(item, `${place}[${i}]`));
    const fields = object(json, place);
    if ("text" in fields) return string(fields["text"], place);
    if ("texts" in fields) return strings(fields["texts"], place);
    if ("value" in fields) return this.#value(fields["value"], place);
    if ("body" in fields) return this.#body(fields["body"], `${place}.body`);
    if ("layer" in fields)
      return this.#layer(fields["layer"], `${place}.layer`);
    throw wrong("text, texts, value, body or layer", json, place);
  }

  #body(json: unknown, place: string): BodyDescription {
    if (++this.#depth > DEEPEST)
      throw wrong(`at most ${DEEPEST} nested bodies`, "more", place);
    const fields = object(json, place);
    const body = {
      inputs: strings(fields["inputs"], `${place}.inputs`),
      outputs: strings(fields["outputs"], `${place}.outputs`),
      constants: new Map<string, Value>(),
      nodes: this.#nodes(fields["nodes"], `${place}.nodes`),
    };
    this.#depth--;
    return body;
  }

  #layer(json: unknown, place: string): Layer {
    const { gatewise, weights } = object(json, place);
    const tensors: StateDict = {};
    for (const [key, value] of Object.entries(object(weights, place))) {
      const tensor = tensorOf(this.#value(value, `${place}.weights`));
      Object.defineProperty(tensors, key, { value: tensor, enumerable: true });
    }
    try {
      const metadata = { gatewise: string(gatewise, place) };
      const { layers } = Sequential.load(serialize(tensors, metadata));
      return layers[0] as Layer;
    } catch (error) {
      throw new FormatError(reasonOf(error), place);
    }
  }
}

function readSizes(json: unknown, place: string): number[] {
  const sizes = list(json, `${place}.shape`) as number[];
  if (sizes.every((size) => Number.isSafeInteger(size) && size >= 0))
    return sizes;
  throw wrong("sizes of at least 0", json, `${place}.shape`);
}

function readPort(json: unknown, place: string): PortDescription {
  const { name, type, shape } = object(json, place);
  const sizes = shape === null ? null : list(shape, `${place}.shape`);
  const isSize = (size: unknown) =>
    typeof size === "string" ||
    (Number.isSafeInteger(size) && (size as number) >= 0);
  if (sizes && !sizes.every(isSize))
    throw wrong("sizes and names of sizes", shape, `${place}.shape`);
  return {
    name: string(name, `${place}.name`),
    type: string(type, `${place}.type`),
    shape: sizes as PortDescription["shape"],
  };
}

/** Infinities stand for the ends of int64. */
function integers(
  numbers: readonly unknown[],
  dtype: Dtype,
  place: string,
): Float64Array | Float32Array {
  const [least, most] = rangeOf(dtype);
  const wide = dtype === "int64" || dtype === "uint64";
  const data = storage(dtype, numbers.length);
  numbers.forEach((item, i) => {
    const value = numberIn(item, `${place}.numbers[${i}]`);
    const infinite = wide && Math.abs(value) === Infinity;
    if (!infinite && !(value >= least && value <= most && value % 1 === 0))
      throw wrong(
        `integers that ${dtype} holds`,
        value,
        `${place}.numbers[${i}]`,
      );
    data[i] = value;
  });
  return data;
}

function numberIn(json: unknown, place: string): number {
  if (typeof json === "number") return json;
  const words = ["Infinity", "-Infinity", "NaN", "-0"];
  if (words.includes(json as string)) return Number(json);
  throw wrong("a number", json, place);
}

function object(json: unknown, place: string): Record<string, unknown> {
  if (isRecord(json)) return json;
  throw wrong("an object", json, place);
}

function list(json: unknown, place: string): unknown[] {
  if (Array.isArray(json)) return json;
  throw wrong("a list", json, place);
}

function string(json: unknown, place: string): string {
  if (typeof json === "string") return json;
  throw wrong("a string", json, place);
}

function strings(json: unknown, place: string): string[] {
  return list(json, place).map((item, i) => string(item, `${place}[${i}]`));
}

function wrong(expected: string, got: unknown, place: string): FormatError {
  const text = typeof got === "number" ? `${got}` : describe(got);
  return new FormatError(`expected ${expected}, got ${text}`, place);
}
