/*
 * The steps of a plan from its input to its output, each of which the chain goes into by one input: all others are
 * known at load, or zeros.
 */
import type { AttributeValue } from "../description.js";
import type { Step } from "../node.js";
import type { Plan } from "../plan.js";
import type { Value } from "../value.js";
import { type SpelledNorm, spelledNorm } from "./spelled.js";

/** A node that a chain goes through. */
export interface Link {
  readonly step: Step;
  /** The input that it goes in by, and the output that it goes out by. */
  readonly into: number;
  readonly out: number;
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  /** Where the node is the last of several that are a LayerNorm without weights, which the chain goes through at once. */
  readonly norm: SpelledNorm | null;
  /** Whether the node has this input. */
  has(input: number): boolean;
  /** An input that is known at load; null for others. */
  constant(input: number): Value | null;
}

/** What gives zeros where its first input is zeros, Concat where all are. */
const KEEP_ZEROS =
  /^(Cast|Concat|Expand|Gather|Identity|Reshape|Slice|Split|Squeeze|Tile|Transpose|Unsqueeze)$/;

/** Zeros are looked for through so many nodes in a row: exporters write ten at most. */
const DEPTH = 32;

/** The links from the input to the output, in order; null where they are no chain. */
export function linksOf({
  constants,
  inputs,
  outputs,
  steps,
}: Plan): Link[] | null {
  const makers = new Map<number, Step>();
  for (const step of steps)
    for (const slot of step.outputs) makers.set(slot, step);
  // once each: of Concats that take a value twice there may be 2^32 ways to the first
  const known = new Map<number, boolean>();
  const isZeros = (slot: number, depth: number): boolean => {
    const answer = known.get(slot) ?? madeZeros(slot, depth);
    known.set(slot, answer);
    return answer;
  };
  const madeZeros = (slot: number, depth: number): boolean => {
    const value = constants[slot];
    if (value) return areZeros(value);
    const step = makers.get(slot);
    if (!step || !depth) return false;
    const { type, attributes } = step.node;
    if (type === "ConstantOfShape") {
      const fill = new Map(attributes).get("value") as Value | undefined;
      return !fill || areZeros(fill);
    }
    const count = type === "Concat" ? step.inputs.length : 1;
    const given = step.inputs.slice(0, count);
    return (
      KEEP_ZEROS.test(type) && given.every((each) => isZeros(each, depth - 1))
    );
  };
  const links: Link[] = [];
  let [slot] = outputs;
  if (inputs.length !== 1 || outputs.length !== 1) return null;
  while (slot !== inputs[0]) {
    const step = makers.get(slot as number);
    // a node's first input is never one that may be left out
    const open = step?.inputs.flatMap((each, i) =>
      each < 0 || constants[each] || (i && isZeros(each, DEPTH)) ? [] : [i],
    );
    const [into, ...others] = open ?? [];
    const norm =
      step && others.length ? spelledNorm(step, makers, constants) : null;
    if (!step || into === undefined || (others.length && !norm)) return null;
    const { node, stated } = step;
    const slotOf = (input: number) => stated[input] ?? -1;
    links.push({
      step,
      into,
      out: step.outputs.indexOf(slot as number),
      attributes: new Map(node.attributes),
      norm,
      has: (input) => slotOf(input) >= 0,
      constant: (input) =>
        node.absorbed(input) ?? constants[slotOf(input)] ?? null,
    });
    slot = norm ? norm.from : step.inputs[into];
  }
  return links.reverse();
}

/** Of an input that is left out, or known to be zeros without its numbers, too. */
export const areZeros = (value: Value | null): boolean =>
  value?.data.every((number) => number === 0) ?? true;
