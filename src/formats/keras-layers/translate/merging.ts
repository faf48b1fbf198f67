/*
 * Layers that merge several tensors into one.
 *
 * Masks are as in each version: Keras 2 keeps the steps that all given masks keep; Keras 3 those that any keeps, with no
 * mask if an input has none.
 */
import { field, valueText } from "../../json.js";
import { flag, type LayerConfig } from "../config.js";
import { axisIn, type Emitter, type Flow, sizesText } from "./flow.js";
import { placed } from "./only.js";
import type { Apply, Given, Prepare, Translation } from "./translation.js";

type Combine = (a: Flow, b: Flow, emit: Emitter) => Flow;

const COMBINE: Readonly<Record<string, Combine>> = {
  Add: (a, b, emit) => emit.binary("Add", a, b),
  Subtract: (a, b, emit) => emit.binary("Sub", a, b),
  Multiply: (a, b, emit) => emit.binary("Mul", a, b),
  Average: (a, b, emit) => emit.binary("Add", a, b),
  Maximum: (a, b, emit) => emit.binary("Max", a, b),
  Minimum: (a, b, emit) => emit.binary("Min", a, b),
};

export const merging: Prepare = (layer, _, { producer }) => {
  const { className } = layer;
  const combine = COMBINE[className] as Combine;
  return (given, translation) => {
    const { emit } = translation;
    const inputs = several(layer, given);
    const masked = inputs.some(({ mask }) => mask);
    if (masked && producer.major === 3 && className.endsWith("imum"))
      throw placed(
        layer,
        `expected inputs without masks, of which releases of Keras 3 make different things, got ${inputs.filter(({ mask }) => mask).length} with masks`,
      );
    const rank = Math.max(...inputs.map((input) => input.rank));
    const raised = inputs.map((input) => {
      let flow = input;
      while (flow.rank < rank) flow = emit.unsqueeze(flow, 1);
      return flow;
    });
    let y = raised.reduce((a, b) => combine(a, b, emit));
    if (className === "Average")
      y = emit.binary("Div", y, emit.scalar(inputs.length));
    return [y.with(mergedMask(inputs, translation))];
  };
};

function mergedMask(
  inputs: readonly Flow[],
  { producer, emit }: Translation,
): Flow | null {
  const masks = inputs.flatMap(({ mask }) => (mask ? [mask] : []));
  if (!masks.length) return null;
  if (producer.major === 2)
    return masks.reduce((a, b) => (a === b ? a : emit.both(a, b)));
  if (masks.length < inputs.length) return null;
  return masks.reduce((a, b) => (a === b ? a : emit.either(a, b)));
}

export const concatenate: Prepare = (layer, _, { producer }) => {
  // in Keras 1 a mode of Merge
  const { config } = layer;
  const stated = field(config, "axis") ?? field(config, "concat_axis") ?? -1;
  return (given, { emit }) => {
    const inputs = several(layer, given);
    const rank = inputs[0]?.rank ?? 0;
    const axis = axisIn(stated, rank);
    if (!axis || inputs.some((input) => input.rank !== rank))
      throw placed(
        layer,
        `expected inputs of as many axes, and one of these other than the batch, got axis ${valueText(stated)} of ${allSizes(inputs)}`,
      );
    const y = emit.concat(inputs, axis);
    const masks = inputs.flatMap(({ mask }) => (mask ? [mask] : []));
    if (!masks.length) return [y];
    if (axis === 1 && masks.length === inputs.length && rank === 3)
      return [y.with(emit.concat(masks, 1))];
    if (axis !== rank - 1 || rank !== 3)
      throw placed(
        layer,
        `expected masks of sequences [B, T, features] alone, of all where steps are put together, got ${masks.length} of ${allSizes(inputs)}, axis ${axis}`,
      );
    // for concatenated features Keras 2 needs all masks, Keras 3 any, and an input without a mask counts as kept
    if (producer.major === 3 && masks.length < inputs.length) return [y];
    const combine = producer.major === 2 ? "both" : "either";
    const mask = masks.reduce((a, b) => (a === b ? a : emit[combine](a, b)));
    return [y.with(mask)];
  };
};

/** The product of two tensors over one axis of each, row by row. */
export const dot: Prepare = (layer) => {
  const { config } = layer;
  const stated = field(config, "axes") ?? field(config, "dot_axes");
  const normalize = flag(config, "normalize", false);
  const apply: Apply = (given, { emit }) => {
    const [a, b, ...more] = several(layer, given);
    if (!a || !b || more.length)
      throw placed(layer, `expected two inputs, got ${given.inputs.length}`);
    const [first, second] = Array.isArray(stated) ? stated : [stated, stated];
    const [i, j] = [axisIn(first, a.rank), axisIn(second, b.rank)];
    const fits = [a.rank, b.rank].every((rank) => rank === 2 || rank === 3);
    if (!i || !j || !fits)
      throw placed(
        layer,
        `expected axes of inputs [B, T, features] or [B, features], got ${valueText(stated)} of ${allSizes([a, b])}`,
      );
    const left = withAxis(normalize ? unit(a, i, emit) : a, i, "last", emit);
    const right = withAxis(normalize ? unit(b, j, emit) : b, j, "first", emit);
    let y = emit.matmul(left, right);
    if (a.rank === 2 && b.rank === 2) return [emit.squeeze(y, 1)];
    if (a.rank === 2) y = emit.squeeze(y, 1);
    else if (b.rank === 2) y = emit.squeeze(y, 2);
    return [y];
  };
  return apply;
};

/** [B, n, k] with the axis last, or [B, k, n] with it first; an absent axis has size 1. */
function withAxis(
  x: Flow,
  axis: number,
  end: "first" | "last",
  emit: Emitter,
): Flow {
  if (x.rank === 2) return emit.unsqueeze(x, end === "last" ? 1 : 2);
  const stands = axis === (end === "last" ? 2 : 1);
  return stands ? x : emit.transpose(x, [0, 2, 1]);
}

/** x / |x| along an axis. */
function unit(x: Flow, axis: number, emit: Emitter): Flow {
  const squares = emit.reduce(
    "ReduceSum",
    emit.binary("Mul", x, x),
    [axis],
    true,
  );
  const least = emit.binary("Max", squares, emit.scalar(1e-12));
  return emit.binary("Div", x, emit.unary("Sqrt", least));
}

const allSizes = (inputs: readonly Flow[]): string =>
  inputs
    .slice(0, 8)
    .map(({ sizes }) => sizesText(sizes))
    .join(" and ");

function several(layer: LayerConfig, { inputs }: Given): readonly Flow[] {
  if (inputs.length > 0) return inputs;
  throw placed(layer, "expected inputs, got none");
}
