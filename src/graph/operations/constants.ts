/*
 * Operations that make values.
 */
import { message, shapeText } from "../../checks.js";
import { axisOf, integerList } from "../indexing.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import { DTYPE_NAMES, exact, integers, type Value } from "../value.js";

const constant: Compile = (node) => {
  node.expectInputs(0);
  const value = attributeValue(node);
  if (value) return { prepare: () => ({ outputs: [value], run: null }) };
  throw node.error(
    "expected value, value_float, value_floats, value_int or value_ints, got none of them",
  );
};

function attributeValue(node: Node): Value | null {
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
  return {
    reads: [0],
    prepare([target]) {
      const shape = integerList(target as Value, node.place);
      const result = node.value(value?.dtype ?? "float32", shape);
      result.data.fill(value?.data[0] ?? 0);
      return { outputs: [result], run: null };
    },
  };
};

/** From start to before limit, by delta. */
const range: Compile = (node) => {
  node.expectInputs(3);
  return {
    reads: [0, 1, 2],
    prepare(inputs) {
      const [start, limit, delta] = inputs.map((value) => {
        const { data, dtype } = value as Value;
        if (data.length === 1 && dtype === inputs[0]?.dtype && dtype !== "bool")
          return data[0] as number;
        throw new RangeError(
          message(
            node.place,
            "three numbers of one type",
            `${data.length} of ${dtype}`,
          ),
        );
      }) as [number, number, number];
      const count = Math.max(0, Math.ceil((limit - start) / delta));
      if (Number.isNaN(count) || delta === 0)
        throw new RangeError(
          message(node.place, "a step other than 0", `${delta}`),
        );
      const { dtype } = inputs[0] as Value;
      const result = node.value(dtype, [count]);
      for (let i = 0; i < count; i++) {
        const value = start + i * delta;
        result.data[i] =
          dtype === "float32" ? value : exact(value, dtype, node.place);
      }
      return { outputs: [result], run: null };
    },
  };
};

const eyeLike: Compile = (node) => {
  node.expectInputs(1);
  const k = node.int("k", 0);
  const stated = node.states("dtype");
  const given = node.word("dtype", DTYPE_NAMES, "float32");
  return {
    prepare([x]) {
      const { shape } = x as Value;
      const [rows = 0, columns = 0] = shape;
      if (shape.length !== 2)
        throw new RangeError(message(node.place, "a matrix", shapeText(shape)));
      const result = node.value(stated ? given : (x as Value).dtype, shape);
      for (let row = 0; row < rows; row++)
        if (row + k >= 0 && row + k < columns)
          result.data[row * columns + row + k] = 1;
      return { outputs: [result], run: null };
    },
  };
};

/** Indices from -depth to depth - 1; others leave a row off. */
const oneHot: Compile = (node) => {
  node.expectInputs(3);
  const axisGiven = node.int("axis", -1);
  return {
    reads: [1],
    prepare([indices, depth, values]) {
      const { shape } = indices as Value;
      const size = Math.trunc((depth as Value).data[0] ?? -1);
      if (!(size >= 0) || (values as Value).data.length !== 2)
        throw new RangeError(
          message(node.place, "a depth, and two values", `${size}`),
        );
      const axis = axisOf(axisGiven, shape.length + 1, node.place);
      const result = node.value((values as Value).dtype, [
        ...shape.slice(0, axis),
        size,
        ...shape.slice(axis),
      ]);
      let inner = 1;
      for (const n of shape.slice(axis)) inner *= n;
      return {
        outputs: [result],
        run([given, , pair]) {
          const { data } = given as Value;
          const [off, on] = (pair as Value).data as unknown as [number, number];
          result.data.fill(off);
          for (let i = 0; i < data.length; i++) {
            const index = Math.trunc(data[i] as number);
            const at = index < 0 ? index + size : index;
            if (!(at >= 0 && at < size)) continue;
            const outer = Math.floor(i / inner);
            result.data[(outer * size + at) * inner + (i % inner)] = on;
          }
        },
      };
    },
  };
};

/** The numbers where their row and column differ by so much, zeros elsewhere. */
const trilu: Compile = (node) => {
  node.expectInputs(1, 2);
  const upper = node.flag("upper", true);
  return {
    reads: [1],
    prepare([x, offset]) {
      const { dtype, shape } = x as Value;
      const k = offset?.data[0] ?? 0;
      const [rows, columns] = shape.slice(-2);
      if (rows === undefined || columns === undefined)
        throw new RangeError(message(node.place, "matrices", shapeText(shape)));
      const result = node.value(dtype, shape);
      return {
        outputs: [result],
        run([own]) {
          const { data } = own as Value;
          for (let i = 0; i < data.length; i++) {
            const column = i % columns;
            const row = Math.floor(i / columns) % rows;
            const kept = upper ? column >= row + k : column <= row + k;
            result.data[i] = kept ? (data[i] as number) : 0;
          }
        },
      };
    },
  };
};

export const constants = (): Family => ({
  foldable: true,
  operations: {
    Constant: constant,
    ConstantOfShape: constantOfShape,
    Range: range,
    EyeLike: eyeLike,
    OneHot: oneHot,
    Trilu: trilu,
  },
});
