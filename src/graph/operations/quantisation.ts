/*
 * Integers that stand for floats: x = scale · (q - zero point).
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import { around, axisOf } from "../indexing.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { type Dtype, DTYPE_NAMES, rangeOf, type Value } from "../value.js";
import { checkFloats } from "./linear.js";
import { multiplied } from "./products.js";

/** To the nearest integer, of two the even one. */
export function roundEven(x: number): number {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** Which scale belongs to each number. */
function scaleAt(
  node: Node,
  { shape, data }: Value,
  scale: Value,
  axisGiven: number,
  block: number,
): (i: number) => number {
  if (scale.data.length === 1 && !block) return () => 0;
  const axis = axisOf(axisGiven, shape.length, node.place);
  const { size, inner } = around(shape, axis);
  if (!block) {
    if (scale.data.length !== size) {
      const got = shapeText(scale.shape);
      throw new RangeError(message(node.place, `${size} scales`, got));
    }
    return (i) => Math.floor(i / inner) % size;
  }
  const blocks = Math.ceil(size / block);
  const wanted = shape.map((n, i) => (i === axis ? blocks : n));
  if (!equalShapes(scale.shape, wanted) && data.length) {
    const got = shapeText(scale.shape);
    throw new RangeError(
      message(node.place, `scales ${shapeText(wanted)}`, got),
    );
  }
  return (i) => {
    const outer = Math.floor(i / (size * inner));
    const row = Math.floor(i / inner) % size;
    return (outer * blocks + Math.floor(row / block)) * inner + (i % inner);
  };
}

/** To the nearest integer, of two the one further from 0. */
const roundAway = (x: number): number => Math.sign(x) * Math.round(Math.abs(x));

/** ONNX's, and with `rounding` "away" that of TensorFlow Lite. */
const quantize: Compile = (node) => {
  node.expectInputs(2, 3);
  const axis = node.int("axis", 1);
  const block = node.int("block_size", 0);
  node.int("saturate", 1); // of the 8-bit floats alone
  const stated = node.word("output_dtype", DTYPE_NAMES, "uint8");
  const rounding = node.word("rounding", ["even", "away"], "even");
  const round = rounding === "even" ? roundEven : roundAway;
  return {
    prepare([x, scale, zero]) {
      const value = x as Value;
      const dtype = zero?.dtype ?? stated;
      if (dtype === "float32" || dtype === "bool")
        throw new TypeError(message(node.place, "a type of integers", dtype));
      const at = scaleAt(node, value, scale as Value, axis, block);
      const y = node.value(dtype, value.shape);
      const [least, most] = rangeOf(dtype);
      return {
        outputs: [y],
        work: 2 * y.data.length,
        run([own, s, z]) {
          const { data } = own as Value;
          for (let i = 0; i < data.length; i++) {
            const k = at(i);
            // divided in float32, as runtimes do: a half must be a half
            const whole = Math.fround(
              (data[i] as number) / ((s as Value).data[k] as number),
            );
            const q = round(whole) + ((z?.data[k] ?? 0) as number);
            y.data[i] = Number.isNaN(q)
              ? 0
              : Math.min(Math.max(q, least), most);
          }
        },
      };
    },
  };
};

const dequantize: Compile = (node) => {
  node.expectInputs(2, 3);
  const axis = node.int("axis", 1);
  const block = node.int("block_size", 0);
  node.string("output_dtype", "");
  return {
    prepare([x, scale]) {
      const value = x as Value;
      const at = scaleAt(node, value, scale as Value, axis, block);
      const y = node.value("float32", value.shape);
      // known at load alone: then matrices of a layer may be made of it
      const known = node.constant(0) && node.constant(1);
      if (known && node.setting.precision !== "float32")
        y.scaled = {
          integers: node.room("float32", value.shape),
          scales: node.room("float32", value.shape),
        };
      return {
        outputs: [y],
        work: y.data.length,
        run([own, s, z]) {
          const { data } = own as Value;
          const { scaled } = y;
          for (let i = 0; i < data.length; i++) {
            const k = at(i);
            const integer = (data[i] as number) - (z?.data[k] ?? 0);
            const factor = (s as Value).data[k] as number;
            y.data[i] = integer * factor;
            if (!scaled) continue;
            scaled.integers[i] = integer;
            scaled.scales[i] = factor;
          }
        },
      };
    },
  };
};

/** To uint8, over the range of the numbers and 0. */
const dynamic: Compile = (node) => {
  node.expectInputs(1);
  return {
    prepare([x]) {
      checkFloats(node, x);
      const y = node.value("uint8", (x as Value).shape);
      const scale = node.value("float32", []);
      const zero = node.value("uint8", []);
      return {
        outputs: [y, scale, zero],
        work: 2 * y.data.length,
        run([own]) {
          const { data } = own as Value;
          let [low, high] = [0, 0];
          for (let i = 0; i < data.length; i++) {
            low = Math.min(low, data[i] as number);
            high = Math.max(high, data[i] as number);
          }
          const range = Math.fround((high - low) / 255);
          // of zeros alone 1, as in onnxruntime: a file may divide by the scale
          const step = range === 0 ? 1 : range;
          const quantized = (number: number, zero: number): number => {
            const q = roundEven(Math.fround(number / step)) + zero;
            return Number.isNaN(q) ? 0 : Math.min(Math.max(q, 0), 255);
          };
          const at = quantized(-low, 0);
          scale.data[0] = step;
          zero.data[0] = at;
          for (let i = 0; i < data.length; i++)
            y.data[i] = quantized(data[i] as number, at);
        },
      };
    },
  };
};

/** The numbers less their zero point, of which there may be one a row or one a column. */
export function centred(
  node: Node,
  value: Value,
  zero: Value | null | undefined,
  axis: number,
): { value: Value; run: (own: Value, zero: Value | null | undefined) => void } {
  const result = node.value("int32", value.shape);
  const at = zero ? scaleAt(node, value, zero, axis, 0) : () => 0;
  return {
    value: result,
    run({ data }, points) {
      for (let i = 0; i < data.length; i++)
        result.data[i] =
          (data[i] as number) - (points ? (points.data[at(i)] as number) : 0);
    },
  };
}

/** Exact: the sums of products of integers, as int32. */
const matMulInteger: Compile = (node) => {
  node.expectInputs(2, 4);
  return {
    prepare([a, b, zeroA, zeroB]) {
      return integerProduct(node, a as Value, b as Value, zeroA, zeroB);
    },
  };
};

function integerProduct(
  node: Node,
  a: Value,
  b: Value,
  zeroA: Value | null | undefined,
  zeroB: Value | null | undefined,
): Prepared {
  const left = centred(node, a, zeroA, Math.max(0, a.shape.length - 2));
  const right = centred(node, b, zeroB, b.shape.length - 1);
  const product = multiplied(node, left.value, right.value, "int32");
  return {
    outputs: product.outputs,
    ...(product.work !== undefined && { work: product.work }),
    run([x, y, zx, zy]) {
      left.run(x as Value, zx);
      right.run(y as Value, zy);
      product.run?.([left.value, right.value]);
    },
  };
}

/** Quantises sums of products: those in float are `factor` times as much. */
export function requantized(
  y: Value,
  sums: Value,
  factor: (i: number) => number,
  zero: number,
): void {
  const [least, most] = rangeOf(y.dtype);
  for (let i = 0; i < sums.data.length; i++) {
    const whole = Math.fround((sums.data[i] as number) * factor(i));
    y.data[i] = Math.min(Math.max(roundEven(whole) + zero, least), most);
  }
}

const integerDtype = (node: Node, { dtype }: Value): Dtype => {
  if (dtype === "uint8" || dtype === "int8") return dtype;
  throw new TypeError(message(node.place, "uint8 or int8", dtype));
};

/** (a, a scale, a zero, b, b scale, b zero, y scale, y zero) */
const qLinearMatMul: Compile = (node) => {
  node.expectInputs(8);
  return {
    prepare(inputs) {
      const given = inputs as readonly Value[];
      const [a, , zeroA, b, , zeroB] = given as [
        Value,
        Value,
        Value,
        Value,
        Value,
        Value,
      ];
      const product = integerProduct(node, a, b, zeroA, zeroB);
      const [sums] = product.outputs as [Value];
      const y = node.value(integerDtype(node, given[7] as Value), sums.shape);
      const columns = sums.shape.at(-1) ?? 1;
      return {
        outputs: [y],
        ...(product.work !== undefined && { work: product.work }),
        run(own) {
          const [x, sx, zx, w, sw, zw, sy, zy] = own as readonly Value[] as [
            Value,
            Value,
            Value,
            Value,
            Value,
            Value,
            Value,
            Value,
          ];
          product.run?.([x, w, zx, zw]);
          const one = (value: Value, i: number) =>
            value.data[value.data.length > 1 ? i : 0] as number;
          const rows = sums.shape.at(-2) ?? 1;
          requantized(
            y,
            sums,
            (i) =>
              (one(sx, Math.floor(i / columns) % rows) * one(sw, i % columns)) /
              (sy.data[0] as number),
            zy.data[0] as number,
          );
        },
      };
    },
  };
};

export const quantisation = (): Family => ({
  foldable: true,
  operations: {
    QuantizeLinear: quantize,
    DequantizeLinear: dequantize,
    DynamicQuantizeLinear: dynamic,
    MatMulInteger: matMulInteger,
    QLinearMatMul: qLinearMatMul,
  },
  outputs: { DynamicQuantizeLinear: 3 },
});
