/*
 * Convolutions over one axis of time or two of space. In Keras the features are the last axis, in ONNX's nodes the second,
 * so the nodes are between two transpositions.
 *
 *     Keras   kernel [k.., in / groups, out]   depthwise [k.., in, multiplier]
 *     ONNX    W [out, in / groups, k..]        W [in · multiplier, 1, k..]
 */
import type { Tensor } from "../../../tensor.js";
import {
  field,
  inside,
  integer,
  type Place,
  unexpected,
  valueText,
} from "../../json.js";
import { flag, type LayerConfig } from "../config.js";
import { checkShape, ITSELF, type LayerWeights } from "../weights.js";
import { namedActivation } from "./activations.js";
import { type Emitter, type Flow, type Sizes, sizesText } from "./flow.js";
import { only, placed } from "./only.js";
import { checkFeatures } from "./pieces.js";
import type { Prepare } from "./translation.js";

/** A window over its axes. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: "valid" | "same" | "causal";
}

const PADDINGS = ["valid", "same", "causal"] as const;

/** The number of axes, by the name of the class: Conv1D has one. */
export const axesOf = (className: string): number =>
  className.includes("2D") ? 2 : 1;

/** A size for each axis; a single number is for all. */
export function sizesOf(
  config: Place,
  name: string,
  axes: number,
  absent?: readonly number[],
): number[] {
  const given = field(config, name) ?? absent;
  const listed: unknown[] = Array.isArray(given)
    ? given
    : Array.from({ length: axes }, () => given);
  const right = (n: unknown) => Number.isSafeInteger(n) && (n as number) > 0;
  if (listed.length === axes && listed.every(right)) return listed as number[];
  throw unexpected(`${axes} sizes of at least 1`, given, inside(config, name));
}

export function paddingOf(config: Place): Window["padding"] {
  const given = field(config, "padding") ?? "valid";
  const found = PADDINGS.find((padding) => padding === given);
  if (found) return found;
  throw unexpected(PADDINGS.join(", "), given, inside(config, "padding"));
}

export function requireFeaturesLast(layer: LayerConfig): void {
  const format = field(layer.config, "data_format") ?? "channels_last";
  if (format !== "channels_last")
    throw placed(
      layer,
      `expected data_format channels_last, got ${valueText(format)}`,
    );
}

export function windowOf(config: Place, axes: number): Window {
  const ones = Array.from({ length: axes }, () => 1);
  return {
    kernel: sizesOf(config, "kernel_size", axes),
    strides: sizesOf(config, "strides", axes, ones),
    dilations: sizesOf(config, "dilation_rate", axes, ones),
    padding: paddingOf(config),
  };
}

/** ONNX's attributes of a window. With "same" the smaller half of the padding comes first, as in TensorFlow. */
export function windowAttributes({
  kernel,
  strides,
  dilations,
  padding,
}: Window) {
  const before = kernel.map((k, i) => (k - 1) * (dilations[i] as number));
  return {
    kernel_shape: kernel,
    strides,
    ...(dilations.some((d) => d > 1) && { dilations }),
    ...(padding === "same" && { auto_pad: "SAME_UPPER" }),
    ...(padding === "causal" && { pads: [...before, ...before.map(() => 0)] }),
  };
}

/** The length of an axis after the window. */
export function lengthsAfter(
  sizes: Sizes,
  { kernel, strides, dilations, padding }: Window,
): Sizes {
  return sizes.map((size, i) => {
    const [k, stride, dilation] = [kernel, strides, dilations].map(
      (list) => list[i] as number,
    ) as [number, number, number];
    if (size === null) return null;
    const covered = padding === "valid" ? (k - 1) * dilation : 0;
    return Math.max(0, Math.ceil((size - covered) / stride));
  });
}

/** Applies f with the features as the second axis; in the input and output they are the last. */
export function featuresSecond(
  x: Flow,
  emit: Emitter,
  run: (channelsFirst: Flow) => Flow,
): Flow {
  const axes = x.sizes.map((_, axis) => axis);
  const last = axes.length - 1;
  const space = axes.slice(1, -1);
  const y = run(emit.transpose(x, [0, last, ...space]));
  return emit.transpose(y, [0, ...space.map((axis) => axis + 1), 1]);
}

