/*
 * Values in and out of a graph: users' tensors, which are of float32, and the dtypes of the graph.
 */
import {
  isRecord,
  message,
  shapeText,
  typedArrayName,
  wrong,
} from "../checks.js";
import {
  asTensor,
  checkTensor,
  sizeOf,
  type Tensor,
  type TensorLike,
} from "../tensor.js";
import type { ModelInput, Port } from "../models/model.js";
import type { PortDescription } from "./description.js";
import {
  type Dtype,
  DTYPE_NAMES,
  exact,
  rangeOf,
  storage,
  type Value,
} from "./value.js";

/** An input of the graph, with the value it has when nothing is given. */
export interface Input {
  readonly port: PortDescription;
  /** For messages: `inputs["x"]`. */
  readonly place: string;
  readonly dtype: Dtype;
  readonly initial: Value | null;
}

/** What an input of a graph may be given as: what any model takes. */
export type GraphInput = ModelInput;

export function portOf(
  { name, type, shape }: PortDescription,
  state?: string,
): Port {
  const sizes = Object.freeze([...(shape ?? ["..."])]);
  return Object.freeze({
    name,
    shape: sizes,
    type,
    ...(state !== undefined && { state }),
  });
}

/** What a port's values are here: floats of all sizes are float32. */
export function dtypeOf(type: string): Dtype {
  return DTYPE_NAMES.find((name) => name === type) ?? "float32";
}

/** What the user gives as the input, checked. Floats are not copied: nothing writes into values. */
export function toValue(
  given: unknown,
  { port, place, dtype }: Pick<Input, "port" | "place" | "dtype">,
): Value {
  if (given === undefined) {
    const expected = `${port.type} ${describeShape(port)}`;
    throw new RangeError(message(place, expected, "nothing"));
  }
  const value =
    dtype === "float32" ? floats(given, place) : integers(given, dtype, place);
  // a list of one for a single number, as onnxruntime takes it
  if (port.shape?.length === 0 && value.data.length === 1)
    return { ...value, shape: [] };
  checkShape(value, port, place);
  return value;
}

/** As far as the file says what the shape is. */
export function checkShape(
  { shape }: { readonly shape: readonly number[] },
  port: PortDescription,
  place: string,
): void {
  if (port.shape && !fits(shape, port.shape))
    throw new RangeError(message(place, describeShape(port), shapeText(shape)));
}

function fits(
  shape: readonly number[],
  described: NonNullable<PortDescription["shape"]>,
): boolean {
  if (shape.length !== described.length) return false;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = described[axis];
    if (typeof size === "number" && size !== shape[axis]) return false;
  }
  return true;
}

export function describeShape({ shape }: PortDescription): string {
  return shape ? shapeText(shape) : "of any shape";
}
/** Data of another kind than a Float32Array; null for anything else. */
function otherData(
  given: unknown,
): { shape: unknown; data: ArrayLike<number | bigint> } | null {
  if (!isRecord(given) || !("shape" in given) || !("data" in given))
    return null;
  const { shape, data } = given;
  const kind = typedArrayName.call(data);
  if (kind === "Float32Array" || (kind === undefined && !Array.isArray(data)))
    return null;
  return { shape, data: data as ArrayLike<number | bigint> };
}

function floats(given: unknown, name: string): Value {
  const other = otherData(given);
  const tensor = other
    ? checkTensor(
        {
          shape: other.shape,
          data: Float32Array.from(numbersOf(other.data, name)),
        },
        name,
      )
    : asTensor(given as TensorLike, name);
  return { dtype: "float32", shape: [...tensor.shape], data: tensor.data };
}

function integers(given: unknown, dtype: Dtype, name: string): Value {
  const other = otherData(given);
  const { shape, data } = other
    ? checkTensor(
        { shape: other.shape, data: new Float32Array(other.data.length) },
        name,
      )
    : asTensor(given as TensorLike, name);
  const isTensor = isRecord(given) && "data" in given;
  const source = other
    ? numbersOf(other.data, name)
    : isTensor
      ? Array.from(data)
      : // from the nested numbers, which may be more exact than a tensor of them
        flatNumbers(given);
  const [least, most] = rangeOf(dtype);
  for (const value of source) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    const expected =
      dtype === "bool"
        ? "0 or 1"
        : `integers that ${dtype} holds, exact up to 2^53`;
    throw new RangeError(message(name, expected, `${value}`));
  }
  return { dtype, shape: [...shape], data: Float64Array.from(source) };
}

function numbersOf(data: ArrayLike<unknown>, name: string): number[] {
  return Array.from(data, (value, i) => {
    if (typeof value === "number") return value;
    if (typeof value === "bigint")
      return exact(Number(value), "int64", `${name}.data[${i}]`);
    throw wrong(false, `${name}.data[${i}]`, "a number", value);
  });
}

/** Of nested lists that asTensor has checked. */
function flatNumbers(given: unknown): number[] {
  const numbers: number[] = [];
  const collect = (value: unknown): void => {
    if (typeof value === "number") numbers.push(value);
    else
      for (const item of Array.from(value as ArrayLike<unknown>)) collect(item);
  };
  collect(given);
  return numbers;
}

/** A copy of the value as a tensor of float32. */
export function toTensor({ shape, data, items }: Value, name: string): Tensor {
  if (items)
    throw new RangeError(
      message(
        `outputs[${JSON.stringify(name)}]`,
        "a tensor",
        `a list of ${shape[0]}; stack them in the model`,
      ),
    );
  if (data instanceof Float64Array)
    for (const value of data)
      if (Math.fround(value) !== value || !Number.isFinite(value)) {
        const expected = "integers that a tensor of float32 holds";
        throw new RangeError(
          message(`outputs[${JSON.stringify(name)}]`, expected, `${value}`),
        );
      }
  return { shape: [...shape], data: new Float32Array(data) };
}

/** Zeros of the described shape, the free sizes being `sizes`; null when one of them is not known. */
export function zerosOf(
  { port, dtype }: Input,
  sizes: ReadonlyMap<string, number>,
): Value | null {
  if (!port.shape) return null;
  const shape: number[] = [];
  for (const size of port.shape) {
    const known = typeof size === "string" ? sizes.get(size) : size;
    if (known === undefined) return null;
    shape.push(known);
  }
  return { dtype, shape, data: storage(dtype, sizeOf(shape)) };
}
