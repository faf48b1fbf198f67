/*
 * One run of a recurrent node: ONNX's axes to the layers' and back.
 *
 *     layout 0, time-first     X [T, B, I]   Y [T, D, B, H]   states [D, B, H]
 *     layout 1, batch-first    X [B, T, I]   Y [B, T, D, H]   states [B, D, H]
 *     the layers               X [B, T, I]   Y [B, T, D·H]    states [D, B, H]
 */
import { message, sameShape, shapeText } from "../../checks.js";
import type { State } from "../../layers/state.js";
import type { Tensor } from "../../tensor.js";
import { reordered } from "../indexing.js";
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
  const size = [directions, batch, hiddenSize] as const;
  const stateOf = (value: Value | null, name: string) =>
    value && withoutEmpty(checkState(value, run, size, name), lengths);
  const initial = {
    hidden: stateOf(run.hidden, "initial_h"),
    cell: stateOf(run.cell, "initial_c"),
  };
  const option = stateOption(layer, batch, initial);
  const options = lengths
    ? { ...option, ...stepsOption(lengths, steps) }
    : option;
  node.setting.shared.watch?.(layer, input, options);
  const result = layer.forward(input, options);
  const { hidden, cell } = result.state;
  const results = [
    node.outputs[0] ? sequencesOut(run, result.output, hiddenSize) : null,
    statesOut(node, layout, hidden),
  ];
  if (cell) results.push(statesOut(node, layout, cell));
  return results;
}

interface Initial {
  readonly hidden: Tensor | null; // [D, B, H]
  readonly cell: Tensor | null;
}

/** Where one of an LSTM's two is given, the other is zeros. */
function stateOption(
  layer: AnyLayer,
  batch: number,
  { hidden, cell }: Initial,
): { state?: State } {
  if (!hidden && !cell) return {};
  const { direction, hiddenSize } = layer.options;
  const directions = direction === "bidirectional" ? 2 : 1;
  const zeros = (): Tensor => ({
    shape: [directions, batch, hiddenSize],
    data: new Float32Array(directions * batch * hiddenSize),
  });
  const state: State = { hidden: hidden ?? zeros() };
  if (layer.stateNames.includes("cell")) state.cell = cell ?? zeros();
  return { state };
}

/** Rows of length 0, which no layer takes, are rows of masked steps. */
function stepsOption(
  lengths: readonly number[],
  steps: number,
): { lengths: readonly number[] } | { mask: Tensor } {
  if (!lengths.includes(0)) return { lengths };
  const data = new Float32Array(lengths.length * steps);
  lengths.forEach((length, row) =>
    data.fill(1, row * steps, row * steps + length),
  );
  return { mask: { shape: [lengths.length, steps], data } };
}

/** The state with the rows of length 0 at zeros, where they end too: onnxruntime does not even keep initial_h. */
function withoutEmpty(
  state: Tensor,
  lengths: readonly number[] | null,
): Tensor {
  if (!lengths?.includes(0)) return state;
  const { shape } = state;
  const size = shape[2] as number;
  const data = state.data.slice();
  for (let row = 0; row * size < data.length; row++)
    if (!lengths[row % lengths.length])
      data.fill(0, row * size, (row + 1) * size);
  return { shape, data };
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
  [directions, batch, size]: readonly [number, number, number],
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
  if (a === 1 || b === 1)
    return { dtype: value.dtype, shape, data: value.data };
  return reordered(node, value, shape, [c, b * c, 1]);
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
  // in the same order where only axes of 1 change places
  if (batch === 1 || (steps === 1 && directions === 1))
    return {
      dtype: "float32",
      shape: [steps, directions, batch, size],
      data,
    };
  const row = directions * size;
  return reordered(
    node,
    value,
    [steps, directions, batch, size],
    [row, size, steps * row, 1],
  );
}
