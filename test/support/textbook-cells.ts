import type { Tensor } from "../../src/index.js";
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

const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
const relu = (a: number) => Math.max(a, 0);

export const cells: Record<Kind, CellStep> = {
  RNN(weights, x, h, _c, { nonlinearity = "tanh" }) {
    const a = add(affine(weights, "ih", x), affine(weights, "hh", h));
    return { hidden: a.map(nonlinearity === "tanh" ? Math.tanh : relu) };
  },

  LSTM(weights, x, h, c) {
    const [ai, af, ag, ao] = blocks(
      add(affine(weights, "ih", x), affine(weights, "hh", h)),
      c.length,
    );
    const [input, forget, output] = [
      ai!.map(sigmoid),
      af!.map(sigmoid),
      ao!.map(sigmoid),
    ];
    const candidate = ag!.map(Math.tanh);
    const cell = add(multiply(forget, c), multiply(input, candidate));
    const full = multiply(output, cell.map(Math.tanh));
    const projection = weights("weight_hr");
    const hidden = projection ? product(projection, full) : full;
    return { input, forget, candidate, output, cell, hidden };
  },

  GRU(weights, x, h, _c, { resetAfter = true, updateGate = "keep" }) {
    const [xr, xz, xn] = blocks(affine(weights, "ih", x), h.length);
    const [hr, hz, hn] = blocks(affine(weights, "hh", h), h.length);
    const reset = add(xr!, hr!).map(sigmoid);
    const update = add(xz!, hz!).map(sigmoid);
    const recurrent = resetAfter
      ? multiply(reset, hn!)
      : blocks(affine(weights, "hh", multiply(reset, h)), h.length)[2]!;
    const candidate = add(xn!, recurrent).map(Math.tanh);
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
    for (let k = 0; k < columns; k++) sum += w.data[r * columns + k]! * v[k]!;
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

const add = (a: Vector, b: Vector): Vector => a.map((v, i) => v + b[i]!);
const multiply = (a: Vector, b: Vector): Vector => a.map((v, i) => v * b[i]!);
