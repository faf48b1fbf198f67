/*
 * A Loop that is a recurrent cell (graph/cells finds it): its iterations are the steps of a layer of ours. No file has
 * it but a saved graph.
 *
 *     inputs   M, the condition, x [T, B, I], limits of counters, ones, the loop's states: counters, h and c [B, H]
 *     outputs  the states after the last iteration, then h of every iteration [n, B, H] once or more
 *
 * A state may be a list [L, B, H] of which iteration i replaces the entry place + i by h, or adds it where there is none.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import {
  CELL,
  COUNTER,
  HIDDEN,
  iterationsBelow,
  LIST,
  recognised,
} from "../cells/recognise.js";
import type { Compile, Node } from "../node.js";
import type { Family } from "../table.js";
import type { Value } from "../value.js";
import { Frames } from "./frames.js";
import type { AnyLayer } from "./layer.js";
import { runLayer } from "./sequences.js";

const cellLoop: Compile = (node) => {
  const layer = node.layer("layer");
  if (!("runsRows" in layer && layer.runsRows))
    throw node.error("expected a recurrent layer, got another one");
  const own = layer as AnyLayer;
  node.owned.push(own);
  node.layers.push(own);
  const roles = node.ints("states") ?? [];
  const first = node.int("first", 0);
  const most = node.int("most", Infinity);
  const offsets = node.ints("offsets") ?? [];
  const ones = node.int("ones", 0);
  const places = node.ints("places") ?? [];
  // M and the condition may be left out
  node.expectInputs(0, 3 + offsets.length + ones + roles.length);
  if (!node.has(2)) throw node.error("expected a sequence, got none");
  node.setting.notes.layers.push({
    name: node.name,
    type: own.type,
    sizes: { inputSize: own.inputSize, hiddenSize: own.outputSize },
    convention: `a Loop that is this cell, ${own}`,
  });
  const frames = new Frames(node, own, "time-first");
  const { outputSize: size } = own;
  const after = new Ends(node, roles, places);
  const stacks = Math.max(0, node.outputs.length - roles.length);
  const outputs = (last: Value[], stack: Value): Value[] => {
    for (let i = 0; i < stacks; i++) last.push(stack);
    return last;
  };
  return (inputs) => {
    const [limit, condition, sequence] = inputs;
    const x = sequence as Value;
    const limits = inputs.slice(3, 3 + offsets.length);
    const states = inputs.slice(3 + offsets.length + ones) as Value[];
    const goes = condition ? condition.data[0] !== 0 : true;
    let count = Math.min(limit?.data[0] ?? Infinity, most);
    limits.forEach((value, i) => {
      const number = value?.data[0] as number;
      count = Math.min(count, iterationsBelow(number, offsets[i] as number));
    });
    if (!goes || count < 1)
      return outputs(after.after(states, 0, [], NONE), NONE);
    const steps = stepsOf(node, x, first, count);
    const [, batch = 0] = x.shape;
    for (const value of inputs.slice(
      3 + offsets.length,
      3 + offsets.length + ones,
    ))
      checkOnes(node, value as Value, x);
    const stateOf = (role: number) => {
      const index = roles.indexOf(role);
      return index < 0 ? null : asRows(node, states[index] as Value, batch);
    };
    const [hidden, cell] = [stateOf(HIDDEN), stateOf(CELL)];
    const kept = node.setting.shared.watch
      ? null
      : frames.run(steps, hidden, cell);
    const results =
      kept ??
      runLayer(own, {
        node,
        layout: "time-first",
        directions: 1,
        input: steps,
        lengths: null,
        hidden,
        cell,
      });
    const [y, ...ends] = results as Value[];
    const flat = ends.map(({ data }): Value => ({
      dtype: "float32",
      shape: [batch, size],
      data,
    }));
    const all: Value = {
      dtype: "float32",
      shape: [count, batch, size],
      data: (y as Value).data,
    };
    return outputs(after.after(states, count, flat, all), all);
  };
};

/** The states after `count` iterations. */
class Ends {
  readonly #node: Node;
  readonly #roles: readonly number[];
  readonly #places: readonly number[];
  readonly #kept: (Value | null)[];

