/*
 * Loop and Scan: a body that is run again and again, its states handed on from one iteration to the next.
 */
import { equalShapes, message, shapeText } from "../../checks.js";
import { sizeOf } from "../../tensor.js";
import { copier } from "../copying.js";
import { axisOf } from "../indexing.js";
import { stridesOf } from "../strides.js";
import type { Body, Compile, Node, Running } from "../node.js";
import type { Family } from "../table.js";
import { runSteps } from "../plan.js";
import { withoutHandedOn } from "./handed-on.js";
import { type Numbers, storage, type Value } from "../value.js";

/** What is handed on: copies, in two rooms by turns, since a body may hand on what it was given in another order. */
class Carried {
  readonly #node: Node;
  readonly #rooms: [(Value | null)[], (Value | null)[]];
  #now = 0;

  constructor(node: Node, count: number) {
    this.#node = node;
    const empty = () => Array.from({ length: count }, () => null);
    this.#rooms = [empty(), empty()];
  }

  /** Copies values, and makes them what is handed on. */
  take(slots: readonly number[], first: number, running: Running): void {
    const room = this.#rooms[1 - this.#now] as (Value | null)[];
    for (let i = 0; i < room.length; i++) {
      const value = running.slots[slots[first + i] as number] as Value;
      const own = room[i];
      if (value.items) {
        room[i] = value;
        continue;
      }
      running.meter.spend(this.#node.place, value.data.length);
      if (
        own &&
        !own.items &&
        own.dtype === value.dtype &&
        equalShapes(own.shape, value.shape)
      )
        own.data.set(value.data);
      else {
        running.meter.take(this.#node.place, value.data.byteLength);
        const { dtype, shape, data } = value;
        room[i] = { dtype, shape: [...shape], data: data.slice() };
      }
    }
    this.#now = 1 - this.#now;
  }

  get values(): readonly (Value | null)[] {
    return this.#rooms[this.#now] as (Value | null)[];
  }
}

/** What an output was in each iteration, on a new first axis. */
class Stack {
  readonly #node: Node;
  #buffer: Numbers = new Float32Array(0);
  #dtype: Value["dtype"] = "float32";
  #shape: readonly number[] | null = null;
  #count = 0;

  constructor(node: Node) {
    this.#node = node;
  }

  start(): void {
    this.#shape = null;
    this.#count = 0;
  }

  push({ dtype, shape, data, items }: Value, running: Running): void {
    const { place } = this.#node;
    if (items)
      throw new RangeError(
        message(place, "a tensor in every iteration", "a list of tensors"),
      );
    if (this.#shape === null) {
      if (this.#dtype !== dtype) this.#buffer = storage(dtype, 0);
      this.#dtype = dtype;
      this.#shape = [...shape];
    } else if (this.#dtype !== dtype || !equalShapes(this.#shape, shape)) {
      const expected = `${this.#dtype} ${shapeText(this.#shape)} in every iteration`;
      throw new RangeError(
        message(place, expected, `${dtype} ${shapeText(shape)}`),
      );
    }
    const { length } = data;
    const at = this.#count * length;
    running.meter.spend(place, length);
    if (at + length > this.#buffer.length) {
      const room = Math.max(at + length, 2 * this.#buffer.length);
      running.meter.take(place, 4 * room);
      const larger = storage(dtype, room);
      larger.set(this.#buffer.subarray(0, at));
      this.#buffer = larger;
    }
    this.#buffer.set(data, at);
    this.#count++;
  }

  /** Without iterations the sizes behind the first are not known. */
  get value(): Value {
    const shape = [this.#count, ...(this.#shape ?? [])];
    const size = sizeOf(shape);
    // kept as it is, so that the next run of as many iterations allocates nothing
    if (this.#buffer.length !== size)
      this.#buffer = this.#buffer.slice(0, size);
    return { dtype: this.#dtype, shape, data: this.#buffer };
  }
}

function checkBody(
  node: Node,
  { inputs, outputs }: Body,
  wantedInputs: number,
  leastOutputs: number,
): void {
  if (inputs.length === wantedInputs && outputs.length >= leastOutputs) return;
  throw node.error(
    `attribute body: expected ${wantedInputs} inputs and at least ${leastOutputs} outputs, got ${inputs.length} and ${outputs.length}`,
  );
}

const truth = (value: Value, place: string): boolean => {
  if (value.data.length === 1) return value.data[0] !== 0;
  const got = shapeText(value.shape);
  throw new RangeError(message(place, "one condition", got));
};

const loop: Compile = (node) => {
  if (node.inputCount < 2) node.expectInputs(2, Infinity);
  const body = node.body("body");
  const states = node.inputCount - 2;
  checkBody(node, body, 2 + states, 1 + states);
  const scans = body.outputs.length - 1 - states;
  if (node.outputs.length > states + scans)
    throw node.error(
      `expected at most ${states + scans} outputs, got ${node.outputs.length}`,
    );
  const carried = new Carried(node, states);
  const stacks = Array.from({ length: scans }, () => new Stack(node));
  const iteration: Value = {
    dtype: "int64",
    shape: [],
    data: new Float64Array(1),
  };
  const going: Value = {
    dtype: "bool",
    shape: [],
    data: Float64Array.of(1),
  };
  const { inputs: into, outputs: outOf, steps } = body;
  return (inputs, running) => {
    const { slots } = running;
    const most = inputs[0]?.data[0] ?? Infinity;
    let goesOn = inputs[1] ? truth(inputs[1], node.place) : true;
    for (const stack of stacks) stack.start();
    let ran = false;
    for (let i = 0; i < most && goesOn; i++) {
      running.meter.spend(node.place, 0);
      iteration.data[0] = i;
      going.data[0] = 1;
      slots[into[0] as number] = iteration;
      slots[into[1] as number] = going;
      for (let k = 0; k < states; k++) {
        const value = ran ? carried.values[k] : inputs[2 + k];
        slots[into[2 + k] as number] = value ?? undefined;
      }
      runSteps(steps, running);
      goesOn = truth(slots[outOf[0] as number] as Value, node.place);
      for (let k = 0; k < scans; k++)
        stacks[k]?.push(
          slots[outOf[1 + states + k] as number] as Value,
          running,
        );
      carried.take(outOf, 1, running);
      ran = true;
    }
    const last = ran ? carried.values : inputs.slice(2);
    return [...last, ...stacks.map((stack) => stack.value)];
  };
};

interface ScanAxes {
  readonly axis: number;
  readonly reverse: boolean;
}

function scanAxes(node: Node, kind: string, count: number): ScanAxes[] {
  const axes = node.ints(`scan_${kind}_axes`);
  const directions = node.ints(`scan_${kind}_directions`);
  return Array.from({ length: count }, (_, i) => ({
    axis: axes?.[i] ?? 0,
    reverse: directions?.[i] === 1,
  }));
}

/** One step after another of a value along an axis, in a value of its own. */
class Slices {
  readonly #node: Node;
  readonly #axes: ScanAxes;
  #of: Value | null = null;
  #step: Value | null = null;
  #copies: ((from: Numbers, to: Numbers) => void)[] = [];

  constructor(node: Node, axes: ScanAxes) {
    this.#node = node;
    this.#axes = axes;
  }

  /** How many steps there are. */
  start(value: Value): number {
    const { shape, dtype } = value;
    const known = this.#of;
    const axis = axisOf(this.#axes.axis, shape.length, this.#node.place);
    const count = shape[axis] as number;
    const same =
      known && known.dtype === dtype && equalShapes(known.shape, shape);
    this.#of = value;
    if (same) return count;
    const rest = shape.filter((_, i) => i !== axis);
    const all = stridesOf(shape);
    const strides = all.filter((_, i) => i !== axis);
    const stride = all[axis] as number;
    this.#step = this.#node.value(dtype, rest);
    const size = this.#step.data.length;
    this.#copies = Array.from({ length: count }, (_, t) =>
      copier(rest, strides, size, t * stride),
    );
    return count;
  }

  at(step: number): Value {
    const { length } = this.#copies;
    const own = this.#axes.reverse ? length - 1 - step : step;
    const value = this.#step as Value;
    this.#copies[own]?.((this.#of as Value).data, value.data);
    return value;
  }
}

/** What was stacked, along the axis where it belongs, turned round where it was scanned from the end. */
function laid(node: Node, value: Value, { axis, reverse }: ScanAxes): Value {
  const { shape, dtype } = value;
  const to = axisOf(axis, shape.length, node.place);
  if (to === 0 && !reverse) return value;
  const strides = stridesOf(shape);
  const [count = 0] = shape;
  const steps = reverse ? -(strides[0] as number) : (strides[0] as number);
  const start = reverse ? (count - 1) * (strides[0] as number) : 0;
  const insert = (list: readonly number[], item: number) => [
    ...list.slice(1, to + 1),
    item,
    ...list.slice(to + 1),
  ];
  const result = node.value(dtype, insert(shape, count));
  const own = insert(strides, steps);
  copier(result.shape, own, result.data.length, start)(value.data, result.data);
  return result;
}

const scan: Compile = (node) => {
  node.expectInputs(1, Infinity);
  const body = node.body("body");
  const scanned = node.int("num_scan_inputs", 0);
  const states = node.inputCount - scanned;
  if (!(scanned >= 1 && states >= 0))
    throw node.error(
      `expected num_scan_inputs from 1 to ${node.inputCount}, got ${scanned}`,
    );
  checkBody(node, body, node.inputCount, states);
  const stacked = body.outputs.length - states;
  const slices = scanAxes(node, "input", scanned).map(
    (axes) => new Slices(node, axes),
  );
  const axesOut = scanAxes(node, "output", stacked);
  const carried = new Carried(node, states);
  const stacks = axesOut.map(() => new Stack(node));
  const { inputs: into, outputs: outOf, steps } = body;
  return (inputs, running) => {
    const { slots } = running;
    const counts = slices.map((own, i) =>
      own.start(inputs[states + i] as Value),
    );
    const [count = 0] = counts;
    if (counts.some((other) => other !== count))
      throw new RangeError(
        message(node.place, "inputs of as many steps", shapeText(counts)),
      );
    for (const stack of stacks) stack.start();
    for (let t = 0; t < count; t++) {
      running.meter.spend(node.place, 0);
      for (let k = 0; k < states; k++) {
        const value = t ? carried.values[k] : inputs[k];
        slots[into[k] as number] = value ?? undefined;
      }
      slices.forEach((own, i) => {
        slots[into[states + i] as number] = own.at(t);
      });
      runSteps(steps, running);
      for (let k = 0; k < stacked; k++)
        stacks[k]?.push(slots[outOf[states + k] as number] as Value, running);
      carried.take(outOf, 0, running);
    }
    const last = count ? carried.values : inputs.slice(0, states);
    const stackedValues = stacks.map((stack, i) =>
      laid(node, stack.value, axesOut[i] as ScanAxes),
    );
    return [...last, ...stackedValues];
  };
};

export const loops = (): Family => ({
  operations: { Loop: loop, Scan: scan },
  outputs: { Loop: Infinity, Scan: Infinity },
  lists: ["Loop"],
  rewrites: { Loop: withoutHandedOn },
});
