/*
 * Reads the layers of RTNeural's JSON as plain data: types, sizes and weights. Gains can thus be multiplied into the
 * weights before the layers are created.
 */
import { shapeText } from "../../checks.js";
import { FormatError } from "../../errors.js";
import {
  Activation,
  BatchNorm,
  Conv1d,
  type Conv1dOptions,
  GRU,
  type Layer,
  Linear,
  type LinearOptions,
  LSTM,
} from "../../index.js";
import type { BackendChoice } from "../../layers/options.js";
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import {
  asList,
  field,
  inside,
  integer,
  list,
  objects,
  type Place,
  text,
  unexpected,
} from "../json.js";
import { Budget } from "../budget.js";
import type { ReportLayer } from "../report.js";
import { convWeights, denseWeights, gruWeights, lstmWeights } from "./keras.js";
import { batchNormWeights, preluStages } from "./pointwise.js";

type ActivationName = NonNullable<LinearOptions["activation"]>;

/** A layer to be created. `dict` has PyTorch's names and holds the only reference to its numbers. */
export interface Part {
  readonly type:
    "LSTM" | "GRU" | "Linear" | "Conv1d" | "BatchNorm" | "Activation";
  readonly dict: StateDict;
  activation: ActivationName;
  readonly outputSize: number;
  /** Of a Conv1d. */
  readonly options?: Partial<Conv1dOptions>;
  /** Of a BatchNorm. */
  readonly epsilon?: number;
  readonly described: ReportLayer;
}

const RECURRENT = ["lstm", "gru"];
const DENSE = ["dense", "time-distributed-dense"];
const ACTIVATIONS: ReadonlyMap<string, ActivationName> = new Map([
  ["", "linear"],
  ["linear", "linear"],
  ["tanh", "tanh"],
  ["relu", "relu"],
  ["sigmoid", "sigmoid"],
  ["softmax", "softmax"],
  ["elu", "elu"],
]);

/** The limit for all matrices that stand in for prelus: enough for one of 2048 features. */
const MATRIX_BYTES = 2 ** 26;

/** The first layer's number of inputs: the last entry of in_shape, [batch, time, features]. */
export function readInputSize(file: Place): number {
  return lastOf(file, "in_shape");
}

export function readParts(file: Place, inputSize: number): Part[] {
  const parts: Part[] = [];
  const budget = new Budget(MATRIX_BYTES);
  let size = inputSize;
  for (const layer of objects(file, "layers")) {
    const added = readPart(layer, size, parts.at(-1), budget);
    parts.push(...added);
    size = added.at(-1)?.outputSize ?? size;
  }
  if (parts.length) return parts;
  throw unexpected("at least one layer", list(file, "layers"), "layers");
}

export function makeLayer(
  { type, dict, activation, outputSize: size, options, epsilon }: Part,
  backend: BackendChoice,
) {
  if (type === "Activation")
    return new Activation({ size, activation, backend });
  if (type === "BatchNorm") {
    const given = epsilon === undefined ? {} : { epsilon };
    return new BatchNorm({ size, ...given, backend }).loadStateDict(dict);
  }
  if (type === "Conv1d")
    return Conv1d.fromStateDict(dict, { ...options, activation, backend });
  if (type === "Linear")
    return Linear.fromStateDict(dict, { activation, backend });
  return { LSTM, GRU }[type].fromStateDict(dict, { backend }) as Layer;
}

/** The parts that one layer of the file becomes; none for an activation that the previous part can do. */
function readPart(
  layer: Place,
  inputSize: number,
  previous: Part | undefined,
  budget: Budget,
): Part[] {
  const type = text(layer, "type");
  const weights = field(layer, "weights");
  const at = inside(layer, "weights");
  if (RECURRENT.includes(type)) {
    checkRecurrentActivation(layer);
    const hiddenSize = lastOf(layer, "shape");
    const isLstm = type === "lstm";
    const read = isLstm ? lstmWeights : gruWeights;
    const part: Part = {
      type: isLstm ? "LSTM" : "GRU",
      dict: read(weights, at, inputSize, hiddenSize),
      activation: "tanh",
      outputSize: hiddenSize,
      described: {
        name: layer.at,
        type,
        sizes: { inputSize, hiddenSize },
        convention: isLstm
          ? "Keras: gates i f c o, kernels [in, 4H], one bias"
          : "Keras: gates z r h, kernels [in, 3H], two biases, reset after",
      },
    };
    return [part];
  }
  if (DENSE.includes(type)) {
    const outputSize = lastOf(layer, "shape");
    const dict = denseWeights(weights, at, inputSize, outputSize);
    return [linear(layer, type, inputSize, outputSize, dict)];
  }
  if (type === "conv1d") return [convolution(layer, inputSize)];
  if (type === "activation") return readActivation(layer, inputSize, previous);
  if (type === "batchnorm") return batchNorm(layer, inputSize);
  if (type === "prelu") return prelu(layer, inputSize, budget);
  const known = [
    ...RECURRENT,
    ...DENSE,
    "conv1d",
    "activation",
    "batchnorm",
    "prelu",
  ].join(", ");
  throw unexpected(`one of ${known}`, type, inside(layer, "type"));
}

