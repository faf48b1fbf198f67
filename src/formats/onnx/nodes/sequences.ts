/*
 * One run of a recurrent node: ONNX's axes to the layers' and back.
 *
 *     layout 0, time-first     X [T, B, I]   Y [T, D, B, H]   states [D, B, H]
 *     layout 1, batch-first    X [B, T, I]   Y [B, T, D, H]   states [B, D, H]
 *     the layers               X [B, T, I]   Y [B, T, D·H]    states [D, B, H]
 */
import { message, sameShape, shapeText } from "../../../checks.js";
import type { State } from "../../../layers/state.js";
import type { Tensor } from "../../../tensor.js";
import { strided } from "../indexing.js";
import type { Node } from "../node.js";
import type { Value } from "../value.js";
import type { AnyLayer } from "./layer.js";

export type Layout = "time-first" | "batch-first";

export interface SequenceRun {
  readonly node: Node;
  readonly layout: Layout;
  readonly directions: number; // D
  readonly input: Value; // X
  readonly lengths: Value | null; // [B]
  readonly hidden: Value | null; // initial_h
  readonly cell: Value | null; // initial_c
}

/** Y, Y_h and, of an LSTM, Y_c. */
export function runLayer(layer: AnyLayer, run: SequenceRun): (Value | null)[] {
  const { node, layout, directions } = run;
  const { hiddenSize } = layer.options;
  const { batch, steps } = checkInput(layer, run);
  const input = batchFirst(run, batch, steps);
  const lengths = checkLengths(run, batch, steps);
  const stateOf = (value: Value | null, name: string) =>
    value && checkState(value, run, [directions, batch, hiddenSize], name);
  const initial = {
    hidden: stateOf(run.hidden, "initial_h"),
    cell: stateOf(run.cell, "initial_c"),
  };
  const rows = lengths
    ? [...lengths.keys()].filter((row) => lengths[row])
    : null;
  const result =
    rows && rows.length < batch
      ? runSome(layer, input, initial, lengths as number[], rows)
      : runAll(layer, input, initial, lengths);
  const { hidden, cell } = result.state;
  const outward = (state: Tensor) => statesOut(node, layout, state);
  return [
    node.outputs[0] ? sequencesOut(run, result.output, hiddenSize) : null,
    outward(hidden),
    ...(cell ? [outward(cell)] : []),
  ];
}

interface Initial {
  readonly hidden: Tensor | null; // [D, B, H]
  readonly cell: Tensor | null;
}

interface Result {
  readonly output: Tensor; // [B, T, D·H]
  readonly state: State;
}

function runAll(
  layer: AnyLayer,
  input: Tensor,
  { hidden, cell }: Initial,
  lengths: readonly number[] | null,
): Result {
  const isLstm = "projSize" in layer.options;
  const [batch] = input.shape as [number];
  const zeros = (): Tensor => {
    const { direction, hiddenSize } = layer.options;
    const shape = [direction === "bidirectional" ? 2 : 1, batch, hiddenSize];
    return { shape, data: new Float32Array(shape.reduce((a, b) => a * b)) };
  };
  const state: State | null =
    hidden || cell
      ? {
          hidden: hidden ?? zeros(),
          ...(isLstm && { cell: cell ?? zeros() }),
        }
      : null;
  return layer.forward(input, {
    ...(state && { state }),
    ...(lengths && { lengths }),
  });
}

/** Runs the rows that have steps. Those of length 0 are zeros, in their states too: not even initial_h is kept. */
function runSome(
  layer: AnyLayer,
  input: Tensor,
  { hidden, cell }: Initial,
  lengths: readonly number[],
  rows: readonly number[],
): Result {
  const [batch, steps] = input.shape as [number, number];
  const ran =
    rows.length > 0 &&
    runAll(
      layer,
      pickRows(input, 0, rows),
      {
        hidden: hidden && pickRows(hidden, 1, rows),
        cell: cell && pickRows(cell, 1, rows),
      },
      rows.map((row) => lengths[row] as number),
    );
  const { direction, hiddenSize } = layer.options;
  const directions = direction === "bidirectional" ? 2 : 1;
  const spread = (part: Tensor | undefined, axis: 0 | 1, shape: number[]) =>
    putRows(part ?? null, axis, rows, shape);
  const states = [directions, batch, hiddenSize];
  const state: State = {
    hidden: spread(ran ? ran.state.hidden : undefined, 1, states),
    ...("projSize" in layer.options && {
      cell: spread(ran ? ran.state.cell : undefined, 1, states),
    }),
  };
  const shape = [batch, steps, directions * hiddenSize];
  return { output: spread(ran ? ran.output : undefined, 0, shape), state };
}

