/*
 * Activations as nodes: those of gatewise's layers, and some that only Keras has.
 */
import { isRecord } from "../../../checks.js";
import { field, inside, type Place, valueText } from "../../json.js";
import {
  type Activation,
  hasOwnActivation,
  isActivationLayer,
  layerActivation,
  readActivation,
} from "../activations.js";
import { type LayerConfig, number, placeOf } from "../config.js";
import type { Producer } from "../producer.js";
import { checkShape, ITSELF } from "../weights.js";
import { axisIn, type Emitter, featuresOf, type Flow } from "./flow.js";
import { only, placed } from "./only.js";
import type { Prepare } from "./translation.js";

type Emit = (x: Flow, emit: Emitter) => Flow;

const times =
  (f: Emit): Emit =>
  (x, emit) =>
    emit.binary("Mul", x, f(x, emit));
const sixth: Emit = (x, emit) =>
  emit.unary("HardSigmoid", x, { alpha: 1 / 6, beta: 0.5 });

/** By Keras's names, the activations that gatewise's layers do not have. */
const MORE: ReadonlyMap<string, Emit> = new Map<string, Emit>([
  ["gelu", (x, emit) => emit.unary("Gelu", x)],
  ["relu6", (x, emit) => clipped(x, 0, 6, emit)],
  ["hard_silu", times(sixth)],
  ["hard_swish", times(sixth)],
  ["mish", times((x, emit) => emit.unary("Tanh", emit.unary("Softplus", x)))],
  ["log_softmax", (x, emit) => emit.unary("LogSoftmax", x, { axis: -1 })],
]);

export function clipped(
  x: Flow,
  least: number,
  most: number,
  emit: Emitter,
): Flow {
  const limits = [least, most].map((n) => emit.scalar(n));
  return emit.node("Clip", [x, ...limits], {}, x.sizes);
}

/** An activation of gatewise's layers as nodes. */
const OWN: Readonly<
  Record<string, (x: Flow, alpha: number, beta: number, emit: Emitter) => Flow>
> = {
  linear: (x) => x,
  relu: (x, _, __, emit) => emit.unary("Relu", x),
  tanh: (x, _, __, emit) => emit.unary("Tanh", x),
  sigmoid: (x, _, __, emit) => emit.unary("Sigmoid", x),
  softmax: (x, _, __, emit) => emit.unary("Softmax", x, { axis: -1 }),
  softsign: (x, _, __, emit) => emit.unary("Softsign", x),
  softplus: (x, _, __, emit) => emit.unary("Softplus", x),
  selu: (x, _, __, emit) => emit.unary("Selu", x),
  exponential: (x, _, __, emit) => emit.unary("Exp", x),
  silu: (x, _, __, emit) => emit.binary("Mul", x, emit.unary("Sigmoid", x)),
  elu: (x, alpha, _, emit) => emit.unary("Elu", x, { alpha }),
  leakyRelu: (x, alpha, _, emit) => emit.unary("LeakyRelu", x, { alpha }),
  thresholdedRelu: (x, alpha, _, emit) =>
    emit.unary("ThresholdedRelu", x, { alpha }),
  hardSigmoid: (x, alpha, beta, emit) =>
    emit.unary("HardSigmoid", x, { alpha, beta }),
};

function applied(activation: Activation, x: Flow, emit: Emitter): Flow {
  const {
    name,
    alpha = 0,
    beta = 0,
  } = typeof activation === "string" ? { name: activation } : activation;
  return (OWN[name] as (typeof OWN)["elu"])(x, alpha, beta, emit);
}

/** The activation that a field names. */
export function namedActivation(
  config: Place,
  fieldName: string,
  producer: Producer,
): Emit {
  const value = field(config, fieldName);
  const name = isRecord(value)
    ? field({ at: inside(config, fieldName), fields: value }, "config")
    : value;
  const more = typeof name === "string" ? MORE.get(name) : undefined;
  if (more) return more;
  const activation = readActivation(config, fieldName, producer);
  return (x, emit) => applied(activation, x, emit);
}

/** Layers that are an activation, including those with weights or limits. */
export const activation: Prepare = (layer, weights, { producer }) => {
  const { className, config } = layer;
  if (className === "Softmax") return softmax(layer);
  if (className === "PReLU") return prelu(layer, weights);
  const emitOne =
    className === "Activation" && !hasOwnActivation(config)
      ? namedActivation(config, "activation", producer)
      : isActivationLayer(className, config)
        ? own(layer, producer)
        : limitedRelu(config);
  return (given, { emit }) => {
    const x = only(layer, given);
    return [emitOne(x, emit).with(x.mask)];
  };
};

function own({ className, config }: LayerConfig, producer: Producer): Emit {
  const found = layerActivation(className, config, producer, 0);
  return (x, emit) => applied(found ?? "linear", x, emit);
}

/** ReLU with all its options: slope (x - threshold) below the threshold, x above, limited to max_value. */
function limitedRelu(config: Place): Emit {
  const slope = number(config, "negative_slope", number(config, "alpha", 0));
  const threshold = number(config, "threshold", 0);
  const most = number(config, "max_value", Infinity);
  return (x, emit) => {
    const limit = emit.scalar(threshold);
    const below = emit.binary("Less", x, limit, "bool");
    const shifted = emit.binary("Sub", x, limit);
    const low = emit.binary("Mul", shifted, emit.scalar(slope));
    const high =
      most === Infinity ? x : emit.binary("Min", x, emit.scalar(most));
    return emit.node("Where", [below, low, high], {}, x.sizes);
  };
}

const softmax = (layer: LayerConfig): ReturnType<Prepare> => {
  const given = field(layer.config, "axis") ?? -1;
  return (call, { emit }) => {
    const x = only(layer, call);
    const axis = axisIn(Array.isArray(given) ? given[0] : given, x.rank);
    const single = !Array.isArray(given) || given.length === 1;
    if (axis === null || !single)
      throw placed(
        layer,
        `expected one of the input's ${x.rank} axes, got ${valueText(given)}`,
      );
    return [emit.unary("Softmax", x, { axis }).with(x.mask)];
  };
};

/** alpha [.., features], with size 1 for shared axes. */
function prelu(
  layer: LayerConfig,
  weights: Parameters<Prepare>[1],
): ReturnType<Prepare> {
  const alpha = weights.take(ITSELF, "alpha", 0);
  checkShape(
    alpha,
    alpha.shape.map(() => null),
    "[.., features]",
  );
  return (given, { emit }) => {
    const x = only(layer, given);
    const size = featuresOf(x, placeOf(layer.className, layer.name));
    const own = alpha.shape.at(-1) === 1 ? 1 : size;
    checkShape(
      alpha,
      [...alpha.shape.slice(0, -1).map(() => null), own],
      "[.., features]",
    );
    const slope = emit.constant(alpha, alpha.shape);
    return [emit.node("PRelu", [x, slope], {}, x.sizes).with(x.mask)];
  };
}
