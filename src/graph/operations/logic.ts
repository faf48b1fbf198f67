/*
 * Comparisons, and arithmetic of truth values.
 */
import type { Compile } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";
import { alongAxis, combine } from "./combined.js";
import { wrongDtype } from "./mapped.js";

type Test = (a: number, b: number) => boolean;

/** Of two values of one type; `bools`: truth values alone. */
function comparison(test: Test, bools: boolean | null = false): Compile {
  return (node) => {
    node.expectInputs(2);
    const aligned = alongAxis(node);
    return {
      prepare([left, right]) {
        const [a, own] = [left as Value, right as Value];
        const b = aligned(a, own);
        if (a.dtype !== b.dtype)
          throw wrongDtype(
            node,
            `values of one type beside ${a.dtype}`,
            b.dtype,
          );
        if (bools !== null && (a.dtype === "bool") !== bools)
          throw wrongDtype(node, bools ? "truth values" : "numbers", a.dtype);
        return combine(node, a, b, "bool", (x, atX, y, atY, to) => {
          for (let i = 0; i < to.length; i++) {
            const p = x[atX ? (atX[i] as number) : i] as number;
            const q = y[atY ? (atY[i] as number) : i] as number;
            to[i] = test(p, q) ? 1 : 0;
          }
        });
      },
    };
  };
}

function asked(test: (x: number) => boolean, bools = false): Compile {
  return (node) => {
    node.expectInputs(1);
    return {
      prepare([x]) {
        const { dtype, shape } = x as Value;
        if ((dtype === "bool") !== bools)
          throw wrongDtype(node, bools ? "truth values" : "numbers", dtype);
        const y = node.value("bool", shape);
        return {
          outputs: [y],
          run([own]) {
            const { data } = own as Value;
            for (let i = 0; i < data.length; i++)
              y.data[i] = test(data[i] as number) ? 1 : 0;
          },
        };
      },
    };
  };
}

const isInf: Compile = (node) => {
  const negative = node.flag("detect_negative", true);
  const positive = node.flag("detect_positive", true);
  return asked(
    (x) => (positive && x === Infinity) || (negative && x === -Infinity),
  )(node);
};

export const logic = (): Family => ({
  foldable: true,
  operations: {
    Equal: comparison((a, b) => a === b, null),
    Less: comparison((a, b) => a < b),
    LessOrEqual: comparison((a, b) => a <= b),
    Greater: comparison((a, b) => a > b),
    GreaterOrEqual: comparison((a, b) => a >= b),
    And: comparison((a, b) => a !== 0 && b !== 0, true),
    Or: comparison((a, b) => a !== 0 || b !== 0, true),
    Xor: comparison((a, b) => a !== b, true),
    Not: asked((x) => x === 0, true),
    IsNaN: asked((x) => Number.isNaN(x)),
    IsInf: isInf,
  },
});