  constructor(node: Node, roles: readonly number[], places: readonly number[]) {
    this.#node = node;
    this.#roles = roles;
    this.#places = places;
    this.#kept = roles.map(() => null);
  }

  after(
    states: readonly Value[],
    count: number,
    ends: readonly Value[],
    all: Value,
  ): Value[] {
    let lists = 0;
    return states.map((state, i) => {
      const role = this.#roles[i] as number;
      if (role === LIST) {
        const place = this.#places[lists++] as number;
        return count ? this.#listed(i, state, place, all) : state;
      }
      if (role !== COUNTER) return ends[role === HIDDEN ? 0 : 1] ?? state;
      const { dtype, shape } = state;
      const value = (this.#kept[i] ??= {
        dtype,
        shape,
        data: new Float64Array(1),
      });
      value.data[0] = (state.data[0] as number) + count;
      return value;
    });
  }

  /** The list with all of [n, B, H] from `place` on. */
  #listed(i: number, list: Value, place: number, all: Value): Value {
    const { shape } = list;
    const [length = 0, ...entry] = shape;
    const [count = 0, ...own] = all.shape;
    if (!equalShapes(entry, own)) {
      const expected = `a list of ${shapeText(own)}`;
      throw new RangeError(
        message(this.#node.place, expected, shapeText(shape)),
      );
    }
    const from = Math.min(place, length);
    if (from === 0 && count >= length) return all;
    const end = Math.max(length, from + count);
    const kept = this.#kept[i];
    const value =
      kept?.shape[0] === end && equalShapes(kept.shape.slice(1), own)
        ? kept
        : this.#node.value("float32", [end, ...own]);
    this.#kept[i] = value;
    const size = all.data.length / count;
    value.data.set(list.data);
    value.data.set(all.data, from * size);
    return value;
  }
}

const NONE: Value = {
  dtype: "float32",
  shape: [0],
  data: new Float32Array(0),
};

/** x[first], …, of which there must be so many, as the body's Gather would ask for. */
function stepsOf(node: Node, x: Value, first: number, count: number): Value {
  const { shape, data } = x;
  const [T = 0, batch = 0, size = 0] = shape;
  if (shape.length !== 3 || first < 0 || first + count > T) {
    const expected = `[T, B, I] of at least ${first + count} steps`;
    throw new RangeError(message(node.place, expected, shapeText(shape)));
  }
  if (count === T) return x;
  const row = batch * size;
  const own = data.subarray(first * row, (first + count) * row);
  return { dtype: x.dtype, shape: [count, batch, size], data: own };
}

/** [B, H], or [1, H] for all rows → [1, B, H] */
function asRows(node: Node, state: Value, batch: number): Value {
  const { dtype, shape, data } = state;
  const [rows, size = 0] = shape;
  if (shape.length !== 2 || (rows !== batch && rows !== 1))
    throw new RangeError(
      message(node.place, `states [${batch}, H]`, shapeText(shape)),
    );
  if (rows === batch) return { dtype, shape: [1, batch, size], data };
  const all = node.value(dtype, [1, batch, size]);
  for (let row = 0; row < batch; row++) all.data.set(data, row * size);
  return all;
}

/** Ones with which each step is multiplied change nothing, unless they are more than a step. */
function checkOnes(node: Node, { shape }: Value, x: Value): void {
  const step = x.shape.slice(1);
  const fits =
    shape.length <= step.length &&
    shape.every(
      (n, i) => n === 1 || n === step[step.length - shape.length + i],
    );
  if (fits) return;
  const expected = `ones of ${shapeText(step)}`;
  throw new RangeError(message(node.place, expected, shapeText(shape)));
}

export const cellLoops = (): Family => ({
  operations: { CellLoop: cellLoop },
  outputs: { CellLoop: Infinity },
  recognise: recognised,
});
