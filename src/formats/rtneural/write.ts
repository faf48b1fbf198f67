/*
 * Writes RTNeural's JSON, as its Python scripts write it from Keras; keras.ts describes the layouts.
 */
import { message, wrong } from "../../checks.js";
import type {
  Activation,
  BatchNorm,
  Conv1d,
  GRU,
  Layer,
  Linear,
  LSTM,
  Sequential,
} from "../../index.js";
import { gateOrder, RECURRENT_KINDS } from "../../layers/cells.js";
import type { StateDict } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import { encodeUtf8 } from "../../utf8.js";
import { shortNumber } from "../json.js";

interface WrittenLayer {
  readonly type: string;
  readonly activation: string;
  readonly shape: readonly [null, null, number];
  readonly weights: readonly unknown[];
  /** Of a convolution: its size and dilation in lists, as Keras has them. */
  readonly kernel_size?: readonly [number];
  readonly dilation?: readonly [number];
  readonly groups?: number;
  /** Of a batch normalisation. */
  readonly epsilon?: number;
}

/** RTNeural's names of the activations. */
const ACTIVATIONS: ReadonlyMap<unknown, string> = new Map([
  ["linear", ""],
  ["tanh", "tanh"],
  ["relu", "relu"],
  ["sigmoid", "sigmoid"],
  ["softmax", "softmax"],
  ["elu", "elu"],
]);

/** By the type of a layer, how it is written. */
const WRITERS: Readonly<
  Record<string, (layer: Layer, name: string) => WrittenLayer[]>
> = {
  LSTM: (layer, name) => recurrent(layer as LSTM, name),
  GRU: (layer, name) => recurrent(layer as GRU, name),
  Linear: (layer, name) => [dense(layer as Linear, name)],
  Conv1d: (layer, name) => [convolution(layer as Conv1d, name)],
  BatchNorm: (layer) => [batchNorm(layer as BatchNorm)],
  Activation: (layer, name) => [activation(layer as Activation, name)],
};

/**
 * The JSON that RTNeural reads. The model may have forward LSTMs and GRUs, Linears, causal convolutions of stride 1,
 * batch normalisation and activations. A model with skip 1 gets AIDA-X's in_skip.
 *
 * @throws TypeError, RangeError naming the part of the model that RTNeural does not have, or a weight that is not finite
 */
export function toRTNeural(model: Sequential): Uint8Array {
  const layers: unknown = (model as Sequential | null | undefined)?.layers;
  if (!Array.isArray(layers))
    throw wrong(false, "model", "a Sequential", model);
  if (model.skip > 1)
    throw new RangeError(message("model.skip", "0 or 1", `${model.skip}`));
  const written = (layers as Sequential["layers"]).flatMap((layer, index) => {
    const name = `layers[${index}]`;
    const write = WRITERS[layer.type];
    if (write) return write(layer, name);
    throw new RangeError(
      message(
        name,
        `one of RTNeural's layers, ${Object.keys(WRITERS).join(", ")}`,
        layer.type,
      ),
    );
  });
  const file = {
    in_shape: [null, null, model.inputSize],
    ...(model.skip && { in_skip: model.skip }),
    layers: written,
  };
  const short = (_: string, value: unknown) =>
    typeof value === "number" ? shortNumber(value) : value;
  return encodeUtf8(JSON.stringify(file, short));
}

/** @param given a name, or a name with parameters, which RTNeural does not have */
function activationName(given: unknown, name: string): string {
  const known = ACTIVATIONS.get(given);
  if (known !== undefined) return known;
  throw new RangeError(
    message(
      `${name}.activation`,
      [...ACTIVATIONS.keys()].join(", "),
      JSON.stringify(given),
    ),
  );
}

function activation(layer: Activation, name: string): WrittenLayer {
  return {
    type: "activation",
    activation: activationName(layer.options.activation, name),
    shape: [null, null, layer.outputSize],
    weights: [],
  };
}

function batchNorm(layer: BatchNorm): WrittenLayer {
  const dict = layer.stateDict();
  const order = ["weight", "bias", "running_mean", "running_var"];
  return {
    type: "batchnorm",
    activation: "",
    shape: [null, null, layer.outputSize],
    weights: order.map((key) => [...(dict[key] as Tensor).data]),
    epsilon: layer.options.epsilon,
  };
}

