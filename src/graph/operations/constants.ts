/*
 * Nodes that make values, and Cast, which makes them of another type.
 */
import { message, shapeText } from "../../checks.js";
import { integerList } from "../indexing.js";
import type { Compile } from "../node.js";
import {
  type Dtype,
  DTYPE_NAMES,
  integers,
  rangeOf,
  type Value,
} from "../value.js";

const constant: Compile = (node) => {
  node.expectInputs(0);
  const value = attributeValue(node);
  if (value) return () => [value];
  throw node.error(
    "expected value, value_float, value_floats, value_int or value_ints, got none of them",
  );
};

function attributeValue(node: Parameters<Compile>[0]): Value | null {
  const value = node.tensor("value");
  if (value) return value;
  const floats = node.floats("value_floats");
  if (floats) {
    const data = Float32Array.from(floats);
    return { dtype: "float32", shape: [data.length], data };
  }
  const ints = node.ints("value_ints");
  if (ints) return integers(ints);
  if (node.states("value_float")) {
    const data = Float32Array.of(node.float("value_float", 0));
    return { dtype: "float32", shape: [], data };
  }
  if (!node.states("value_int")) return null;
  const data = Float64Array.of(node.int("value_int", 0));
  return { dtype: "int64", shape: [], data };
}

/** A shape filled with one number; 0 of float32 by default. */
const constantOfShape: Compile = (node) => {
  node.expectInputs(1);
  const value = node.tensor("value");
  if (value && value.data.length !== 1)
    throw node.error(
      `expected one number as value, got ${shapeText(value.shape)}`,
    );
  return ([target]) => {
    const shape = integerList(target as Value, node.place);
    const dtype = value?.dtype ?? "float32";
    const data = node.room(dtype, shape).fill(value?.data[0] ?? 0);
    return [{ dtype, shape, data }];
  };
};

/** `to` a dtype by its name. To integers: towards zero, to the nearest that the type holds, NaN to 0. */
const cast: Compile = (node) => {
  node.expectInputs(1);
  const dtype = node.word("to", DTYPE_NAMES, "float32");
  return ([x]) => {
    const value = x as Value;
    if (value.dtype === dtype) return [value];
    const data = node.room(dtype, value.shape);
    const convert = converter(dtype);
    for (let i = 0; i < data.length; i++) {
      const number = value.data[i] as number;
      if (value.dtype !== "float32" && !Number.isFinite(number))
        throw new RangeError(
          message(node.place, "integers of less than 2^53", "larger ones"),
        );
      data[i] = convert(number);
    }
    return [{ dtype, shape: value.shape, data }];
  };
};

function converter(dtype: Dtype): (x: number) => number {
  if (dtype === "float32") return (x) => x;
  if (dtype === "bool") return (x) => (x === 0 ? 0 : 1);
  const [least, most] = rangeOf(dtype);
  return (x) => {
    if (Number.isNaN(x)) return 0;
    return Math.min(Math.max(Math.trunc(x) + 0, least), most);
  };
}

export const constants: Record<string, Compile> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Cast: cast,
};
