/*
 * What the values of a Loop's body are, as far as a recurrent cell has such: sums of products, functions of them,
 * counters and what they are compared with.
 */
import type { ActivationChoice } from "../operations/activations.js";
import type { Numbers, Value } from "../value.js";

export type Expression =
  | Step
  | State
  | Counter
  | Known
  | Around
  | Sum
  | Scaled
  | Clipped
  | Function
  | Pair
  | Rest
  | Lifted
  | Condition
  | ShapeOf
  | Places
  | Part
  | Written;

/** x[t], the step of a sequence [T, B, I] around the loop; `axis`: with an axis of 1 in front. */
export interface Step {
  readonly kind: "step";
  readonly slot: number;
  readonly counter: Counter;
  readonly axis: boolean;
}

/** A state of the loop, as it comes in. */
export interface State {
  readonly kind: "state";
  readonly index: number;
}

/** The iteration, from 0, and a number: `index` is the state that counts it, -1 the iteration number itself. */
export interface Counter {
  readonly kind: "counter";
  readonly index: number;
  readonly start: number;
  readonly plus: number;
  readonly axis: boolean;
}

export interface Known {
  readonly kind: "known";
  readonly value: Value;
}

/** A value from around the loop, the same in every iteration; `ones`: all its numbers are 1. */
export interface Around {
  readonly kind: "around";
  readonly slot: number;
  readonly ones: boolean;
}

/** Columns `from` to `from + count` of a row-major matrix [K, N] times `of`. */
export interface Term {
  readonly of: Step | State | Pair;
  readonly weight: Value;
  readonly from: number;
}

export interface Bias {
  readonly data: Numbers;
  readonly from: number;
}

/** Products with known matrices and known numbers, added up: [B, width]. */
export interface Sum {
  readonly kind: "sum";
  readonly width: number;
  readonly terms: readonly Term[];
  readonly biases: readonly Bias[];
}

/** scale · of + shift */
export interface Scaled {
  readonly kind: "scaled";
  readonly of: Sum;
  readonly scale: number;
  readonly shift: number;
}

/** max(low, min(high, of)) */
export interface Clipped {
  readonly kind: "clipped";
  readonly of: Sum | Scaled;
  readonly low: number;
  readonly high: number;
}

export interface Function {
  readonly kind: "function";
  readonly activation: ActivationChoice;
  readonly of: Expression;
}

export interface Pair {
  readonly kind: "times" | "plus";
  readonly left: Expression;
  readonly right: Expression;
}

/** 1 - of */
export interface Rest {
  readonly kind: "rest";
  readonly of: Expression;
}

/** With an axis of 1 in front, for a moment. */
export interface Lifted {
  readonly kind: "lifted";
  readonly of: Expression;
}

/** The loop goes on while each counter is below its limit. */
export interface Condition {
  readonly kind: "condition";
  readonly limits: readonly Limit[];
}

export interface Limit {
  readonly counter: Counter;
  readonly limit: Known | Around;
}

/** The shape of a step of x. */
export interface ShapeOf {
  readonly kind: "shape";
  readonly of: Step | State;
}

/** A vector of integers, each known or counting. */
export interface Places {
  readonly kind: "places";
  readonly items: readonly (number | Counter)[];
}

/** The entries of a list, which is a state, before `at` or from `at` on. */
export interface Part {
  readonly kind: "part";
  readonly index: number;
  readonly before: boolean;
  readonly at: Counter;
}

/** The list, which is a state, with `of` in the place `at`; behind its end where it is shorter. */
export interface Written {
  readonly kind: "written";
  readonly index: number;
  readonly at: Counter;
  readonly of: Expression;
}

/**
 * More terms, limits or places than any cell has: a file may add a sum to itself again and again, which doubles its terms.
 */
export const MOST_PARTS = 64;

/** The number of a constant that is one, and that has no more axes than what it is combined with. */
export function scalarOf(expression: Expression | null): number | null {
  if (expression?.kind !== "known") return null;
  const { data, shape } = expression.value;
  return data.length === 1 && shape.length <= 2 ? (data[0] as number) : null;
}