/** PyTorch's [O, I / groups, K] → Keras's [K, I / groups, O]. */
function convolution(layer: Conv1d, name: string): WrittenLayer {
  const { options, outputSize } = layer;
  const { kernelSize, dilation, groups, stride, padding } = options;
  const refuse = (option: string, expected: string, got: unknown) => {
    throw new RangeError(message(`${name}.${option}`, expected, String(got)));
  };
  if (padding !== "causal") refuse("padding", "causal", padding);
  if (stride !== 1) refuse("stride", "1", stride);
  const { weight, bias } = layer.stateDict() as Record<string, Tensor>;
  const [, inputs = 0] = (weight as Tensor).shape;
  const { data } = weight as Tensor;
  const list = <T>(length: number, of: (at: number) => T) =>
    Array.from({ length }, (_, at) => of(at));
  return {
    type: "conv1d",
    activation: activationName(options.activation, name),
    shape: [null, null, outputSize],
    weights: [
      list(kernelSize, (k) =>
        list(inputs, (i) =>
          list(outputSize, (o) => data[(o * inputs + i) * kernelSize + k]),
        ),
      ),
      [...(bias?.data ?? new Float32Array(outputSize))],
    ],
    kernel_size: [kernelSize],
    dilation: [dilation],
    groups,
  };
}

function dense(layer: Linear, name: string): WrittenLayer {
  const { activation, outputSize } = layer.options;
  const { weight, bias } = layer.stateDict();
  const zeros = new Float32Array(outputSize);
  return {
    type: "dense",
    activation: activationName(activation, name),
    shape: [null, null, outputSize],
    weights: [kernel(weight as Tensor, [0]), [...(bias?.data ?? zeros)]],
  };
}

function recurrent(layer: LSTM | GRU, name: string): WrittenLayer[] {
  const { options } = layer;
  const refuse = (option: string, expected: string, got: unknown) => {
    throw new RangeError(message(`${name}.${option}`, expected, String(got)));
  };
  if (options.direction !== "forward")
    refuse("direction", "forward", options.direction);
  if (!options.returnSequences) refuse("returnSequences", "true", false);
  if (options.learnedState)
    refuse("learnedState", "false, as RTNeural starts from zeros", true);
  if (options.clip !== Infinity) refuse("clip", "none", options.clip);
  if (options.activations.length)
    refuse("activations", "standard ones", JSON.stringify(options.activations));
  const lstm = layer.type === "LSTM";
  if (lstm) {
    const own = (layer as LSTM).options;
    if (own.projSize) refuse("projSize", "0", own.projSize);
    if (own.peepholes) refuse("peepholes", "false", true);
    if (own.coupledGates) refuse("coupledGates", "false", true);
    if (own.cellClip !== Infinity) refuse("cellClip", "none", own.cellClip);
  } else {
    const own = (layer as GRU).options;
    if (!own.resetAfter) refuse("resetAfter", "true", false);
    if (own.updateGate !== "keep") refuse("updateGate", "keep", own.updateGate);
  }
  const order = gateOrder(RECURRENT_KINDS[lstm ? "LSTM" : "GRU"], "keras");
  const dict = layer.stateDict();
  return Array.from({ length: options.numLayers }, (_, k) => ({
    type: lstm ? "lstm" : "gru",
    activation: "tanh",
    shape: [null, null, options.hiddenSize] as const,
    weights: weightsOf(dict, k, order, options.hiddenSize),
  }));
}

/** @param order for each of PyTorch's gates, the index of Keras's */
function weightsOf(
  dict: StateDict,
  k: number,
  order: readonly number[],
  hiddenSize: number,
): unknown[] {
  const rows = order.length * hiddenSize;
  const bias = (name: string) =>
    kerasOrder(dict[`${name}_l${k}`]?.data ?? new Float32Array(rows), order);
  const [b, c] = [bias("bias_ih"), bias("bias_hh")];
  const both =
    order.length === 4
      ? Array.from(b, (value, i) => value + (c[i] as number))
      : [[...b], [...c]];
  return [
    kernel(dict[`weight_ih_l${k}`] as Tensor, order),
    kernel(dict[`weight_hh_l${k}`] as Tensor, order),
    both,
  ];
}

/** PyTorch's gates, equally long blocks of numbers, in Keras's order. */
function kerasOrder(
  data: Float32Array,
  order: readonly number[],
): Float32Array {
  const block = data.length / order.length;
  const moved = new Float32Array(data.length);
  order.forEach((kerasGate, gate) =>
    moved.set(
      data.subarray(gate * block, (gate + 1) * block),
      kerasGate * block,
    ),
  );
  return moved;
}

/** PyTorch's [G·H, I] → Keras's [I, G·H]. */
function kernel({ shape, data }: Tensor, order: readonly number[]): number[][] {
  const [rows, columns] = shape as [number, number];
  const moved = kerasOrder(data, order);
  return Array.from({ length: columns }, (_, column) =>
    Array.from(
      { length: rows },
      (__, row) => moved[row * columns + column] as number,
    ),
  );
}
