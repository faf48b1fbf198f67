/*
 * Layers that reshape, crop, pad or repeat.
 */
import {
  asList,
  field,
  inside,
  integer,
  type Place,
  unexpected,
  valueText,
} from "../../json.js";
import type { LayerConfig } from "../config.js";
import { sizesOf } from "./convolution.js";
import { type Emitter, Flow, type Sizes, sizesText } from "./flow.js";
import { only, onlySequence, placed } from "./only.js";
import type { Prepare } from "./translation.js";

export const flatten: Prepare =
  (layer) =>
  (given, { emit }) => {
    const x = only(layer, given);
    const first = field(layer.config, "data_format") === "channels_first";
    if (x.rank < 2 || (first && x.rank > 2))
      throw placed(
        layer,
        `expected features last, got ${sizesText(x.sizes)}${first ? " with channels_first" : ""}`,
      );
    if (x.rank === 2) return [x.with(null)];
    return [
      emit.reshape(x, [0, -1], [x.sizes[0] ?? null, product(x.sizes.slice(1))]),
    ];
  };

/** The product of sizes that are all known. */
export const product = (sizes: Sizes): number | null =>
  sizes.includes(null)
    ? null
    : sizes.reduce<number>((all, n) => all * (n as number), 1);

export const reshape: Prepare = (layer) => {
  const target = integers(layer.config, "target_shape");
  return (given, { emit }) => {
    const x = only(layer, given);
    return [reshapedTo(x, target, emit, layer)];
  };
};

/** [B, …target], where one size may be -1. */
export function reshapedTo(
  x: Flow,
  target: readonly number[],
  emit: Emitter,
  layer: LayerConfig,
): Flow {
  const free = target.indexOf(-1);
  const right = target.every((n, i) => n > 0 || i === free);
  if (!right)
    throw placed(
      layer,
      `expected sizes of at least 1, one of them -1 at most, got ${valueText(target)}`,
    );
  const all = product(x.sizes.slice(1));
  const known = product(target.filter((n) => n > 0)) as number;
  const left = all === null ? null : all / known;
  if (left !== null && (free < 0 ? left !== 1 : !Number.isInteger(left)))
    throw placed(layer, `expected a shape for ${all} numbers, got ${known}`);
  const sizes = target.map((n, i) => (i === free ? left : n));
  return emit.reshape(x, [0, ...target], [x.sizes[0] ?? null, ...sizes]);
}

export const permute: Prepare = (layer) => {
  const dims = integers(layer.config, "dims");
  return (given, { emit }) => {
    const x = only(layer, given);
    const sorted = [...dims].sort((a, b) => a - b);
    if (sorted.length !== x.rank - 1 || sorted.some((n, i) => n !== i + 1))
      throw placed(
        layer,
        `expected dims to name each axis but the batch once, got ${valueText(dims)} for ${sizesText(x.sizes)}`,
      );
    return [emit.transpose(x, [0, ...dims])];
  };
};

/** [B, features] → [B, n, features] */
export const repeatVector: Prepare = (layer) => {
  const n = integer(layer.config, "n");
  return (given, { emit }) => {
    const x = only(layer, given);
    if (x.rank !== 2)
      throw placed(layer, `expected [B, features], got ${sizesText(x.sizes)}`);
    return [expanded(emit.unsqueeze(x, 1), 1, n, emit)];
  };
};

/** An axis of 1 as one of n. */
function expanded(x: Flow, axis: number, n: number, emit: Emitter): Flow {
  const target = emit.builder.integers(
    x.sizes.map((_, i) => (i === axis ? n : 1)),
  );
  const value = emit.builder.add(
    "Expand",
    [x.value, target],
    {},
    { name: emit.name },
  );
  const sizes = x.sizes.map((size, i) => (i === axis ? n : size));
  return new Flow(value, sizes, x.dtype);
}

export const cropping: Prepare = (layer) => {
  const [before, after] = edges(layer.config, "cropping");
  return (given, { emit }) => {
    const x = onlySequence(layer, given);
    return [emit.slice(x, 1, before, after ? -after : Infinity)];
  };
};

export const zeroPadding: Prepare = (layer) => {
  const [before, after] = edges(layer.config, "padding");
  return (given, { emit }) => {
    const x = onlySequence(layer, given);
    const pads = emit.builder.integers([0, before, 0, 0, after, 0]);
    const value = emit.builder.add(
      "Pad",
      [x.value, pads],
      {},
      { name: emit.name },
    );
    const steps = x.sizes[1] ?? null;
    return [
      new Flow(value, [
        x.sizes[0] ?? null,
        steps === null ? null : steps + before + after,
        x.sizes[2] ?? null,
      ]),
    ];
  };
};

/** Repeats each step n times. */
export const upSampling: Prepare = (layer) => {
  const [n] = sizesOf(layer.config, "size", 1) as [number];
  return (given, { emit }) => {
    const x = onlySequence(layer, given);
    const [batch = null, steps = null, features = null] = x.sizes;
    if (features === null)
      throw placed(layer, `expected known features, got ${sizesText(x.sizes)}`);
    const many = expanded(emit.unsqueeze(x, 2), 2, n, emit);
    const all = steps === null ? null : steps * n;
    return [emit.reshape(many, [0, -1, features], [batch, all, features])];
  };
};

function integers(config: Place, name: string): number[] {
  const at = inside(config, name);
  const listed = asList(field(config, name), at);
  if (listed.length < 16 && listed.every((n) => Number.isSafeInteger(n)))
    return listed as number[];
  throw unexpected("integers", listed, at);
}

/** The numbers of steps before and after: one number for both, or two. */
function edges(config: Place, name: string): [number, number] {
  const given = field(config, name);
  const listed: unknown = Array.isArray(given) ? given : [given, given];
  const right = (n: unknown) => Number.isSafeInteger(n) && (n as number) >= 0;
  if (Array.isArray(listed) && listed.length === 2 && listed.every(right))
    return listed as [number, number];
  throw unexpected("two numbers of steps", given, inside(config, name));
}
