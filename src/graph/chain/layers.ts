/*
 * Nodes that are layers, or a part of one.
 */
import type { CellActivation } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import { onnxActivations, onnxName } from "../operations/activations.js";
import type { Draft } from "./draft.js";
import { areZeros, type Link } from "./link.js";

/** Takes the node into the draft; false where a chain of layers cannot say what it does. */
type Read = (link: Link, draft: Draft) => boolean;

const numberOf = ({ attributes }: Link, name: string, otherwise = 0): number =>
  (attributes.get(name) as number | undefined) ?? otherwise;

/** The first of a list. */
const firstOf = ({ attributes }: Link, name: string, otherwise: number) =>
  (attributes.get(name) as readonly number[] | undefined)?.[0] ?? otherwise;

/** Whether the node's axis, the last by default, is that of the features. */
function isOverFeatures(link: Link, { axes }: Draft): boolean {
  const axis = numberOf(link, "axis", -1);
  return axes.at(axis) === "F" && axes.at(-1) === "F";
}

/** An input that is known, as floats; null for others. */
function floats(link: Link, input: number): Tensor | null {
  const value = link.constant(input);
  return value?.dtype === "float32" ? (value as Tensor) : null;
}

const vector = ({ data }: Tensor): Tensor => ({ shape: [data.length], data });

/** By its first output, every step, or by its second, the last one; what is behind the weights: lengths and states. */
const recurrent: Read = (link, draft) => {
  const { out } = link;
  const layer = link.step.node.runsAs;
  const batchFirst = numberOf(link, "layout") === 1;
  const [lead, directions] = batchFirst ? ["BT", "BTDF"] : ["TB", "TDBF"];
  const zeros = [5, 6].every((i) => areZeros(link.constant(i)));
  if (!layer || out > 1 || link.has(4) || !zeros) return false;
  if (draft.axes !== `${lead}F`) return false;
  const { direction, hiddenSize } = layer.options as {
    direction: string;
    hiddenSize: number;
  };
  const both = direction === "bidirectional";
  draft.directions = both ? 2 : 1;
  draft.features = hiddenSize;
  const lies = out ? directions?.replace("T", "") : directions;
  draft.axes = (lies as string).replace("D", both ? "D" : "1");
  return draft.addLayer(layer, { returnSequences: !out });
};

/** A layer of ours, on [B, T, I]; its mask and states are inputs. */
const own: Read = (link, draft) => {
  const layer = link.step.node.runsAs;
  const { axes } = draft;
  const zeros = [2, 3].every((i) => areZeros(link.constant(i)));
  if (!layer || link.out || link.has(1) || !zeros) return false;
  if (layer.takesTokens || layer.masks || layer.setsSteps) return false;
  if (axes !== "BTF" && !(axes === "BF" && layer.pointwise)) return false;
  if (layer.lastOnly) draft.axes = "BF";
  draft.features = layer.outputSize;
  return draft.addLayer(layer);
};

/** With a constant matrix, and Gemm's bias with it. */
const product: Read = (link, draft) => {
  const layer = link.step.node.runsAs;
  if (!layer || !draft.whole || draft.axes.at(-1) !== "F") return false;
  draft.features = layer.outputSize;
  return draft.addLayer(layer);
};

/** Goes to the layer before where that has none yet. */
function activate(
  draft: Draft,
  activation: CellActivation | "softmax",
): boolean {
  if (!draft.whole || !draft.features) return false;
  const before =
    draft.last("Linear") ??
    (activation === "softmax" ? null : draft.last("Conv1d"));
  if ((before?.options["activation"] ?? "linear") !== "linear" || !before)
    return draft.add("Activation", { activation, size: draft.features });
  return draft.change({ activation });
}

const activation: Read = (link, draft) => {
  const { type, attributes } = link.step.node;
  const name = onnxActivations.find((own) => onnxName(own) === type);
  if (!name) return false;
  const numbers = Object.fromEntries(attributes);
  return activate(draft, attributes.length ? { name, ...numbers } : name);
};

/** A sum or product with a number, or one a feature: a bias, or a BatchNorm that has seen mean 0 and variance 1. */
const affine: Read = (link, draft) => {
  const { axes, features: size } = draft;
  const value = floats(link, 1 - link.into);
  // up to opset 6, `axis` says where it lies
  if (!value || !size || !draft.whole || link.attributes.has("axis"))
    return false;
  const lead = axes.length - value.shape.length;
  const fits = value.shape.every((n, i) => n === 1 || axes[lead + i] === "F");
  if (lead < 0 || !fits) return false;
  const row = (data: ArrayLike<number>): Tensor => ({
    shape: [size],
    data:
      data.length === 1
        ? new Float32Array(size).fill(data[0] as number)
        : Float32Array.from(data),
  });
  const sum = link.step.node.type === "Add";
  const linear = draft.last("Linear")?.options;
  const free = linear?.["bias"] === false && linear["activation"] === "linear";
  const bias = row(sum ? value.data : [0]);
  if (sum && free) return draft.change({ bias: true }, { bias });
  const old = draft.last("BatchNorm")?.weights["bias"];
  if (sum && old?.data.every((n) => n === 0)) return draft.change({}, { bias });
  const weights = {
    weight: row(sum ? [1] : value.data),
    bias,
    running_mean: row([0]),
    running_var: row([1]),
  };
  return draft.add("BatchNorm", { size, epsilon: 0 }, weights);
};

