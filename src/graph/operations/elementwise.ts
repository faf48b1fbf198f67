/*
 * Operations that compute each number of their result from the numbers in the same place of their inputs, with NumPy's
 * broadcasting. Floats are computed in float64 and rounded once, which for + - × ÷ is what float32 arithmetic gives;
 * integers exactly, or not at all.
 */
import { message } from "../../checks.js";
import { broadcastOffsets, broadcastShape, reshapeTo } from "../indexing.js";
import type { Compile, Node, Operation, Prepared } from "../node.js";
import { type Dtype, exact, type Numbers, type Value } from "../value.js";

type Unary = (x: number) => number;
type Binary = (a: number, b: number) => number;

export function wrongDtype(
  node: Node,
  expected: string,
  got: Dtype,
): TypeError {
  return new TypeError(message(node.place, expected, got));
}

/** y = f(x), by a loop of its own, which engines compile for the one f. */
type UnaryLoop = (x: Numbers, y: Numbers) => void;

const loopOf =
  (f: Unary): UnaryLoop =>
  (x, y) => {
    for (let i = 0; i < y.length; i++) y[i] = f(x[i] as number);
  };

/** y = f(x) on floats; `integers`: on integers too. */
export function mapped(
  node: Node,
  loop: UnaryLoop,
  integers = false,
): Operation {
  return {
    prepare([x]) {
      const { dtype, shape } = x as Value;
      if (dtype !== "float32" && (!integers || dtype === "bool"))
        throw wrongDtype(node, integers ? "numbers" : "floats", dtype);
      const y = node.value(dtype, shape);
      return {
        outputs: [y],
        run: ([own]) => loop((own as Value).data, y.data),
      };
    },
  };
}

export const unary =
  (f: Unary, integers = false): Compile =>
  (node) => {
    node.expectInputs(1);
    return mapped(node, loopOf(f), integers);
  };

const unaryLoop =
  (loop: UnaryLoop, integers = false): Compile =>
  (node) => {
    node.expectInputs(1);
    return mapped(node, loop, integers);
  };

/** An activation with numbers of its own, which are float32 as in the file. */
export const withNumbers =
  (
    names: Readonly<Record<string, number>>,
    make: (...numbers: number[]) => Unary,
  ): Compile =>
  (node) => {
    node.expectInputs(1);
    const numbers = Object.entries(names).map(([name, otherwise]) =>
      Math.fround(node.float(name, otherwise)),
    );
    return mapped(node, loopOf(make(...numbers)));
  };

type BinaryLoop = (
  a: Numbers,
  atA: Int32Array | null,
  b: Numbers,
  atB: Int32Array | null,
  to: Numbers,
) => void;

const binaryLoop =
  (f: Binary): BinaryLoop =>
  (a, atA, b, atB, to) => {
    for (let i = 0; i < to.length; i++)
      to[i] = f(
        a[atA ? (atA[i] as number) : i] as number,
        b[atB ? (atB[i] as number) : i] as number,
      );
  };

/** f of two inputs, broadcast, into a result of `dtype`. */
export function combine(
  node: Node,
  a: Value,
  b: Value,
  dtype: Dtype,
  loop: BinaryLoop,
): Prepared {
  const shape = broadcastShape([a.shape, b.shape], node.place);
  const result = node.value(dtype, shape);
  const { data } = result;
  const atA = broadcastOffsets(a, shape, data.length);
  const atB = broadcastOffsets(b, shape, data.length);
  return {
    outputs: [result],
    run: ([x, y]) => loop((x as Value).data, atA, (y as Value).data, atB, data),
  };
}

/** Opset 6: the axis of A that B's first lies along. */
export function alongAxis(node: Node): (a: Value, b: Value) => Value {
  if (!node.states("axis")) return (_, b) => b;
  const axis = node.int("axis", 0);
  return (a, b) => {
    const behind = a.shape.length - axis - b.shape.length;
    return behind > 0 && axis >= 0
      ? { ...b, shape: reshapeTo(b.shape, behind) }
      : b;
  };
}

interface Arithmetic {
  readonly floats: BinaryLoop;
  /** By default as floats, but exactly. */
  readonly integers?: Binary;
}

