/*
 * Nodes that are layers, or a part of one.
 */
import type { CellActivation } from "../../index.js";
import type { Tensor } from "../../tensor.js";
import { onnxActivations, onnxName } from "../operations/activations.js";
import type { Draft } from "./draft.js";
import { areZeros, type Link } from "./link.js";
import type { SpelledNorm } from "./spelled.js";

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

/** Of a LayerNorm that has no weights. */
const neutral = (size: number) => ({
  weight: { shape: [size], data: new Float32Array(size).fill(1) },
  bias: { shape: [size], data: new Float32Array(size) },
});

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
  const norm = draft.last("LayerNorm");
  if (norm && isAll(norm.weights["bias"], 0)) {
    if (sum && norm.options["bias"] !== false)
      return draft.change({}, { bias });
    if (!sum && isAll(norm.weights["weight"], 1))
      return draft.change({}, { weight: row(value.data) });
  }
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
  const padding = paddingOf(link, span, stride, draft.takePads());
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

/** In Conv1d's words; null where it has none. `more`: of a Pad before it. */
function paddingOf(
  link: Link,
  span: number,
  stride: number,
  more: readonly number[],
) {
  const { attributes } = link;
  const auto = attributes.get("auto_pad") ?? "NOTSET";
  const padded = more.some((n) => n !== 0);
  if (auto === "SAME_UPPER") return padded ? null : "same";
  const given = attributes.get("pads") as readonly number[] | undefined;
  const own = (auto === "VALID" ? null : given) ?? [0, 0];
  const [before, behind] = own.map((n, i) => n + (more[i] ?? 0));
  if (auto === "SAME_LOWER" || before === undefined) return null;
  if (before === behind)
    return before < 0 || before > span ? null : before || "valid";
  if (before === span && behind === 0) return "causal";
  const halves = before === span >> 1 && before + (behind ?? 0) === span;
  return stride === 1 && halves ? "same" : null;
}

/** Windows of steps, all of which are inside of the sequence and its padding. */
const pooling =
  (kind: "max" | "average"): Read =>
  (link, draft) => {
    const { attributes, out } = link;
    const [kernelSize, ...more] = (attributes.get("kernel_shape") ??
      []) as readonly number[];
    const dilated = firstOf(link, "dilations", 1) !== 1;
    if (!kernelSize || more.length || dilated || out) return false;
    if (draft.axes !== "BFT" || numberOf(link, "ceil_mode")) return false;
    const pads = draft.takePads();
    const own = (attributes.get("pads") ?? [0, 0]) as readonly number[];
    const padded = pads.some((n) => n !== 0);
    // zeros of a Pad are numbers like others
    if (padded && (kind === "max" || own.some((n) => n !== 0))) return false;
    const padding = paddingOf(link, kernelSize - 1, 1, pads);
    const counts = padded || numberOf(link, "count_include_pad") === 1;
    // zeros count in the means of a number of steps, and not in those of "same"
    const fits =
      kind === "max" ||
      padding === "valid" ||
      (typeof padding === "number" ? counts : !counts);
    const given = attributes.get("auto_pad") ?? "NOTSET";
    const same = padding === "same" && given === "NOTSET";
    if (padding === null || padding === "causal" || !fits || same) return false;
    const stride = firstOf(link, "strides", 1);
    const size = draft.features;
    return draft.add("Pooling", { kind, size, kernelSize, stride, padding });
  };

/** Zeros around the steps, of what comes next. */
const pad: Read = (link, draft) => {
  const { attributes } = link;
  const given = link.has(1)
    ? Array.from(link.constant(1)?.data ?? [])
    : ((attributes.get("pads") ?? []) as readonly number[]);
  const value = link.has(2)
    ? link.constant(2)?.data[0]
    : numberOf(link, "value");
  const [a, b, before = -1, c, d, behind = -1, ...more] = given;
  const zeros = [a, b, c, d].every((n) => n === 0) && !more.length;
  const mode = attributes.get("mode") ?? "constant";
  if (draft.axes !== "BFT" || link.has(3) || mode !== "constant") return false;
  if (!zeros || value !== 0 || before < 0 || behind < 0) return false;
  return draft.pad(before, behind);
};

/** The last step again and again, so many times as the file says. */
const repeated: Read = (link, draft) => {
  const { data = [] } = link.into ? {} : (link.constant(1) ?? {});
  const [rows, steps = 0, features, ...more] = Array.from(data);
  const fits = rows === 1 && features === 1 && !more.length && steps >= 1;
  if (draft.axes !== "B1F" || !fits || steps > LONGEST) return false;
  // PyTorch's repeat expands by ones first
  if (steps === 1) return true;
  if (!draft.repeatLast(steps)) return false;
  draft.axes = "BTF";
  return true;
};

const TAKES_PADS = /^(Conv|AveragePool|Pad)$/;

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
  Pad: pad,
  MaxPool: pooling("max"),
  AveragePool: pooling("average"),
  Tile: repeated,
  Expand: repeated,
};

/** Its weights, where it has such, are a product and a sum behind it. */
function spelled({ epsilon, axes }: SpelledNorm, draft: Draft): boolean {
  const { features: size, axes: all } = draft;
  const over = axes.every(
    ([axis, ...more]) =>
      !more.length && (axis === -1 || axis === all.length - 1),
  );
  if (!draft.whole || !size || all.at(-1) !== "F" || !over) return false;
  return draft.add("LayerNorm", { size, epsilon }, neutral(size));
}

/** Whether all of a vector is this number; that of a new LayerNorm without weights is. */
const isAll = (tensor: Tensor | undefined, number: number): boolean =>
  tensor?.data.every((n) => n === number) ?? true;

/** Takes a node into the draft; false where it is no layer. */
export function read(link: Link, draft: Draft): boolean {
  const { type } = link.step.node;
  if (draft.isPadded && !TAKES_PADS.test(type)) return false;
  if (link.norm) return spelled(link.norm, draft);
  const own = Object.hasOwn(READS, type) ? READS[type] : activation;
  return (own as Read)(link, draft);
}