export const convolution: Prepare = (layer, weights, translation) => {
  const { config, name, className } = layer;
  const { producer, layers, budget } = translation;
  const axes = axesOf(className);
  requireFeaturesLast(layer);
  const window = windowOf(config, axes);
  const stages = readStages(layer, weights, window);
  for (const { weight } of stages)
    budget.take(weight.data.byteLength, `layer ${JSON.stringify(name)}`);
  const bias = flag(config, "use_bias", true)
    ? weights.take(ITSELF, "bias", stages.length)
    : null;
  const outputs = stages.at(-1)?.weight.shape[0] as number;
  if (bias) checkShape(bias, [outputs], "[filters]");
  const after = namedActivation(config, "activation", producer);
  const inputs = stages[0]?.inputs as number;
  layers.push({
    name,
    type: className,
    sizes: { inputs, outputs, kernel: window.kernel[0] as number },
    convention: `kernel [k, in, out], strides ${window.strides.join(" × ")}, ${window.padding}, ${bias ? "bias" : "no bias"}`,
  });
  return (given, { emit }) => {
    const x = only(layer, given);
    if (x.rank !== axes + 2)
      throw placed(
        layer,
        `expected [B, ${axes > 1 ? "H, W" : "T"}, features], got ${sizesText(x.sizes)}`,
      );
    checkFeatures(x, inputs, layer);
    const y = featuresSecond(x, emit, (channelsFirst) =>
      stages.reduce((flow, { weight, groups, over }, i) => {
        const last = i === stages.length - 1;
        const constants = [weight, ...(last && bias ? [bias] : [])];
        const [batch, , ...space] = flow.sizes;
        return emit.node(
          "Conv",
          [flow, ...constants.map((c) => emit.constant(c, c.shape))],
          { ...windowAttributes(over), ...(groups > 1 && { group: groups }) },
          [
            batch ?? null,
            weight.shape[0] as number,
            ...lengthsAfter(space, over),
          ],
        );
      }, channelsFirst),
    );
    return [after(y, emit)];
  };
};

/** One product of a convolution; a separable convolution has two. */
interface Stage {
  readonly inputs: number;
  readonly weight: Tensor;
  readonly groups: number;
  readonly over: Window;
}

export function readStages(
  layer: LayerConfig,
  weights: LayerWeights,
  window: Window,
): Stage[] {
  const { config, className } = layer;
  const { kernel } = window;
  if (/^(Depthwise|Separable)/.test(className)) {
    const weight = weights.take(ITSELF, "depthwise_kernel", 0);
    const multiplier = integer(config, "depth_multiplier", { absent: 1 });
    const names = "[kernel, inputs, depth_multiplier]";
    const shape = checkShape(weight, [...kernel, null, multiplier], names);
    const inputs = shape[kernel.length] as number;
    const depth = {
      inputs,
      weight: depthwise(weight, kernel),
      groups: inputs,
      over: window,
    };
    if (className.startsWith("Depthwise")) return [depth];
    const filters = integer(config, "filters");
    const ones = kernel.map(() => 1);
    const point = weights.take(ITSELF, "pointwise_kernel", 1);
    checkShape(
      point,
      [...ones, inputs * multiplier, filters],
      "[1, inputs, filters]",
    );
    const over: Window = {
      kernel: ones,
      strides: ones,
      dilations: ones,
      padding: "valid",
    };
    return [depth, { inputs, weight: onnxKernel(point), groups: 1, over }];
  }
  const filters = integer(config, "filters");
  const groups = integer(config, "groups", { absent: 1 });
  const weight = kernelOf(weights.take(ITSELF, "kernel", 0), kernel);
  const shape = checkShape(
    weight,
    [...kernel, null, filters],
    "[kernel, inputs, filters]",
  );
  const inputs = (shape[kernel.length] as number) * groups;
  return [{ inputs, weight: onnxKernel(weight), groups, over: window }];
}

/** In Keras 1, kernels of one axis have a second axis of size 1. */
function kernelOf<W extends Tensor>(weight: W, kernel: readonly number[]): W {
  const { shape } = weight;
  if (kernel.length !== 1 || shape.length !== 4 || shape[1] !== 1)
    return weight;
  return { ...weight, shape: [shape[0], shape[2], shape[3]] };
}

/** [k.., in, out] → [out, in, k..] */
function onnxKernel({ shape, data }: Tensor): Tensor {
  const [outs, ins] = [shape.at(-1), shape.at(-2)] as [number, number];
  const positions = data.length / (ins * outs);
  const result = new Float32Array(data.length);
  for (let k = 0; k < positions; k++)
    for (let i = 0; i < ins; i++)
      for (let o = 0; o < outs; o++)
        result[(o * ins + i) * positions + k] = data[
          (k * ins + i) * outs + o
        ] as number;
  return { shape: [outs, ins, ...shape.slice(0, -2)], data: result };
}

/** [k.., in, multiplier] → [in · multiplier, 1, k..] */
function depthwise({ shape, data }: Tensor, kernel: readonly number[]): Tensor {
  const [ins, each] = shape.slice(kernel.length) as [number, number];
  const flat = { shape: [...kernel, 1, ins * each], data };
  return onnxKernel(flat);
}
