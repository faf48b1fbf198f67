/*
 * What rules are, and what they share.
 */
import type { AttributeValue } from "../description.js";
import type { Value } from "../value.js";
import type { Counter, Expression, Step } from "./expressions.js";

/** What rules ask the body for. */
export interface Steps {
  /** One object for a step of a sequence, however often the body takes it. */
  step(slot: number, counter: Counter, axis: boolean): Step;
  /** Where the ones lie with which a step was multiplied. */
  readonly ones: Set<number>;
}

export type Inputs = readonly (Expression | null)[];
/** What an operation makes of expressions; null where no cell has it. */
export type Rule = (
  body: Steps,
  inputs: Inputs,
  attributes: ReadonlyMap<string, AttributeValue>,
  outputs: number,
) => Expression | null | readonly (Expression | null)[];

export const known = (value: Value | null | undefined): Expression | null =>
  value ? { kind: "known", value } : null;

const vectors = new Set([
  "step",
  "state",
  "sum",
  "function",
  "times",
  "plus",
  "rest",
  "scaled",
  "clipped",
]);

export const isVector = (x: Expression): boolean => vectors.has(x.kind);
