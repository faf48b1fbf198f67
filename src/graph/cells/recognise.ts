/*
 * A Loop whose body is a recurrent cell, as tf2onnx writes those of Keras that ONNX's own LSTM and GRU cannot say
 * (hard sigmoids, relu) or that its version does not find: it becomes a layer of ours, which runs it on the kernel.
 */
import { GRU } from "../../layers/gru.js";
import { LSTM } from "../../layers/lstm.js";
import type { BackendChoice, Precision } from "../../layers/options.js";
import { RNN } from "../../layers/rnn.js";
import {
  type AttributeValue,
  isBody,
  type NodeDescription,
} from "../description.js";
import type { Value } from "../value.js";
import { Body, type Outside } from "./body.js";
import {
  type Condition,
  type Expression,
  type Limit,
  scalarOf,
} from "./expressions.js";
import { type Cell, cellOf, STANDARD } from "./match.js";

/** A node of type CellLoop (operations/cell-loop.ts says what its attributes are), and where its inputs lie. */
export interface Recognised {
  readonly attributes: ReadonlyMap<string, AttributeValue>;
  readonly slots: readonly number[];
}

interface Setting {
  readonly backend: BackendChoice;
  readonly precision: Precision;
  /** Of the work that may be done at load: whether there is as much left. */
  readonly work: { take(count: number): boolean };
}

export type Recognise = typeof recognised;

/**
 * @param slots where the loop's inputs lie, -1 for those left out
 * @param values their numbers, where they are known
 */
export function recognised(
  { attributes, inputs, outputs }: NodeDescription,
  slots: readonly number[],
  values: readonly (Value | null)[],
  outside: Outside,
  setting: Setting,
): Recognised | null {
  const description = attributes.get("body");
  if (typeof description !== "object" || !isBody(description)) return null;
  const count = inputs.length - 2;
  const fits =
    count > 0 &&
    inputs.slice(2).every((name) => name !== "") &&
    description.inputs.length === inputs.length &&
    description.outputs.length >= 1 + count &&
    outputs.length <= description.outputs.length - 1;
  if (!fits) return null;
  const body = new Body(description, outside, values.slice(2));
  const [going, ...rest] = body.outputs();
  const [states, scans] = [rest.slice(0, count), rest.slice(count)];
  const counts = (state: Expression | null | undefined, index: number) =>
    state?.kind === "counter" &&
    state.index === index &&
    state.plus === 1 &&
    !state.axis;
  if (going?.kind !== "condition") return null;
  if (states.some((state, i) => state?.kind === "counter" && !counts(state, i)))
    return null;
  const cell = cellOf(states);
  if (!cell) return null;
  const hidden = states[cell.hidden];
  if (scans.some((scan) => scan !== hidden)) return null;
  const written = states.flatMap((state, i) =>
    state?.kind === "written" ? [{ ...state, own: state.index === i }] : [],
  );
  if (written.some(({ own, of }) => !own || of !== hidden)) return null;
  const { counter } = cell.step;
  // from behind the end, where an index is less than 0
  const begins = [counter, ...written.map(({ at }) => at)];
  if (begins.some(({ start, plus }) => !(start + plus >= 0))) return null;
  const limits = limitsOf(going);
  const roles = states.map((_, i) =>
    i === cell.hidden
      ? HIDDEN
      : i === cell.cell
        ? CELL
        : states[i]?.kind === "written"
          ? LIST
          : COUNTER,
  );
  // what is counted begins where its state does, which is known
  const ends = limits.known.map(({ counter: own, limit }) =>
    iterations(own, scalarOf(limit) as number),
  );
  const layer = layerOf(cell, setting);
  if (!setting.work.take(layer.parameterCount)) return null;
  return {
    attributes: new Map<string, AttributeValue>([
      ["layer", layer],
      ["states", roles],
      ["first", counter.start + counter.plus],
      ["most", Math.min(...ends, Infinity)],
      [
        "offsets",
        limits.around.map(({ counter: own }) => own.start + own.plus),
      ],
      ["ones", body.ones.size],
      ["places", written.map(({ at }) => at.start + at.plus)],
    ]),
    slots: [
      ...slots.slice(0, 2),
      cell.step.slot,
      ...limits.around.map(({ limit }) => (limit as { slot: number }).slot),
      ...body.ones,
      ...slots.slice(2),
    ],
  };
}

/** What a state of the loop is, as the attribute `states` says. */
export const COUNTER = 0;
export const HIDDEN = 1;
export const CELL = 2;
/** Of whose entries each iteration replaces one by h, from one of `places` on. */
export const LIST = 3;

function limitsOf({ limits }: Condition): {
  known: readonly Limit[];
  around: readonly Limit[];
} {
  return {
    known: limits.filter(({ limit }) => limit.kind === "known"),
    around: limits.filter(({ limit }) => limit.kind === "around"),
  };
}

/** After how many iterations a counter is no longer below the limit, once it has run: see operations/cell-loop.ts. */
const iterations = ({ start, plus }: Limit["counter"], limit: number): number =>
  iterationsBelow(limit, start + plus);

/** It is compared at the end of each: at least one is run. */
export function iterationsBelow(limit: number, offset: number): number {
  const count = Math.ceil(limit - offset) + 1;
  return count > 1 ? count : 1; // NaN is above nothing
}

function layerOf(cell: Cell, setting: Setting): RNN | LSTM | GRU {
  const { type, inputSize, hiddenSize, weights, activations } = cell;
  const standard = activations.every(
    ({ name }, i) => name === STANDARD[type][i],
  );
  const options = {
    backend: setting.backend,
    precision: setting.precision,
    inputSize,
    hiddenSize,
    ...(!standard && { activations }),
  };
  const { resetAfter } = cell;
  const layer =
    type === "LSTM"
      ? new LSTM(options)
      : type === "GRU"
        ? new GRU({ ...options, resetAfter })
        : new RNN(options);
  return layer.loadStateDict(weights);
}
