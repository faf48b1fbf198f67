/*
 * Nodes that compute each number of their result from the numbers in the same place of their inputs.
 */
import { message } from "../../checks.js";
import { broadcastOffsets, broadcastShape } from "../indexing.js";
import type { Compile, Node, Run } from "../node.js";
import { type Dtype, exact, type Value } from "../value.js";

type Numbers = (a: number, b: number) => number;

/** y = f(x) on floats; `integers`: on integers too. */
function unary(f: (x: number) => number, integers = false): Compile {
  return (node) => {
    node.expectInputs(1);
    return mapped(node, f, integers);
  };
}

function mapped(node: Node, f: (x: number) => number, integers = false): Run {
  return ([x]) => {
    const { dtype, shape, data } = x as Value;
    if (dtype !== "float32" && (!integers || dtype === "bool"))
      throw wrongDtype(node, "floats", dtype);
    const result = node.room(dtype, shape);
    for (let i = 0; i < result.length; i++) result[i] = f(data[i] as number);
    return [{ dtype, shape, data: result }];
  };
}

function wrongDtype(node: Node, expected: string, got: Dtype): TypeError {
  return new TypeError(message(node.place, expected, got));
}

/**
 * f of two inputs with NumPy's broadcasting. Floats are computed in float64 and rounded once, which for + - × ÷ is
 * what float32 arithmetic gives; integers exactly, or not at all.
 */
function arithmetic(f: Numbers, onIntegers: Numbers = f): Compile {
  return (node) => {
    node.expectInputs(2);
    return ([left, right]) => {
      const [a, b] = [left as Value, right as Value];
      if (a.dtype !== b.dtype || a.dtype === "bool")
        throw wrongDtype(
          node,
          `numbers of one type beside ${a.dtype}`,
          b.dtype,
        );
      return [combine(node, a, b, a.dtype, f, onIntegers)];
    };
  };
}

function combine(
  node: Node,
  a: Value,
  b: Value,
  dtype: Dtype,
  f: Numbers,
  onIntegers: Numbers,
): Value {
  const shape = broadcastShape([a.shape, b.shape], node.place);
  const data = node.room(dtype, shape);
  const atA = broadcastOffsets(a, shape, data.length);
  const atB = broadcastOffsets(b, shape, data.length);
  const floats = dtype === "float32";
  for (let i = 0; i < data.length; i++) {
    const x = a.data[atA ? (atA[i] as number) : i] as number;
    const y = b.data[atB ? (atB[i] as number) : i] as number;
    data[i] = floats ? f(x, y) : exact(onIntegers(x, y), dtype, node.place);
  }
  return { dtype, shape, data };
}

/** Division of integers goes towards zero; by zero it is refused, since no integer says so. */
const divideIntegers: Numbers = (a, b) => Math.trunc(a / b) + 0;

/** The base's type is the result's; the exponent may be of another one. */
const pow: Compile = (node) => {
  node.expectInputs(2);
  return ([base, exponent]) => {
    const [a, b] = [base as Value, exponent as Value];
    for (const { dtype } of [a, b])
      if (dtype === "bool") throw wrongDtype(node, "numbers", dtype);
    const whole: Numbers = (x, y) => Math.trunc(x ** y) + 0;
    return [combine(node, a, b, a.dtype, (x, y) => x ** y, whole)];
  };
};

const equal: Compile = (node) => {
  node.expectInputs(2);
  return ([left, right]) => {
    const [a, b] = [left as Value, right as Value];
    if (a.dtype !== b.dtype)
      throw wrongDtype(node, `values of one type beside ${a.dtype}`, b.dtype);
    const same: Numbers = (x, y) => (x === y ? 1 : 0);
    return [combine(node, a, b, "bool", same, same)];
  };
};

const not: Compile = (node) => {
  node.expectInputs(1);
  return ([x]) => {
    const { dtype, shape, data } = x as Value;
    if (dtype !== "bool") throw wrongDtype(node, "truth values", dtype);
    return [{ dtype, shape, data: data.map((bit) => (bit ? 0 : 1)) }];
  };
};

const where: Compile = (node) => {
  node.expectInputs(3);
  return (inputs) => {
    const [condition, x, y] = inputs as readonly Value[] as [
      Value,
      Value,
      Value,
    ];
    if (condition.dtype !== "bool")
      throw wrongDtype(node, "truth values as condition", condition.dtype);
    if (x.dtype !== y.dtype)
      throw wrongDtype(node, `values of one type beside ${x.dtype}`, y.dtype);
    const shape = broadcastShape(
      [condition.shape, x.shape, y.shape],
      node.place,
    );
    const data = node.room(x.dtype, shape);
    const [atC, atX, atY] = [condition, x, y].map((value) =>
      broadcastOffsets(value, shape, data.length),
    );
    for (let i = 0; i < data.length; i++) {
      const yes = condition.data[atC ? (atC[i] as number) : i];
      const from = yes ? atX : atY;
      data[i] = (yes ? x : y).data[from ? (from[i] as number) : i] as number;
    }
    return [{ dtype: x.dtype, shape, data }];
  };
};

/** Limits are attributes up to opset 10, inputs that may be left out from 11 on. NaN stays NaN. */
const clip: Compile = (node) => {
  node.expectInputs(1, 3);
  const limits = [node.float("min", -Infinity), node.float("max", Infinity)];
  return ([x, low, high], running) => {
    const { dtype } = x as Value;
    const [least, most] = [low, high].map((limit, i) => {
      if (!limit) return limits[i] as number;
      if (limit.dtype === dtype && limit.data.length === 1)
        return limit.data[0] as number;
      throw new RangeError(
        message(
          node.place,
          `limits that are one ${dtype}`,
          `${limit.data.length} ${limit.dtype}`,
        ),
      );
    }) as [number, number];
    const f = (v: number) => Math.min(Math.max(v, least), most);
    return mapped(node, f, true)([x as Value], running);
  };
};

const leakyRelu: Compile = (node) => {
  node.expectInputs(1);
  const alpha = Math.fround(node.float("alpha", 0.01));
  return mapped(node, (x) => (x < 0 ? alpha * x : x));
};

export const elementwise: Record<string, Compile> = {
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => a * b + 0,
  ),
  Div: arithmetic((a, b) => a / b, divideIntegers),
  Pow: pow,
  Sqrt: unary(Math.sqrt),
  Relu: unary((x) => (x < 0 ? 0 : x), true),
  LeakyRelu: leakyRelu,
  Tanh: unary(Math.tanh),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Clip: clip,
  Equal: equal,
  Not: not,
  Where: where,
};
