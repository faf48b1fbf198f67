/*
 * Operations on the bits of integers.
 */
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Dtype, Value } from "../value.js";
import { type Binary, binaryLoop, combine } from "./combined.js";
import { loopOf, wrongDtype } from "./mapped.js";

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

export const bitwiseOperations = (): Family => ({
  foldable: true,
  operations: {
    BitwiseAnd: bitwise((a, b) => a & b),
    BitwiseOr: bitwise((a, b) => a | b),
    BitwiseXor: bitwise((a, b) => a ^ b),
    BitwiseNot: bitwiseNot,
    BitShift: bitShift,
  },
});
