/*
 * Arithmetic. Floats are computed in float64 and rounded once, which for + - × ÷ is what float32 arithmetic gives;
 * integers exactly, or not at all.
 */
import { broadcastOffsets, broadcastShape } from "../indexing.js";
import type { PointwiseName } from "../../layers/arrays.js";
import type { Compile, Node, Prepared } from "../node.js";
import type { Family } from "../table.js";
import { checkExact, exact, type Value } from "../value.js";
import {
  alongAxis,
  type Binary,
  type BinaryLoop,
  binaryLoop,
  combine,
} from "./combined.js";
import { floatsMapped, wrongDtype } from "./mapped.js";

interface Arithmetic {
  readonly floats: BinaryLoop;
  /** The kernel's function that is the same, to the bit. */
  readonly name: PointwiseName;
  /** By default as floats, but exactly. */
  readonly integers?: Binary;
}

function exactly(
  f: Binary,
  { floats, name, integers = f }: Arithmetic,
): Compile {
  return (node) => {
    node.expectInputs(2);
    const aligned = alongAxis(node);
    const loopOfIntegers = binaryLoop((x, y) => integers(x, y));
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
        if (dtype === "float32")
          return combine(node, a, b, dtype, floats, name);
        const loop: BinaryLoop = (...operands) => {
          loopOfIntegers(...operands);
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
  const known = node.constant(1)?.data;
  const squares = known?.length === 1 && known[0] === 2;
  return {
    prepare([base, exponent]) {
      const [a, b] = [base as Value, exponent as Value];
      for (const { dtype } of [a, b])
        if (dtype === "bool") throw wrongDtype(node, "numbers", dtype);
      const { dtype } = a;
      if (squares && dtype === "float32" && b.shape.length <= a.shape.length)
        return squared(node, a);
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

/** x², which exporters write as a power: a tenth of pow's time. */
const squared = (node: Node, { shape }: Value): Prepared =>
  floatsMapped(
    node,
    shape,
    (x, y) => {
      for (let i = 0; i < y.length; i++)
        y[i] = (x[i] as number) * (x[i] as number);
    },
    "square",
  );

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
        if (mean && dtype !== "float32")
          throw wrongDtype(node, "floats", dtype);
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
            checkExact(result, node.place);
          },
        };
      },
    };
  };
}

/** Integers divide towards zero; by zero it is refused, since no integer says so. */
const divideIntegers: Binary = (a, b) => Math.trunc(a / b) + 0;

export const arithmetic = (): Family => ({
  foldable: true,
  operations: {
    Add: exactly((a, b) => a + b, { floats: add, name: "add" }),
    Sub: exactly((a, b) => a - b, { floats: subtract, name: "subtract" }),
    Mul: exactly((a, b) => a * b + 0, { floats: multiply, name: "multiply" }),
    Div: exactly(divideIntegers, { floats: divide, name: "divide" }),
    Pow: pow,
    Mod: mod,
    Min: folded((a, b) => Math.min(a, b)),
    Max: folded((a, b) => Math.max(a, b)),
    Sum: folded((a, b) => a + b),
    Mean: folded((a, b) => a + b, true),
  },
});