function arithmetic(f: Binary, { floats, integers = f }: Arithmetic): Compile {
  return (node) => {
    node.expectInputs(2);
    const aligned = alongAxis(node);
    const exactly = binaryLoop((x, y) => integers(x, y));
    return {
      prepare([left, right]) {
        const [a, own] = [left as Value, right as Value];
        const b = aligned(a, own);
        const { dtype } = a;
        if (dtype !== b.dtype || dtype === "bool")
          throw wrongDtype(
            node,
            `numbers of one type beside ${dtype}`,
            b.dtype,
          );
        if (dtype === "float32") return combine(node, a, b, dtype, floats);
        const loop: BinaryLoop = (...operands) => {
          exactly(...operands);
          const to = operands[4];
          for (let i = 0; i < to.length; i++)
            to[i] = exact(to[i] as number, dtype, node.place);
        };
        return combine(node, a, b, dtype, loop);
      },
    };
  };
}

// one loop each: a function of two numbers called in a shared loop takes four times as long
const add: BinaryLoop = (a, atA, b, atB, to) => {
  if (!atA && !atB)
    for (let i = 0; i < to.length; i++)
      to[i] = (a[i] as number) + (b[i] as number);
  else
    for (let i = 0; i < to.length; i++)
      to[i] =
        (a[atA ? (atA[i] as number) : i] as number) +
        (b[atB ? (atB[i] as number) : i] as number);
};
const subtract: BinaryLoop = (a, atA, b, atB, to) => {
  for (let i = 0; i < to.length; i++)
    to[i] =
      (a[atA ? (atA[i] as number) : i] as number) -
      (b[atB ? (atB[i] as number) : i] as number);
};
const multiply: BinaryLoop = (a, atA, b, atB, to) => {
  if (!atA && !atB)
    for (let i = 0; i < to.length; i++)
      to[i] = (a[i] as number) * (b[i] as number);
  else
    for (let i = 0; i < to.length; i++)
      to[i] =
        (a[atA ? (atA[i] as number) : i] as number) *
        (b[atB ? (atB[i] as number) : i] as number);
};
const divide: BinaryLoop = (a, atA, b, atB, to) => {
  for (let i = 0; i < to.length; i++)
    to[i] =
      (a[atA ? (atA[i] as number) : i] as number) /
      (b[atB ? (atB[i] as number) : i] as number);
};

/** The base's type is the result's; the exponent may be of another one. */
const pow: Compile = (node) => {
  node.expectInputs(2);
  const aligned = alongAxis(node);
  return {
    prepare([base, exponent]) {
      const [a, b] = [base as Value, exponent as Value];
      for (const { dtype } of [a, b])
        if (dtype === "bool") throw wrongDtype(node, "numbers", dtype);
      const { dtype } = a;
      const loop =
        dtype === "float32"
          ? binaryLoop(power)
          : binaryLoop((x, y) =>
              exact(Math.trunc(x ** y) + 0, dtype, node.place),
            );
      return combine(node, a, aligned(a, b), dtype, loop);
    },
  };
};

/** C's pow, which is 1 where JavaScript's is NaN. */
const power: Binary = (x, y) =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** The sign of the divisor, or with `fmod` that of the dividend. */
const mod: Compile = (node) => {
  node.expectInputs(2);
  const fmod = node.flag("fmod");
  return {
    prepare([left, right]) {
      const [a, b] = [left as Value, right as Value];
      if (a.dtype !== b.dtype || a.dtype === "bool")
        throw wrongDtype(
          node,
          `numbers of one type beside ${a.dtype}`,
          b.dtype,
        );
      const f: Binary = fmod
        ? (x, y) => x % y
        : (x, y) => {
            const rest = x % y;
            return rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest;
          };
      const { dtype } = a;
      const loop =
        dtype === "float32"
          ? binaryLoop(f)
          : binaryLoop((x, y) => exact(f(x, y) + 0, dtype, node.place));
      return combine(node, a, b, dtype, loop);
    },
  };
};

/** Of one input or more. */
function folded(f: Binary, mean = false): Compile {
  return (node) => {
    node.expectInputs(1, Infinity);
    return {
      prepare(inputs) {
        const values = inputs.filter((value) => value !== null);
        const { dtype } = values[0] as Value;
        for (const value of values)
          if (value.dtype !== dtype || dtype === "bool")
            throw wrongDtype(node, `numbers of ${dtype}`, value.dtype);
        const shapes = values.map(({ shape }) => shape);
        const shape = broadcastShape(shapes, node.place);
        const result = node.value(dtype, shape);
        const to = result.data;
        const at = values.map((value) =>
          broadcastOffsets(value, shape, to.length),
        );
        const count = values.length;
        return {
          outputs: [result],
          run(given) {
            for (let k = 0; k < count; k++) {
              const { data } = given[k] as Value;
              const from = at[k];
              for (let i = 0; i < to.length; i++) {
                const own = data[from ? (from[i] as number) : i] as number;
                to[i] = k ? f(to[i] as number, own) : own;
              }
            }
            if (mean)
              for (let i = 0; i < to.length; i++)
                to[i] = (to[i] as number) / count;
          },
        };
      },
    };
  };
}

