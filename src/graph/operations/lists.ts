/*
 * Lists of tensors, which ONNX calls sequences: what PyTorch writes of a Python list that a scripted loop appends to.
 * A list never changes: a node that adds to one makes another. Both may share an array, which has further tensors behind
 * those of the shorter list, so that a loop of n steps copies n tensors and not n² / 2:
 *
 *      array    t0  t1  t2  t3
 *      [3]      └────────┘          the list before SequenceInsert
 *      [4]      └────────────┘      the list behind it
 */
import { message } from "../../checks.js";
import { copier } from "../copying.js";
import { axisOf, integerList } from "../indexing.js";
import type { Compile, Node, Operation, Running } from "../node.js";
import { stridesOf } from "../strides.js";
import type { Family } from "../table.js";
import { listOf, storage, type Value } from "../value.js";
import { concatenation } from "./parts.js";

/** What a small tensor takes beside its numbers, in bytes: a loop that appends for ever must come to an end. */
const OVERHEAD = 256;

/** The tensors of a list. */
function itemsOf(node: Node, value: Value | null | undefined): Value[] {
  if (!value?.items)
    throw new RangeError(message(node.place, "a list of tensors", "a tensor"));
  const { items, shape } = value;
  const [count] = shape;
  return items.length === count ? items : items.slice(0, count);
}

/** A copy, as the node that made the tensor writes into it in the next run. */
function kept(
  node: Node,
  { dtype, shape, data }: Value,
  running: Running,
): Value {
  running.meter.spend(node.place, data.length);
  running.meter.take(node.place, data.byteLength + OVERHEAD);
  return { dtype, shape: [...shape], data: data.slice() };
}

/** A place in a list of `length`, counted from its end where it is negative. */
function placeIn(
  node: Node,
  value: Value | null | undefined,
  length: number,
  otherwise: number,
): number {
  const [given = otherwise] = value ? integerList(value, node.place) : [];
  const place = given < 0 ? given + length : given;
  if (place >= 0 && place <= length) return place;
  const expected = `a position in a list of ${length}`;
  throw new RangeError(message(node.place, expected, `${given}`));
}

/** A place where a list has a tensor. */
function filledPlaceIn(
  node: Node,
  value: Value | null | undefined,
  length: number,
): number {
  const place = placeIn(node, value, length, length - 1);
  if (place < length) return place;
  const expected = `a position in a list of ${length}`;
  throw new RangeError(message(node.place, expected, `${place}`));
}

const sequenceEmpty: Compile = (node) => {
  if (node.inputCount) node.expectInputs(0);
  node.int("dtype", 1);
  return () => [listOf([])];
};

const sequenceConstruct: Compile = (node) => {
  node.expectInputs(1, Infinity);
  return (inputs, running) => [
    listOf(inputs.map((value) => kept(node, value as Value, running))),
  ];
};

const sequenceInsert: Compile = (node) => {
  node.expectInputs(2, 3);
  return ([list, value, position], running) => {
    const items = itemsOf(node, list);
    const { length } = items;
    const place = placeIn(node, position, length, length);
    const item = kept(node, value as Value, running);
    if (place === length && items === list?.items) {
      items.push(item);
      return [listOf(items)];
    }
    running.meter.spend(node.place, length);
    return [listOf([...items.slice(0, place), item, ...items.slice(place)])];
  };
};

const sequenceErase: Compile = (node) => {
  node.expectInputs(1, 2);
  return ([list, position], running) => {
    const items = itemsOf(node, list);
    const place = filledPlaceIn(node, position, items.length);
    running.meter.spend(node.place, items.length);
    return [listOf(items.filter((_, i) => i !== place))];
  };
};

const sequenceAt: Compile = (node) => {
  node.expectInputs(2);
  return ([list, position]) => {
    const items = itemsOf(node, list);
    return [items[filledPlaceIn(node, position, items.length)] as Value];
  };
};

const sequenceLength: Compile = (node) => {
  node.expectInputs(1);
  return ([list]) => [
    {
      dtype: "int64",
      shape: [],
      data: Float64Array.of(itemsOf(node, list).length),
    },
  ];
};

/** A tensor with one more axis, of size 1. */
function widened(node: Node, { dtype, shape, data }: Value, axis: number) {
  const at = axisOf(axis, shape.length + 1, node.place);
  return { dtype, shape: [...shape.slice(0, at), 1, ...shape.slice(at)], data };
}

const concatFromSequence: Compile = (node) => {
  node.expectInputs(1);
  if (!node.states("axis"))
    throw node.error("expected attribute axis, got none");
  const axis = node.int("axis", 0);
  const stacks = node.flag("new_axis");
  const joined: Operation = concatenation(node, axis);
  return ([list]) => {
    const items = itemsOf(node, list);
    if (!items.length)
      throw new RangeError(
        message(node.place, "a list of at least one tensor", "an empty one"),
      );
    const parts = stacks
      ? items.map((value) => widened(node, value, axis))
      : items;
    const { outputs, run } = joined.prepare(parts);
    run?.(parts);
    return outputs;
  };
};

/** Where parts of a size begin and how long they are: all of the length given but for the last, or the lengths given. */
function lengthsOf(node: Node, size: number, split: Value | null | undefined) {
  const given = split ? integerList(split, node.place) : [1];
  const [each = 0] = given;
  const lengths =
    split?.shape.length && split.shape.length > 0
      ? given
      : Array.from({ length: each > 0 ? Math.ceil(size / each) : 0 }, (_, i) =>
          Math.min(each, size - i * each),
        );
  const sum = lengths.reduce((all, n) => (n < 0 ? NaN : all + n), 0);
  if (sum === size) return lengths;
  const expected = `parts of ${size}`;
  throw new RangeError(message(node.place, expected, given.join(", ")));
}

const splitToSequence: Compile = (node) => {
  node.expectInputs(1, 2);
  const axisGiven = node.int("axis", 0);
  const keeps = node.flag("keepdims", true) || node.has(1);
  return ([x, split], running) => {
    const { dtype, shape, data } = x as Value;
    const axis = axisOf(axisGiven, shape.length, node.place);
    const strides = stridesOf(shape);
    running.meter.spend(node.place, data.length);
    running.meter.take(node.place, data.byteLength);
    let start = 0;
    const items = lengthsOf(node, shape[axis] as number, split).map((count) => {
      const own = shape.map((n, i) => (i === axis ? count : n));
      const size = own.reduce((all, n) => all * n, 1);
      const part = storage(dtype, size);
      copier(own, strides, size, start * (strides[axis] as number))(data, part);
      start += count;
      const kept = keeps ? own : own.filter((_, i) => i !== axis);
      return { dtype, shape: kept, data: part };
    });
    return [listOf(items)];
  };
};

export const lists = (): Family => ({
  operations: {
    SequenceEmpty: sequenceEmpty,
    SequenceConstruct: sequenceConstruct,
    SequenceInsert: sequenceInsert,
    SequenceErase: sequenceErase,
    SequenceAt: sequenceAt,
    SequenceLength: sequenceLength,
    ConcatFromSequence: concatFromSequence,
    SplitToSequence: splitToSequence,
  },
  lists: [
    "SequenceInsert",
    "SequenceErase",
    "SequenceAt",
    "SequenceLength",
    "ConcatFromSequence",
  ],
});
