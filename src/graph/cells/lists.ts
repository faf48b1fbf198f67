/*
 * A state that is the list of outputs, of which each iteration replaces one, as TensorFlow Lite's converter writes
 * TensorListSetItem:
 *
 *     list' = Concat(list[0 : i], h in front of an axis, list[i + 1 : ])        i, i + 1 and the ends by Concat, Add, Where …
 */
import type { Value } from "../value.js";
import {
  type Counter,
  type Expression,
  MOST_PARTS,
  type Places,
  scalarOf,
} from "./expressions.js";
import type { Inputs, Rule } from "./rule.js";

type Item = Places["items"][number];

/** Ends beyond any list. */
const ALL = 2 ** 31 - 1;

const isIntegers = ({ dtype }: Value): boolean =>
  dtype === "int32" || dtype === "int64";

/** The integers of a vector, as far as they are known or count. */
function itemsOf(x: Expression | null | undefined): readonly Item[] | null {
  if (x?.kind === "places") return x.items;
  if (x?.kind === "counter") return x.axis ? [{ ...x, axis: false }] : null;
  if (x?.kind !== "known" || x.value.shape.length !== 1) return null;
  return isIntegers(x.value) ? Array.from(x.value.data) : null;
}

const places = (items: readonly Item[]): Expression => ({
  kind: "places",
  items,
});

const plus = (a: Item, b: Item): Item | null => {
  if (typeof a === "number")
    return typeof b === "number" ? a + b : { ...b, plus: b.plus + a };
  return typeof b === "number" ? { ...a, plus: a.plus + b } : null;
};

/** Sums of such integers, of which some count. */
export function addPlaces([a, b]: Inputs): Expression | null {
  if (a?.kind !== "places" && b?.kind !== "places") return null;
  const [left, right] = [itemsOf(a), itemsOf(b)];
  if (!left || left.length !== right?.length) return null;
  const sums = left.map((item, i) => plus(item, right[i] as Item));
  return sums.includes(null) ? null : places(sums as Item[]);
}

/** A counter as a vector of one; a vector of a step or state, [B, N], as it is. */
export const reshape: Rule = (_, [x, shape], attributes) => {
  const given =
    shape?.kind === "known"
      ? Array.from(shape.value.data)
      : !shape && attributes.get("shape");
  if (!Array.isArray(given) || !x) return null;
  const sizes = given as number[];
  if (x.kind === "counter")
    return sizes.length === 1 && !x.axis ? { ...x, axis: true } : null;
  if (sizes.length !== 2 || sizes[0] !== -1) return null;
  // the product's matrix says whether it is N: the sizes of x and h are compared with it in every run
  const is =
    (x.kind === "step" && !x.axis) || x.kind === "state" || x.kind === "times";
  return is ? x : null;
};

/** Whether integers are a number; what counts up to more than it never is. */
export const equal: Rule = (_, [a, b]) => {
  const [list, other] = itemsOf(a) ? [a, b] : [b, a];
  const number = scalarOf(other ?? null);
  const items = itemsOf(list);
  if (!items || number === null) return null;
  const found = items.map((item) => {
    if (typeof item === "number") return Number(item === number);
    return number < item.start + item.plus ? 0 : null;
  });
  if (found.includes(null)) return null;
  const data = Float64Array.from(found as number[]);
  return {
    kind: "known",
    value: { dtype: "bool", shape: [data.length], data },
  };
};

export const where: Rule = (_, [condition, yes, no]) => {
  if (condition?.kind !== "known") return null;
  const { data, shape } = condition.value;
  const itemAt = (x: Expression | null | undefined, i: number) => {
    const one = scalarOf(x ?? null);
    return one ?? itemsOf(x)?.[i] ?? null;
  };
  const items = Array.from(data, (is, i) => itemAt(is ? yes : no, i));
  return shape.length !== 1 || items.includes(null)
    ? null
    : places(items as Item[]);
};

/** list[0 : i] or list[i + 1 : ], whole along all other axes. */
export const part: Rule = (_, [list, starts, ends, axes]) => {
  if (list?.kind !== "state" || axes) return null;
  const [from, to] = [itemsOf(starts), itemsOf(ends)];
  if (!from || from.length !== to?.length || from.length < 2) return null;
  const whole = from
    .slice(1)
    .every((start, i) => start === 0 && (to[i + 1] as number) >= ALL);
  const [first, end] = [from[0] as Item, to[0] as Item];
  if (!whole) return null;
  if (first === 0 && typeof end !== "number")
    return { kind: "part", index: list.index, before: true, at: end };
  if (typeof first !== "number" && (end as number) >= ALL)
    return { kind: "part", index: list.index, before: false, at: first };
  return null;
};

const sameCounter = (a: Counter, b: Counter, more: number): boolean =>
  a.index === b.index && a.start === b.start && a.plus + more === b.plus;

/** Places one after another; or the list with another item. */
export const concat: Rule = (_, inputs, attributes) => {
  if (attributes.get("axis") !== 0) return null;
  const [a, item, b] = inputs;
  if (a?.kind === "part" && b?.kind === "part" && inputs.length === 3) {
    const fits =
      item?.kind === "lifted" &&
      a.index === b.index &&
      a.before &&
      !b.before &&
      sameCounter(a.at, b.at, 1);
    return fits
      ? { kind: "written", index: a.index, at: a.at, of: item.of }
      : null;
  }
  const items = inputs.map(itemsOf);
  if (items.includes(null)) return null;
  const lists = items as (readonly Item[])[];
  const count = lists.reduce((sum, { length }) => sum + length, 0);
  return count > MOST_PARTS ? null : places(lists.flat());
};
