import type { Pass } from "../contract.js";
import type { Memory } from "../memory.js";
import { Fields } from "./layer.js";
import { logarithm } from "./logarithm.js";

/** The fields of its record: class Pointwise in assembly/arrays/pointwise.ts. */
export const POINTWISE = [
  "code",
  "y",
  "a",
  "b",
  "rows",
  "columns",
  "aRow",
  "bRow",
  "aSingle",
  "bSingle",
  "quadA",
  "quadB",
] as const;

/** In the order of their codes. */
export const POINTWISE_NAMES = [
  "add",
  "subtract",
  "multiply",
  "divide",
  "prelu",
  "relu",
  "square",
  "sqrt",
  "log",
] as const;

export type PointwiseName = (typeof POINTWISE_NAMES)[number];

const FUNCTIONS: Record<PointwiseName, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  prelu: (a, b) => (a < 0 ? a * b : a),
  relu: (a) => (a < 0 ? 0 : a),
  square: (a) => a * a,
  sqrt: Math.sqrt,
  log: logarithm,
};

/** y [rows, columns] ← f(a, b); each result is rounded once, when it is stored. */
export function pointwiseKernel(memory: Memory): Pass {
  return (address) => {
    const { f32 } = memory;
    const fields = new Fields(memory, address, POINTWISE);
    const f = FUNCTIONS[POINTWISE_NAMES[fields.int("code")] as PointwiseName];
    const columns = fields.int("columns");
    const aStep = fields.int("aSingle") ? 0 : 1;
    const bStep = fields.int("bSingle") ? 0 : 1;
    let y = fields.index("y");
    let a = fields.index("a");
    let b = fields.index("b");
    for (let row = 0; row < fields.int("rows"); row++) {
      for (let i = 0; i < columns; i++)
        f32[y + i] = f(
          f32[a + i * aStep] as number,
          f32[b + i * bStep] as number,
        );
      y += columns;
      a += fields.index("aRow");
      b += fields.index("bRow");
    }
  };
}