function pickRows(
  { shape, data }: Tensor,
  axis: 0 | 1,
  rows: readonly number[],
): Tensor {
  const picked = shape.map((n, i) => (i === axis ? rows.length : n));
  const result = new Float32Array(picked.reduce((a, b) => a * b));
  eachRow(picked, shape, axis, rows, (to, from, size) =>
    result.set(data.subarray(from, from + size), to),
  );
  return { shape: picked, data: result };
}

function putRows(
  part: Tensor | null,
  axis: 0 | 1,
  rows: readonly number[],
  shape: number[],
): Tensor {
  const data = new Float32Array(shape.reduce((a, b) => a * b));
  if (part)
    eachRow(part.shape, shape, axis, rows, (from, to, size) =>
      data.set(part.data.subarray(from, from + size), to),
    );
  return { shape, data };
}

/** Where each of `rows` lies in a tensor that has only them, and in one that has all. */
function eachRow(
  some: readonly number[],
  all: readonly number[],
  axis: 0 | 1,
  rows: readonly number[],
  visit: (inSome: number, inAll: number, size: number) => void,
): void {
  const size = all.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = axis ? (all[0] as number) : 1;
  for (let o = 0; o < outer; o++)
    rows.forEach((row, i) =>
      visit(
        (o * (some[axis] as number) + i) * size,
        (o * (all[axis] as number) + row) * size,
        size,
      ),
    );
}

function checkInput(layer: AnyLayer, { node, input, layout }: SequenceRun) {
  const { inputSize } = layer.options;
  const { dtype, shape } = input;
  const [first = 0, second = 0, size] = shape;
  const axes = layout === "time-first" ? "T, B" : "B, T";
  if (
    dtype !== "float32" ||
    shape.length !== 3 ||
    size !== inputSize ||
    !first ||
    !second
  ) {
    const expected = `X of float32 [${axes}, ${inputSize}], none of them 0`;
    throw new RangeError(
      message(node.place, expected, `${dtype} ${shapeText(shape)}`),
    );
  }
  return layout === "time-first"
    ? { steps: first, batch: second }
    : { steps: second, batch: first };
}

/** Null when all rows have all steps. */
function checkLengths(
  { node, lengths }: SequenceRun,
  batch: number,
  steps: number,
): number[] | null {
  if (!lengths) return null;
  const place = `${node.place}, sequence_lens`;
  sameShape(lengths, [batch], place);
  for (const length of lengths.data)
    if (!(Number.isInteger(length) && length >= 0 && length <= steps))
      throw new RangeError(
        message(place, `integers from 0 to ${steps}`, `${length}`),
      );
  const list = Array.from(lengths.data);
  return list.every((length) => length === steps) ? null : list;
}

function checkState(
  value: Value,
  { node, layout }: SequenceRun,
  [directions, batch, size]: [number, number, number],
  name: string,
): Tensor {
  const place = `${node.place}, ${name}`;
  const timeFirst = layout === "time-first";
  sameShape(
    value,
    timeFirst ? [directions, batch, size] : [batch, directions, size],
    place,
  );
  if (value.dtype !== "float32")
    throw new TypeError(message(place, "floats", value.dtype));
  return asTensor(timeFirst ? value : swapped(node, value));
}

const asTensor = ({ shape, data }: Value): Tensor => ({
  shape,
  data: data as Float32Array,
});

/** The first two axes exchanged; without copying where one of them is 1. */
function swapped(node: Node, value: Value): Value {
  const [a, b, c] = value.shape as [number, number, number];
  const shape = [b, a, c];
  if (a === 1 || b === 1) return { ...value, shape };
  return strided(node, value, shape, [c, b * c, 1]);
}

function batchFirst(
  { node, layout, input }: SequenceRun,
  batch: number,
  steps: number,
): Tensor {
  const { data } = layout === "batch-first" ? input : swapped(node, input);
  return {
    shape: [batch, steps, input.shape[2] as number],
    data: data as Float32Array,
  };
}

function statesOut(node: Node, layout: Layout, { shape, data }: Tensor): Value {
  const value: Value = { dtype: "float32", shape, data };
  return layout === "time-first" ? value : swapped(node, value);
}

/** [B, T, D·H] → Y. */
function sequencesOut(
  { node, layout, directions }: SequenceRun,
  { shape, data }: Tensor,
  size: number,
): Value {
  const [batch, steps] = shape as [number, number];
  const value: Value = {
    dtype: "float32",
    shape: [batch, steps, directions, size],
    data,
  };
  if (layout === "batch-first") return value;
  const row = directions * size;
  return strided(
    node,
    value,
    [steps, directions, batch, size],
    [row, size, steps * row, 1],
  );
}