const BATCH = ["weight", "bias", "running_mean", "running_var"];
const LAYER = ["weight", "bias"];

/** With vectors of weights by these names, as inputs behind the first. */
function normalization(
  type: "BatchNorm" | "LayerNorm",
  names: readonly string[],
  link: Link,
  draft: Draft,
): boolean {
  const found = names.flatMap((name, i) => {
    const value = floats(link, i + 1);
    return value ? [[name, vector(value)] as const] : [];
  });
  const batch = type === "BatchNorm";
  const over = batch ? draft.axes[1] === "F" : isOverFeatures(link, draft);
  const bias = link.has(2);
  const all = bias || batch ? names.length : 1;
  if (!draft.whole || !over || link.out || found.length !== all) return false;
  if (numberOf(link, "spatial", 1) !== 1) return false;
  const epsilon = numberOf(link, "epsilon", 1e-5);
  const size = draft.features;
  const options = batch ? { size, epsilon } : { size, epsilon, bias };
  return draft.add(type, options, Object.fromEntries(found));
}

/** The vectors of tokens: the table [V, size] by the one input, the tokens by the other. */
const embedding: Read = (link, draft) => {
  const weight = floats(link, 0);
  const [vocabSize = 0, size = 0, ...more] = weight?.shape ?? [];
  if (!weight || more.length || !draft.tokens || numberOf(link, "axis"))
    return false;
  draft.tokens = false;
  draft.axes += "F";
  draft.features = size;
  return draft.add("Embedding", { vocabSize, size }, { weight });
};

/** A file may not make a stream keep more steps than this. */
const LONGEST = 2 ** 16;

const convolution: Read = (link, draft) => {
  const weight = floats(link, 1);
  const bias = floats(link, 2);
  const [outputSize = 0, perGroup = 0, kernelSize = 0] = weight?.shape ?? [];
  if (!weight || (link.has(2) && !bias) || draft.axes !== "BFT") return false;
  const stride = firstOf(link, "strides", 1);
  const dilation = firstOf(link, "dilations", 1);
  const groups = numberOf(link, "group", 1);
  const span = (kernelSize - 1) * dilation;
  const padding = paddingOf(link, span, stride);
  if (padding === null || span > LONGEST) return false;
  draft.features = outputSize;
  const options = {
    inputSize: perGroup * groups,
    outputSize,
    kernelSize,
    stride,
    dilation,
    groups,
    padding,
    bias: !!bias,
  };
  return draft.add("Conv1d", options, { weight, ...(bias && { bias }) });
};

/** In Conv1d's words; null where it has none. */
function paddingOf(link: Link, span: number, stride: number) {
  const { attributes } = link;
  const auto = attributes.get("auto_pad") ?? "NOTSET";
  if (auto === "SAME_UPPER") return "same";
  const given = attributes.get("pads") as readonly number[] | undefined;
  const [before, behind] = (auto === "VALID" ? null : given) ?? [0, 0];
  if (auto === "SAME_LOWER" || before === undefined) return null;
  if (before === behind)
    return before < 0 || before > span ? null : before || "valid";
  if (before === span && behind === 0) return "causal";
  const halves = before === span >> 1 && before + (behind ?? 0) === span;
  return stride === 1 && halves ? "same" : null;
}

const READS: Readonly<Record<string, Read>> = {
  RNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
  MatMul: product,
  Gemm: product,
  Add: affine,
  Mul: affine,
  Layer: own,
  Softmax: (link, draft) =>
    isOverFeatures(link, draft) && activate(draft, "softmax"),
  BatchNormalization: (...at) => normalization("BatchNorm", BATCH, ...at),
  LayerNormalization: (...at) => normalization("LayerNorm", LAYER, ...at),
  Gather: embedding,
  Conv: convolution,
};

/** Takes a node into the draft; false where it is no layer. */
export function read(link: Link, draft: Draft): boolean {
  const { type } = link.step.node;
  const own = Object.hasOwn(READS, type) ? READS[type] : activation;
  return (own as Read)(link, draft);
}