/** RTNeural's convolutions are all causal, with stride 1. */
function convolution(layer: Place, inputSize: number): Part {
  const outputSize = lastOf(layer, "shape");
  const kernelSize = onlyOf(layer, "kernel_size");
  const dilation = onlyOf(layer, "dilation", 1);
  const groups = integer(layer, "groups", { absent: 1 });
  if (inputSize % groups || outputSize % groups)
    throw unexpected(
      `a divisor of ${inputSize} and ${outputSize}`,
      groups,
      inside(layer, "groups"),
    );
  const sizes = [kernelSize, inputSize / groups, outputSize] as const;
  const at = inside(layer, "weights");
  return {
    type: "Conv1d",
    dict: convWeights(field(layer, "weights"), at, sizes),
    activation: readActivationName(layer),
    outputSize,
    options: { dilation, groups, padding: "causal" },
    described: {
      name: layer.at,
      type: "conv1d",
      sizes: { inputSize, outputSize, kernelSize },
      convention: `Keras: kernel [k, in, out], causal${dilation > 1 ? `, dilation ${dilation}` : ""}${groups > 1 ? `, ${groups} groups` : ""}`,
    },
  };
}

/** A size, given as a number or as a list of one number. */
function onlyOf(layer: Place, name: string, absent?: number): number {
  const given = field(layer, name) ?? absent;
  const [size, ...more] = Array.isArray(given) ? (given as unknown[]) : [given];
  if (!more.length && Number.isSafeInteger(size) && (size as number) > 0)
    return size as number;
  throw unexpected("one size of at least 1", given, inside(layer, name));
}

/** A separate activation: it is merged into a Linear before it, or becomes a layer. */
function readActivation(
  layer: Place,
  size: number,
  previous: Part | undefined,
): Part[] {
  const shape = lastOf(layer, "shape");
  if (shape !== size) {
    const place = inside(layer, "shape");
    throw new FormatError(
      `${place}: expected ${size}, the features of the previous layer, got ${shape}`,
    );
  }
  if (previous?.type === "Linear" && previous.activation === "linear") {
    previous.activation = readActivationName(layer);
    return [];
  }
  return [activationPart(layer, readActivationName(layer), size)];
}

function activationPart(
  { at }: Place,
  activation: ActivationName,
  size: number,
): Part {
  return {
    type: "Activation",
    dict: {},
    activation,
    outputSize: size,
    described: {
      name: at,
      type: "activation",
      sizes: { inputSize: size, outputSize: size },
      convention: "element by element",
    },
  };
}

/** The normalisation, and an Activation after it if the file names one. */
function batchNorm(layer: Place, size: number): Part[] {
  const { dict, epsilon } = batchNormWeights(layer, size);
  const after = readActivationName(layer);
  const part: Part = {
    type: "BatchNorm",
    dict,
    activation: "linear",
    outputSize: size,
    epsilon,
    described: {
      name: layer.at,
      type: "batchnorm",
      sizes: { size },
      convention: `Keras: gamma, beta, mean, variance, epsilon ${epsilon}`,
    },
  };
  return after === "linear"
    ? [part]
    : [part, activationPart(layer, after, size)];
}

/** Two Linears; the second has the activation that the file may name. */
function prelu(layer: Place, size: number, budget: Budget): Part[] {
  const after = readActivationName(layer);
  const stages = preluStages(layer, size, budget);
  return stages.map(({ dict, activation }, i): Part => {
    const { shape } = dict["weight"] as Tensor;
    const [outputSize, inputSize] = shape as [number, number];
    const last = i === stages.length - 1;
    return {
      type: "Linear",
      dict,
      activation: last ? after : activation,
      outputSize,
      described: {
        name: layer.at,
        type: "prelu",
        sizes: { inputSize, outputSize },
        convention: "feature by feature, as a Linear",
      },
    };
  });
}

function linear(
  layer: Place,
  type: string,
  inputSize: number,
  outputSize: number,
  dict: StateDict,
): Part {
  const activation = readActivationName(layer);
  const how = `Keras: kernel [in, out], ${"bias" in dict ? "bias" : "no bias"}`;
  return {
    type: "Linear",
    dict,
    activation,
    outputSize,
    described: {
      name: layer.at,
      type,
      sizes: { inputSize, outputSize },
      convention: `${how}${activation === "linear" ? "" : `, ${activation}`}`,
    },
  };
}

function readActivationName(layer: Place): ActivationName {
  const name = field(layer, "activation") ?? "";
  const known = typeof name === "string" ? ACTIVATIONS.get(name) : undefined;
  if (known !== undefined) return known;
  const names = [...ACTIVATIONS.keys()].filter((word) => word !== "");
  const expected = `one of ${names.join(", ")}`;
  throw unexpected(expected, name, inside(layer, "activation"));
}

/**
 * RTNeural always computes tanh and sigmoid, and AIDA-X's files do not name an activation. A file that names another
 * one is refused: RTNeural would compute its model wrongly.
 */
export function checkRecurrentActivation(layer: Place): void {
  const name = field(layer, "activation") ?? "";
  if (name === "" || name === "tanh") return;
  const expected = "tanh, which is what RTNeural computes";
  throw unexpected(expected, name, inside(layer, "activation"));
}

/** A size: the last entry of a shape such as `[null, null, 8]`. Two-dimensional convolutions, of four entries, are refused. */
function lastOf(place: Place, name: string): number {
  const at = inside(place, name);
  const shape = asList(field(place, name), at);
  const size = shape.at(-1);
  const plain = shape.length <= 3 && Number.isSafeInteger(size);
  if (plain && (size as number) > 0) return size as number;
  const got = shape.length < 8 ? shapeText(shape) : `${shape.length} entries`;
  throw new FormatError(`${at}: expected [batch, time, features], got ${got}`);
}
