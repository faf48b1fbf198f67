import { oneOf, record, wrong } from "../checks.js";
import { cosPi, log } from "../kernel/backward.js";
import { checkSeed } from "../layers/options.js";
import { uniform } from "../random.js";
import type { Tensor } from "../tensor.js";
import { randomAt } from "./counters.js";
import { type Model, Subject } from "./subject.js";

/** From which distributions `initialize` draws. */
export interface InitializeOptions {
  /** 0 by default. */
  seed?: number;
  /** Of an LSTM, the sum of both biases of its forget gate (Jozefowicz et al. 2015); 1 by default. */
  forgetBias?: number;
  /** Of U: U(-1/√H, 1/√H), the default, as PyTorch; or each gate's an orthogonal matrix (Saxe et al. 2014), as Keras. */
  recurrent?: "uniform" | "orthogonal";
  /** Of W: uniform, the default, as PyTorch; or U(±√(6 / (I + O))) of each gate (Glorot and Bengio 2010), as Keras. */
  input?: "uniform" | "glorot";
}

/** Draws all weights anew: vectors of an Embedding from N(0, 1), as PyTorch; learned states start from 0, LayerNorm from 1 and 0, and a BatchNorm stays. */
export function initialize(
  model: Model,
  options: InitializeOptions = {},
): void {
  const given = record(options, "options", {
    seed: 0,
    forgetBias: 0,
    recurrent: 0,
    input: 0,
  });
  const seed = checkSeed(given["seed"] ?? 0);
  const forget = given["forgetBias"] ?? 1;
  if (typeof forget !== "number" || !Number.isFinite(forget))
    throw wrong(
      typeof forget === "number",
      "forgetBias",
      "a finite number",
      forget,
    );
  const recurrent = oneOf(given["recurrent"] ?? "uniform", "recurrent", [
    "uniform",
    "orthogonal",
  ]);
  const input = oneOf(given["input"] ?? "uniform", "input", [
    "uniform",
    "glorot",
  ]);
  const subject = new Subject(model);
  const weights = subject.weights();
  subject.names.forEach((name, index) => {
    if (subject.fixed(name)) return;
    const random = randomAt(seed, "initial", index);
    const { shape, data } = weights[name] as Tensor;
    const [rows, columns = 1] = shape as [number, number | undefined];
    const { rows: each, fan, forget: gate } = subject.initialOf(name);
    if (/(hidden0|cell0)[^.]*$/.test(name)) data.fill(0);
    else if (fan === "one") data.fill(name.endsWith("bias") ? 0 : 1);
    else if (fan === "normal")
      data.forEach((_, i) => (data[i] = normal(random)));
    else if (name.includes("weight_hh") && recurrent === "orthogonal")
      for (let from = 0; from < rows; from += each)
        data.set(orthogonal(each, columns, random), from * columns);
    else if (/weight(_ih[^.]*)?$/.test(name) && input === "glorot") {
      const bound = Math.sqrt(6 / (columns + each));
      data.set(uniform(data.length, bound, random));
    } else data.set(uniform(data.length, 1 / Math.sqrt(fan), random));
    if (gate < 0 || !name.includes("bias_")) return;
    const bias = name.includes("bias_ih") ? forget : 0;
    data.fill(bias, gate * each, (gate + 1) * each);
  });
  subject.setWeights(weights);
}

/** From N(0, 1), by Box and Muller. */
function normal(random: () => number): number {
  const size = Math.sqrt(-2 * log(1 - random()));
  const turn = 2 * random();
  return size * cosPi(turn <= 1 ? turn : 2 - turn);
}

/** Rows (or, where there are fewer of them, columns) of length 1 and at right angles: Gram and Schmidt, twice. */
function orthogonal(
  rows: number,
  columns: number,
  random: () => number,
): Float32Array {
  const wide = columns >= rows;
  const count = Math.min(rows, columns);
  const size = Math.max(rows, columns);
  const found: Float64Array[] = [];
  while (found.length < count) {
    const vector = Float64Array.from({ length: size }, () => normal(random));
    for (const other of [...found, ...found]) {
      let along = 0;
      for (let i = 0; i < size; i++)
        along += (vector[i] as number) * (other[i] as number);
      for (let i = 0; i < size; i++)
        vector[i] = (vector[i] as number) - along * (other[i] as number);
    }
    let square = 0;
    for (const value of vector) square += value * value;
    if (square < 1e-12) continue;
    const length = Math.sqrt(square);
    found.push(vector.map((value) => value / length));
  }
  const matrix = new Float32Array(rows * columns);
  found.forEach((vector, i) =>
    vector.forEach((value, j) => {
      matrix[wide ? i * columns + j : j * columns + i] = value;
    }),
  );
  return matrix;
}