/** Of two numbers; NaN where one is. */
const bitwise = (f: (a: bigint, b: bigint) => bigint): Compile =>
  integersOnly((x, y) => Number(f(BigInt(x), BigInt(y))));

function integersOnly(f: Binary): Compile {
  return (node) => {
    node.expectInputs(2);
    return {
      prepare([left, right]) {
        const [a, b] = [left as Value, right as Value];
        if (a.dtype !== b.dtype || a.dtype === "bool" || a.dtype === "float32")
          throw wrongDtype(node, `integers beside ${a.dtype}`, b.dtype);
        const bits = bitsOf(a.dtype);
        const wrapped: Binary = (x, y) => wrap(f(x, y), a.dtype, bits);
        return combine(node, a, b, a.dtype, binaryLoop(wrapped));
      },
    };
  };
}

const bitsOf = (dtype: Dtype): number => Number(/\d+$/.exec(dtype)?.[0] ?? 64);

/** What is left of an integer in so many bits. */
function wrap(value: number, dtype: Dtype, bits: number): number {
  const big = BigInt(value);
  return Number(
    dtype.startsWith("u")
      ? BigInt.asUintN(bits, big)
      : BigInt.asIntN(bits, big),
  );
}

const bitShift: Compile = (node) => {
  const left = node.word("direction", ["LEFT", "RIGHT"], "LEFT") === "LEFT";
  return integersOnly((x, y) => (left ? x * 2 ** y : Math.floor(x / 2 ** y)))(
    node,
  );
};

const bitwiseNot: Compile = (node) => {
  node.expectInputs(1);
  return {
    prepare([x]) {
      const { dtype, shape } = x as Value;
      if (dtype === "float32" || dtype === "bool")
        throw wrongDtype(node, "integers", dtype);
      const y = node.value(dtype, shape);
      const bits = bitsOf(dtype);
      const f = (own: number) => wrap(-own - 1, dtype, bits);
      const loop = loopOf(f);
      return {
        outputs: [y],
        run: ([own]) => loop((own as Value).data, y.data),
      };
    },
  };
};

/** Limits are attributes up to opset 10, inputs that may be left out from 11 on. NaN stays NaN. */
const clip: Compile = (node) => {
  node.expectInputs(1, 3);
  const limits = [node.float("min", -Infinity), node.float("max", Infinity)];
  const limit = (value: Value | null | undefined, i: number, dtype: Dtype) => {
    if (!value) return limits[i] as number;
    if (value.dtype === dtype && value.data.length === 1)
      return value.data[0] as number;
    throw new RangeError(
      message(
        node.place,
        `limits that are one ${dtype}`,
        `${value.data.length} ${value.dtype}`,
      ),
    );
  };
  return {
    prepare([x, low, high]) {
      const { dtype, shape } = x as Value;
      if (dtype === "bool") throw wrongDtype(node, "numbers", dtype);
      limit(low, 0, dtype);
      limit(high, 1, dtype);
      const y = node.value(dtype, shape);
      return {
        outputs: [y],
        run([own, least, most]) {
          const [from, to] = [limit(least, 0, dtype), limit(most, 1, dtype)];
          const { data } = own as Value;
          for (let i = 0; i < data.length; i++)
            y.data[i] = Math.min(Math.max(data[i] as number, from), to);
        },
      };
    },
  };
};

