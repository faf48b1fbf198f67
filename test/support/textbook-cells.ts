import type { Tensor } from "../../src/index.js";
import { functionOf } from "./functions.js";
import type { AnyOptions, Kind } from "./layers.js";

export type Vector = readonly number[];
/** What a cell computes in one step, each value under the name that `trace` gives it. */
export type Gates = Partial<
  Record<
    | "input"
    | "forget"
    | "candidate"
    | "output"
    | "reset"
    | "update"
    | "cell"
    | "hidden",
    Vector
  >
>;
type Weights = (name: string) => Tensor | undefined;
type CellStep = (
  weights: Weights,
  x: Vector,
  h: Vector,
  c: Vector,
  options: AnyOptions,
) => Gates;

export const cells: Record<Kind, CellStep> = {
  RNN(weights, x, h, _c, options) {
    const { nonlinearity = "tanh", clip = Infinity } = options;
    const [f] = functionsOf(options, [nonlinearity]);
    const a = add(affine(weights, "ih", x), affine(weights, "hh", h));
    return { hidden: limited(a, clip).map(f!) };
  },

  LSTM(weights, x, h, c, options) {
    const { clip = Infinity, coupledGates = false } = options;
    const [f, g, H] = functionsOf(options, ["sigmoid", "tanh", "tanh"]);
    const [ai, af, ag, ao] = blocks(
      add(affine(weights, "ih", x), affine(weights, "hh", h)),
      c.length,
    );
    const peephole = weights("weight_peephole");
    const [pi, pf, po] = peephole ? blocks([...peephole.data], c.length) : [];
    const gate = (a: Vector, p: Vector | undefined, cell: Vector) =>
      limited(p ? add(a, multiply(p, cell)) : a, clip).map(f!);
    const input = gate(ai!, pi, c);
    const forget = coupledGates ? input.map((i) => 1 - i) : gate(af!, pf, c);
    const candidate = limited(ag!, clip).map(g!);
    const cell = add(multiply(forget, c), multiply(input, candidate));
    const output = gate(ao!, po, cell);
    const full = multiply(output, cell.map(H!));
    const projection = weights("weight_hr");
    const hidden = projection ? product(projection, full) : full;
    return { input, forget, candidate, output, cell, hidden };
  },

  GRU(weights, x, h, _c, options) {
    const { clip = Infinity } = options;
    const { resetAfter = true, updateGate = "keep" } = options;
    const [f, g] = functionsOf(options, ["sigmoid", "tanh"]);
    const [xr, xz, xn] = blocks(affine(weights, "ih", x), h.length);
    const [hr, hz, hn] = blocks(affine(weights, "hh", h), h.length);
    const reset = limited(add(xr!, hr!), clip).map(f!);
    const update = limited(add(xz!, hz!), clip).map(f!);
    const recurrent = resetAfter
      ? multiply(reset, hn!)
      : blocks(affine(weights, "hh", multiply(reset, h)), h.length)[2]!;
    const candidate = limited(add(xn!, recurrent), clip).map(g!);
    const [old, fresh] =
      updateGate === "keep" ? [h, candidate] : [candidate, h];
    const hidden = add(
      multiply(update, old),
      multiply(
        update.map((z) => 1 - z),
        fresh,
      ),
    );
    return { reset, update, candidate, hidden };
  },
};

let round: (value: number) => number = (value) => value;

/** `run` with every sum, product and function of the cells rounded to float32: what that alone costs in accuracy. */
export function inFloat32<T>(run: () => T): T {
  const exact = round;
  round = Math.fround;
  try {
    return run();
  } finally {
    round = exact;
  }
}

/** The cell's activations, or the standard ones. */
const functionsOf = (
  { activations = [] }: AnyOptions,
  standard: readonly ("sigmoid" | "tanh" | "relu")[],
) =>
  (activations.length ? activations : standard)
    .map(functionOf)
    .map((f) => (x: number) => round(f(x)));

const limited = (v: Vector, clip: number): Vector =>
  v.map((a) => Math.min(Math.max(a, -clip), clip));

/** W v + b, with or without a b. */
function affine(weights: Weights, name: "ih" | "hh", v: Vector): Vector {
  const product_ = product(weights(`weight_${name}`)!, v);
  const bias = weights(`bias_${name}`);
  return bias ? add(product_, [...bias.data]) : product_;
}

function product(w: Tensor, v: Vector): number[] {
  const [rows = 0, columns = 0] = w.shape;
  const result: number[] = [];
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let k = 0; k < columns; k++)
      sum = round(sum + round(w.data[r * columns + k]! * v[k]!));
    result.push(sum);
  }
  return result;
}

/** The gates of a stacked vector, size entries each. */
function blocks(v: Vector, size: number): Vector[] {
  return Array.from({ length: v.length / size }, (_, k) =>
    v.slice(k * size, (k + 1) * size),
  );
}

const add = (a: Vector, b: Vector): Vector => a.map((v, i) => round(v + b[i]!));
const multiply = (a: Vector, b: Vector): Vector =>
  a.map((v, i) => round(v * b[i]!));
