/*
 * Rules of nodes that compute: products, sums, limits, activations.
 */
import {
  ACTIVATIONS,
  type ActivationName,
  onnxActivations,
  onnxName,
} from "../operations/activations.js";
import type { Value } from "../value.js";
import {
  type Clipped,
  type Expression,
  type Function,
  MOST_PARTS,
  scalarOf,
  type Sum,
} from "./expressions.js";
import { addPlaces } from "./lists.js";
import { isVector, known, type Rule } from "./rule.js";

function product(of: Expression | null, weight: Expression | null): Sum | null {
  const isVector =
    (of?.kind === "step" && !of.axis) ||
    of?.kind === "state" ||
    of?.kind === "times";
  if (!isVector || weight?.kind !== "known") return null;
  const { shape, dtype } = weight.value;
  if (shape.length !== 2 || dtype !== "float32") return null;
  const width = shape[1] as number;
  const term = { of, weight: weight.value, from: 0 };
  return { kind: "sum", width, terms: [term], biases: [] };
}

const matMul: Rule = (_, [a, b]) => product(a ?? null, b ?? null);

const gemm: Rule = (_, [a, b, c], attributes) => {
  const is = (name: string, value: number) =>
    (attributes.get(name) ?? value) === value;
  if (!is("alpha", 1) || !is("beta", 1) || !is("transA", 0)) return null;
  const weight =
    b?.kind === "known" && !is("transB", 0) ? transposed(b.value) : b;
  const made = product(a ?? null, weight ?? null);
  return made && c ? plus(made, c) : made;
};

/** Each matrix once: a file may have one large one, and a thousand Gemms of it. */
const turned = new WeakMap<Value, Expression | null>();

function transposed(matrix: Value): Expression | null {
  const { dtype, shape, data } = matrix;
  const done = turned.get(matrix);
  if (done) return done;
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined)
    return null;
  const own = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      own[column * rows + row] = data[row * columns + column] as number;
  const made = known({ dtype, shape: [columns, rows], data: own });
  turned.set(matrix, made);
  return made;
}

const partsOf = ({ terms, biases }: Sum): number =>
  terms.length + biases.length;

function plus(a: Expression, b: Expression): Expression | null {
  if (a.kind === "known" && b.kind !== "known") return plus(b, a);
  if (a.kind === "sum" && b.kind === "sum")
    return a.width !== b.width || partsOf(a) + partsOf(b) > MOST_PARTS
      ? null
      : {
          ...a,
          terms: [...a.terms, ...b.terms],
          biases: [...a.biases, ...b.biases],
        };
  if (b.kind !== "known")
    return isVector(a) && isVector(b)
      ? { kind: "plus", left: a, right: b }
      : null;
  const { data, shape, dtype } = b.value;
  const one = scalarOf(b);
  if (a.kind === "counter" && one !== null && shape.length === 0)
    return { ...a, plus: a.plus + one };
  if (dtype !== "float32") return null;
  const isRow = data.length === shape.at(-1) && shape.length <= 2;
  if (a.kind === "sum" && isRow && data.length === a.width)
    return partsOf(a) < MOST_PARTS
      ? { ...a, biases: [...a.biases, { data, from: 0 }] }
      : null;
  if (one === null || (a.kind !== "sum" && a.kind !== "scaled")) return null;
  return a.kind === "sum"
    ? { kind: "scaled", of: a, scale: 1, shift: one }
    : { ...a, shift: a.shift + one };
}

const add: Rule = (_, inputs) => {
  const [a, b] = inputs;
  return addPlaces(inputs) ?? (a && b ? plus(a, b) : null);
};

const sub: Rule = (_, [a, b]) =>
  b && isVector(b) && scalarOf(a ?? null) === 1
    ? { kind: "rest", of: b }
    : null;

function times(a: Expression, b: Expression): Expression | null {
  if (a.kind === "known" || (a.kind === "around" && a.ones))
    return b.kind === "known" ? null : times(b, a);
  if (b.kind === "around") return b.ones && a.kind === "step" ? a : null;
  const scale = scalarOf(b);
  if (scale !== null) {
    if (a.kind === "sum") return { kind: "scaled", of: a, scale, shift: 0 };
    if (a.kind === "scaled")
      return { ...a, scale: a.scale * scale, shift: a.shift * scale };
    if (a.kind === "clipped" && scale > 0) return scaledClip(a, scale);
  }
  return isVector(a) && isVector(b)
    ? { kind: "times", left: a, right: b }
    : null;
}

function scaledClip(x: Clipped, scale: number): Clipped {
  const { of } = x;
  const scaled =
    of.kind === "sum"
      ? ({ kind: "scaled", of, scale, shift: 0 } as const)
      : { ...of, scale: of.scale * scale, shift: of.shift * scale };
  return { ...x, of: scaled, low: x.low * scale, high: x.high * scale };
}

const mul: Rule = (body, [a, b]) => {
  const made = a && b ? times(a, b) : null;
  if (made?.kind === "step")
    for (const factor of [a, b])
      if (factor?.kind === "around" && factor.slot >= 0)
        body.ones.add(factor.slot);
  return made;
};

function clip(x: Expression | null, low: number, high: number): Clipped | null {
  if (x?.kind === "clipped")
    return low <= high && low <= x.high && high >= x.low
      ? { ...x, low: Math.max(x.low, low), high: Math.min(x.high, high) }
      : null;
  if (x?.kind !== "sum" && x?.kind !== "scaled") return null;
  return low <= high ? { kind: "clipped", of: x, low, high } : null;
}

const bounded =
  (bounds: (limit: number) => [number, number]): Rule =>
  (_, [a, b, c]) => {
    if (!a || !b || c) return null;
    const [x, limit] = a.kind === "known" ? [b, a] : [a, b];
    const number = scalarOf(limit);
    return number === null ? null : clip(x, ...bounds(number));
  };

const clipRule: Rule = (_, [x, low, high], attributes) => {
  const bound = (
    input: Expression | null | undefined,
    name: string,
    otherwise: number,
  ) => {
    if (input) return scalarOf(input);
    const value = attributes.get(name) ?? otherwise;
    return typeof value === "number" ? value : null;
  };
  const [least, most] = [
    bound(low, "min", -Infinity),
    bound(high, "max", Infinity),
  ];
  return least === null || most === null ? null : clip(x ?? null, least, most);
};

const activation =
  (name: ActivationName): Rule =>
  (_, [x], attributes) => {
    if (!x || !isVector(x)) return null;
    const own = Object.entries(ACTIVATIONS[name]).map(([key, otherwise]) => [
      key,
      Math.fround(Number(attributes.get(key) ?? otherwise)),
    ]);
    return {
      kind: "function",
      activation: { name, ...Object.fromEntries(own) },
      of: x,
    } satisfies Function;
  };

const relu: Rule = (body, inputs, attributes, outputs) =>
  clip(inputs[0] ?? null, 0, Infinity) ??
  activation("relu")(body, inputs, attributes, outputs);

export const arithmetic: Readonly<Record<string, Rule>> = {
  MatMul: matMul,
  Gemm: gemm,
  Add: add,
  Sub: sub,
  Mul: mul,
  Clip: clipRule,
  Min: bounded((limit) => [-Infinity, limit]),
  Max: bounded((limit) => [limit, Infinity]),
  ...Object.fromEntries(
    onnxActivations.map((name) => [onnxName(name), activation(name)]),
  ),
  Relu: relu,
};