const where: Compile = (node) => {
  node.expectInputs(3);
  return {
    prepare(inputs) {
      const [condition, x, y] = inputs as [Value, Value, Value];
      if (condition.dtype !== "bool")
        throw wrongDtype(node, "truth values as condition", condition.dtype);
      if (x.dtype !== y.dtype)
        throw wrongDtype(node, `values of one type beside ${x.dtype}`, y.dtype);
      const shapes = [condition.shape, x.shape, y.shape];
      const shape = broadcastShape(shapes, node.place);
      const result = node.value(x.dtype, shape);
      const to = result.data;
      const [atC, atX, atY] = [condition, x, y].map((value) =>
        broadcastOffsets(value, shape, to.length),
      );
      return {
        outputs: [result],
        run([c, a, b]) {
          const yes = (c as Value).data;
          const [from, otherwise] = [(a as Value).data, (b as Value).data];
          for (let i = 0; i < to.length; i++)
            to[i] = yes[atC ? (atC[i] as number) : i]
              ? (from[atX ? (atX[i] as number) : i] as number)
              : (otherwise[atY ? (atY[i] as number) : i] as number);
        },
      };
    },
  };
};

/** Slopes broadcast to the input. */
const pRelu: Compile = (node) => {
  node.expectInputs(2);
  const aligned = alongAxis(node);
  const loop: BinaryLoop = (a, atA, b, atB, to) => {
    for (let i = 0; i < to.length; i++) {
      const x = a[atA ? (atA[i] as number) : i] as number;
      to[i] = x < 0 ? x * (b[atB ? (atB[i] as number) : i] as number) : x;
    }
  };
  return {
    prepare([left, right]) {
      const [x, slope] = [left as Value, right as Value];
      if (x.dtype !== slope.dtype || x.dtype === "bool")
        throw wrongDtype(node, `slopes of ${x.dtype}`, slope.dtype);
      return combine(node, x, aligned(x, slope), x.dtype, loop);
    },
  };
};

/** To the nearest even integer. */
const round: Unary = (x) => {
  const near = Math.round(x);
  return Math.abs(x % 1) === 0.5 && near % 2 !== 0 ? near - 1 : near;
};

/** Within 1e-15 of the error function: a series near 0, a continued fraction beyond. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -(x * x) / n;
      sum += term / (2 * n + 1);
    }
    return Number.isNaN(x) ? x : (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  const tail = Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction);
  return Math.sign(x) * (1 - tail);
}

/** Integers divide towards zero; by zero it is refused, since no integer says so. */
const divideIntegers: Binary = (a, b) => Math.trunc(a / b) + 0;

export const elementwise: Record<string, Compile> = {
  Add: arithmetic((a, b) => a + b, { floats: add }),
  Sub: arithmetic((a, b) => a - b, { floats: subtract }),
  Mul: arithmetic((a, b) => a * b + 0, { floats: multiply }),
  Div: arithmetic(divideIntegers, { floats: divide }),
  Pow: pow,
  Mod: mod,
  Min: folded((a, b) => Math.min(a, b)),
  Max: folded((a, b) => Math.max(a, b)),
  Sum: folded((a, b) => a + b),
  Mean: folded((a, b) => a + b, true),
  BitwiseAnd: bitwise((a, b) => a & b),
  BitwiseOr: bitwise((a, b) => a | b),
  BitwiseXor: bitwise((a, b) => a ^ b),
  BitwiseNot: bitwiseNot,
  BitShift: bitShift,
  Clip: clip,
  Where: where,
  PRelu: pRelu,
  Sqrt: unaryLoop((x, y) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i] as number);
  }),
  Relu: unaryLoop((x, y) => {
    for (let i = 0; i < y.length; i++) {
      const own = x[i] as number;
      y[i] = own < 0 ? 0 : own;
    }
  }, true),
  Tanh: unaryLoop((x, y) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.tanh(x[i] as number);
  }),
  Sigmoid: unaryLoop((x, y) => {
    for (let i = 0; i < y.length; i++)
      y[i] = 1 / (1 + Math.exp(-(x[i] as number)));
  }),
  Exp: unary(Math.exp),
  Log: unary(Math.log),
  Neg: unary((x) => (x === 0 ? -x : -x), true),
  Abs: unary(Math.abs, true),
  Reciprocal: unary((x) => 1 / x),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(round),
  Sign: unary(Math.sign, true),
  Erf: unary(erf),
  Sin: unary(Math.sin),
  Cos: unary(Math.cos),
  Tan: unary(Math.tan),
  Asin: unary(Math.asin),
  Acos: unary(Math.acos),
  Atan: unary(Math.atan),
  Sinh: unary(Math.sinh),
  Cosh: unary(Math.cosh),
  Asinh: unary(Math.asinh),
  Acosh: unary(Math.acosh),
  Atanh: unary(Math.atanh),
};
