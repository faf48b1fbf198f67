/*
 * What each operation makes of expressions: here those that move numbers, count and compare.
 */
import { type AttributeValue, isValue } from "../description.js";
import type { Value } from "../value.js";
import { arithmetic } from "./arithmetic.js";
import {
  type Bias,
  type Condition,
  MOST_PARTS,
  scalarOf,
  type Sum,
  type Term,
} from "./expressions.js";
import { concat, equal, part, reshape, where } from "./lists.js";
import { type Inputs, isVector, known, type Rule } from "./rule.js";

const same: Rule = (_, [x]) => x ?? null;

/** A cast of what counts is for comparing: all are small integers; one of floats is none, nor one to fewer bits. */
const cast: Rule = (_, [x], attributes) => {
  if (!x) return null;
  const to = String(attributes.get("to"));
  if (x.kind === "condition" || to === "float32")
    return x.kind !== "known" || isInteger(x.value) ? x : null;
  if (to !== "int32" && to !== "int64") return null;
  if (x.kind === "known") return isInteger(x.value) ? x : null;
  return x.kind === "counter" || x.kind === "shape" ? x : null;
};

const isInteger = ({ dtype }: Value): boolean =>
  dtype === "int32" || dtype === "int64";

const constant: Rule = (_, _inputs, attributes) => {
  const value = attributes.get("value");
  return typeof value === "object" && isValue(value) ? known(value) : null;
};

/** The axes of an Unsqueeze or Squeeze: an attribute, or an input from opset 13 on; null without. */
function axesOf(
  [, input]: Inputs,
  attributes: ReadonlyMap<string, AttributeValue>,
): readonly number[] | null {
  if (input?.kind === "known") return Array.from(input.value.data);
  const axes = attributes.get("axes");
  return Array.isArray(axes) ? (axes as number[]) : null;
}

const isFirst = (axes: readonly number[] | null): boolean =>
  axes?.length === 1 && axes[0] === 0;

const unsqueeze: Rule = (_, inputs, attributes) => {
  const [x] = inputs;
  if (!x || !isFirst(axesOf(inputs, attributes))) return null;
  if (x.kind === "counter") return x.axis ? null : { ...x, axis: true };
  return isVector(x) ? { kind: "lifted", of: x } : null;
};

const squeeze: Rule = (body, inputs, attributes) => {
  const [x] = inputs;
  const axes = axesOf(inputs, attributes);
  if (x?.kind === "lifted" && isFirst(axes)) return x.of;
  if (x?.kind === "step" && x.axis && isFirst(axes))
    return body.step(x.slot, x.counter, false);
  // Keras 3 writes one behind the states' product: of one row, [1, N] becomes [N], which the sum broadcasts again
  return x?.kind === "sum" && x.width > 1 && !axes && inputs.length === 1
    ? x
    : null;
};

const gather: Rule = (body, [x, index], attributes) => {
  if (x?.kind !== "around" || index?.kind !== "counter") return null;
  if ((attributes.get("axis") ?? 0) !== 0) return null;
  return body.step(x.slot, index, index.axis);
};

/** The parts of a sum along its columns. */
const split: Rule = (_, [x, sizes], attributes, outputs) => {
  const axis = attributes.get("axis");
  if (x?.kind !== "sum" || (axis !== 1 && axis !== -1)) return null;
  const given =
    sizes?.kind === "known"
      ? Array.from(sizes.value.data)
      : attributes.get("split");
  if (sizes && sizes.kind !== "known") return null;
  const parts = Array.isArray(given)
    ? (given as number[])
    : Array.from({ length: outputs }, () => x.width / outputs);
  let from = 0;
  return parts.map((width) => {
    from += width;
    return columns(x, from - width, width);
  });
};

function columns(x: Sum, from: number, width: number): Sum | null {
  const fits =
    Number.isInteger(from) &&
    Number.isInteger(width) &&
    from >= 0 &&
    width > 0 &&
    from + width <= x.width;
  const moved = <T extends Term | Bias>(item: T): T => ({
    ...item,
    from: item.from + from,
  });
  return fits
    ? { ...x, width, terms: x.terms.map(moved), biases: x.biases.map(moved) }
    : null;
}

const slice: Rule = (body, given, attributes, outputs) => {
  const [x, ...inputs] = given;
  if (x?.kind === "state") return part(body, given, attributes, outputs);
  if (x?.kind !== "sum") return null;
  const [starts, ends, axes, steps] = ["starts", "ends", "axes", "steps"].map(
    (name, i) => {
      const input = inputs[i];
      if (input)
        return input.kind === "known" ? Array.from(input.value.data) : null;
      return (attributes.get(name) ?? undefined) as number[] | undefined;
    },
  );
  if (!starts || !ends || !axes || steps === null) return null;
  if (axes.length !== 1 || (axes[0] !== 1 && axes[0] !== -1)) return null;
  if (steps && steps[0] !== 1) return null;
  const place = (n: number) => Math.min(n < 0 ? n + x.width : n, x.width);
  const from = place(starts[0] as number);
  return columns(x, from, place(ends[0] as number) - from);
};

const shape: Rule = (_, [x]) =>
  x?.kind === "step" || x?.kind === "state" ? { kind: "shape", of: x } : null;

/** Ones of the shape of a step, with which Keras multiplies it where its dropout would be. */
const expand: Rule = (_, [x, size]) =>
  scalarOf(x ?? null) === 1 && size?.kind === "shape"
    ? { kind: "around", slot: -1, ones: true }
    : null;

const less =
  (turnedRound: boolean): Rule =>
  (_, [a, b]) => {
    const [counter, limit] = turnedRound ? [b, a] : [a, b];
    if (counter?.kind !== "counter" || counter.axis) return null;
    if (limit?.kind !== "around" && scalarOf(limit ?? null) === null)
      return null;
    return {
      kind: "condition",
      limits: [
        { counter, limit: limit as Condition["limits"][number]["limit"] },
      ],
    };
  };

const and: Rule = (_, [a, b]) =>
  a?.kind === "condition" &&
  b?.kind === "condition" &&
  a.limits.length + b.limits.length <= MOST_PARTS
    ? { kind: "condition", limits: [...a.limits, ...b.limits] }
    : null;

export const RULES: Readonly<Record<string, Rule>> = {
  ...arithmetic,
  Identity: same,
  Cast: cast,
  Constant: constant,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Gather: gather,
  Split: split,
  Slice: slice,
  Shape: shape,
  Expand: expand,
  Less: less(false),
  Greater: less(true),
  And: and,
  Reshape: reshape,
  Concat: concat,
  Equal: equal,
  Where: where,
};
