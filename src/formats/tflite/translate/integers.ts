/*
 * Operators on quantised tensors, exactly as in TensorFlow Lite: products of integers run on the kernel, since float32 is
 * exact up to 2^24, and are rounded once, in integers (graph/operations/requantize.ts).
 */
import { dtypeOf } from "../constants.js";
import type { Quantization, Tensor } from "../model.js";
import type { FusedActivation } from "../schema.js";
import type { Call, Translate } from "./call.js";
import { attributesOf, windowOf } from "./convolution.js";
import { factorOf } from "./factor.js";
import { shapedLike } from "./products.js";

/** Translates an operator into integer nodes; returns false if it must be computed in floats. */
export type TranslateExactly = (call: Call) => boolean;

/** Sums below it are exact in float32, in any order. */
const EXACT = 2 ** 24;

const scaleOf = ({ quantization }: Tensor): Quantization =>
  quantization as Quantization;

/** Whether the tensor has one scale and a type that is computed in integers. */
const isPlain = (call: Call, tensor: Tensor): boolean =>
  call.scope.isQuantized(tensor) &&
  tensor.type !== "INT16" &&
  scaleOf(tensor).scales.length === 1;

/** The integers minus their zero point, as floats. */
function centred(call: Call, input: number): string {
  const tensor = call.tensor(input);
  const dtype = dtypeOf(tensor.type) as "int8";
  const one = call.scalar(1);
  const zero = call.builder.constant({
    dtype,
    shape: [],
    data: Float64Array.of(scaleOf(tensor).zeros[0] as number),
  });
  return call.emit("DequantizeLinear", [call.stored(input), one, zero]);
}

/** The range of the output: that of its type, limited by the activation. */
function rangeOf(target: Tensor, activation: FusedActivation) {
  const { scales, zeros } = scaleOf(target);
  const [scale, zero] = [scales[0] as number, zeros[0] as number];
  const [low, top] = target.type === "UINT8" ? [0, 255] : [-128, 127];
  const at = (value: number) => zero + roundAway(Math.fround(value / scale));
  const least = { NONE: low, RELU: at(0), RELU6: at(0), RELU_N1_TO_1: at(-1) };
  const most = { NONE: top, RELU: top, RELU6: at(6), RELU_N1_TO_1: at(1) };
  const name = activation as keyof typeof least;
  return {
    zero_point: zero,
    least: Math.max(low, least[name] ?? low),
    most: Math.min(top, most[name] ?? top),
    to: dtypeOf(target.type) as string,
  };
}

const roundAway = (x: number): number => Math.sign(x) * Math.round(Math.abs(x));

/** Rounds sums to integers of the output's scale. */
function requantized(
  call: Call,
  sums: readonly string[],
  reals: readonly number[],
  more: { bias?: readonly number[] | null; axis?: number } = {},
  activation: FusedActivation = "NONE",
): string {
  const factors = reals.map(factorOf);
  return call.emit("Requantize", sums, {
    multipliers: factors.map(({ multiplier }) => multiplier),
    shifts: factors.map(({ shift }) => shift),
    ...(more.bias && { bias: more.bias }),
    ...(more.axis !== undefined && { axis: more.axis }),
    ...rangeOf(call.target(), activation),
  });
}

interface Weights {
  /** The integers minus their zero point, [outputs, ..]. */
  readonly data: Float32Array;
  readonly shape: readonly number[];
  readonly bias: readonly number[] | null;
  /** Factors of the sums: one, or one per output. */
  readonly reals: readonly number[];
}

/**
 * The weights and bias of a product. TensorFlow Lite multiplies the scales of a dense layer in float32, those of a
 * convolution in float64.
 */
function weightsOf(
  call: Call,
  x: number,
  filter: number,
  biasAt: number,
  outputAxis: number,
): Weights | null {
  const [input, weight, target] = [
    call.tensor(x),
    call.tensor(filter),
    call.target(),
  ];
  if (!isPlain(call, input) || !isPlain(call, target)) return null;
  const stored = call.knownStored(filter);
  const { quantization, shape } = weight;
  if (!stored || !quantization) return null;
  const { scales, zeros, axis } = quantization;
  if (scales.length > 1 && axis !== outputAxis) return null;
  const bias = call.has(biasAt) ? call.knownStored(biasAt) : null;
  if (call.has(biasAt) && (!bias || bias.dtype !== "int32")) return null;
  const [from, to] = [input, target].map((t) => scaleOf(t).scales[0]) as [
    number,
    number,
  ];
  const single =
    call.operator.name === "FULLY_CONNECTED" || weight.type === "UINT8";
  const reals = scales.map((scale) =>
    single ? Math.fround(from * scale) / to : (from * scale) / to,
  );
  const zero = zeros[0] as number;
  return {
    data: Float32Array.from(stored.data, (n) => n - zero),
    shape,
    bias: bias ? Array.from(bias.data) : null,
    reals,
  };
}

/** The largest |x - zero point| of a tensor. */
function reach({ quantization, type }: Tensor): number {
  const zero = quantization?.zeros[0] ?? 0;
  const [low, top] = type === "UINT8" ? [0, 255] : [-128, 127];
  return Math.max(Math.abs(low - zero), Math.abs(top - zero));
}

const fullyConnected: TranslateExactly = (call) => {
  const weights = weightsOf(call, 0, 1, 2, 0);
  if (!weights || call.options.byte("weights_format")) return false;
  const [outputs = 0, inputs = 0] = weights.shape;
  // blocks of columns whose sums are exact
  const block = Math.max(1, Math.floor(EXACT / (255 * reach(call.tensor(0)))));
  const x = call.emit("Reshape", [centred(call, 0)], { shape: [-1, inputs] });
  const sums: string[] = [];
  for (let start = 0; start < inputs; start += block) {
    const width = Math.min(block, inputs - start);
    const data = new Float32Array(outputs * width);
    for (let row = 0; row < outputs; row++)
      data.set(
        weights.data.subarray(
          row * inputs + start,
          row * inputs + start + width,
        ),
        row * width,
      );
    const part =
      width === inputs
        ? x
        : call.emit("Slice", [x], {
            starts: [start],
            ends: [start + width],
            axes: [1],
          });
    const matrix = call.builder.constant({
      dtype: "float32",
      shape: [outputs, width],
      data,
    });
    sums.push(call.emit("Gemm", [part, matrix], { transB: 1 }));
  }
  const { bias, reals } = weights;
  const y = requantized(call, sums, reals, { bias, axis: 1 }, call.fused);
  call.giveStored(shapedLike(call, y, outputs));
  return true;
};

/** Whether all sums over the window are exact in float32. */
function isExact(
  { data }: Weights,
  outputs: number,
  most: number,
  last: boolean,
): boolean {
  const each = data.length / outputs;
  for (let o = 0; o < outputs; o++) {
    let sum = 0;
    for (let k = 0; k < each; k++)
      sum += Math.abs(data[last ? k * outputs + o : o * each + k] as number);
    if (sum * most >= EXACT) return false;
  }
  return true;
}

const convolved =
  (isDepthwise: boolean): TranslateExactly =>
  (call) => {
    const weights = weightsOf(call, 0, 1, 2, isDepthwise ? 3 : 0);
    if (!weights) return false;
    const { shape, data, bias, reals } = weights;
    const [first = 0, height = 0, width = 0, last = 0] = shape;
    const outputs = isDepthwise ? last : first;
    if (!isExact(weights, outputs, reach(call.tensor(0)), isDepthwise))
      return false;
    const channels = call.tensor(0).shape.at(-1) ?? 0;
    const group = isDepthwise
      ? channels
      : Math.max(1, Math.round(channels / Math.max(1, last)));
    const filter = call.builder.constant({ dtype: "float32", shape, data });
    const W = call.emit("Transpose", [filter], {
      perm: isDepthwise ? [3, 0, 1, 2] : [0, 3, 1, 2],
    });
    const x = call.emit("Transpose", [centred(call, 0)], {
      perm: [0, 3, 1, 2],
    });
    const sums = call.emit("Conv", [x, W], {
      ...attributesOf(windowOf(call, [height, width])),
      ...(group > 1 && { group }),
    });
    const y = requantized(call, [sums], reals, { bias, axis: 1 }, call.fused);
    call.giveStored(call.emit("Transpose", [y], { perm: [0, 2, 3, 1] }));
    return true;
  };

/** The additional bits for sums of two scales. */
const LEFT_SHIFT = 20;

/** Both inputs are rescaled to twice the larger of their scales, with 20 additional bits. */
const added =
  (sign: 1 | -1): TranslateExactly =>
  (call) => {
    const [a, b, target] = [call.tensor(0), call.tensor(1), call.target()];
    if (![a, b, target].every((tensor) => isPlain(call, tensor))) return false;
    const [sa, sb, so] = [a, b, target].map((t) => scaleOf(t).scales[0]) as [
      number,
      number,
      number,
    ];
    const twice = 2 * Math.max(sa, sb);
    const part = (input: number, scale: number) => {
      const { multiplier, shift } = factorOf(scale / twice);
      const fine = call.emit("Mul", [
        centred(call, input),
        call.scalar(2 ** LEFT_SHIFT),
      ]);
      return call.emit("Requantize", [fine], {
        multipliers: [multiplier],
        shifts: [shift],
        to: "int32",
      });
    };
    const sum = call.emit(sign > 0 ? "Add" : "Sub", [part(0, sa), part(1, sb)]);
    const real = twice / Math.fround(2 ** LEFT_SHIFT * so);
    call.giveStored(requantized(call, [sum], [real], {}, call.fused));
    return true;
  };

const multiplied: TranslateExactly = (call) => {
  const tensors = [call.tensor(0), call.tensor(1), call.target()];
  if (!tensors.every((tensor) => isPlain(call, tensor))) return false;
  const [a, b, o] = tensors.map((t) => scaleOf(t).scales[0]) as [
    number,
    number,
    number,
  ];
  const product = call.emit("Mul", [centred(call, 0), centred(call, 1)]);
  const real = Math.fround(Math.fround(a * b) / o);
  call.giveStored(requantized(call, [product], [real], {}, call.fused));
  return true;
};

/** Rescales, and limits to the range of an activation. */
const rescaled =
  (activation: FusedActivation): TranslateExactly =>
  (call) => {
    const [x, target] = [call.tensor(0), call.target()];
    if (!isPlain(call, x) || !isPlain(call, target)) return false;
    const [from, to] = [x, target].map((t) => scaleOf(t).scales[0]) as [
      number,
      number,
    ];
    call.giveStored(
      requantized(call, [centred(call, 0)], [from / to], {}, activation),
    );
    return true;
  };

/** A function of 8-bit integers, as a table of 256 values. */
const looked =
  (f: (x: number) => number): TranslateExactly =>
  (call) => {
    const [x, target] = [call.tensor(0), call.target()];
    if (!isPlain(call, x) || !isPlain(call, target) || x.type !== target.type)
      return false;
    const [from, to] = [scaleOf(x), scaleOf(target)];
    const low = x.type === "UINT8" ? 0 : -128;
    const inverse = Math.fround(1 / (to.scales[0] as number));
    const dtype = dtypeOf(x.type) as "int8";
    const data = Float64Array.from({ length: 256 }, (_, i) => {
      const real = Math.fround(
        (from.scales[0] as number) * (i + low - (from.zeros[0] as number)),
      );
      const whole = roundAway(Math.fround(Math.fround(f(real)) * inverse));
      return Math.min(
        Math.max(whole + (to.zeros[0] as number), low),
        low + 255,
      );
    });
    const table = call.builder.constant({ dtype, shape: [256], data });
    const wide = call.emit("Cast", [call.stored(0)], { to: "int32" });
    const least = call.builder.constant({
      dtype: "int32",
      shape: [],
      data: Float64Array.of(-low),
    });
    call.giveStored(
      call.emit("Gather", [table, call.emit("Add", [wide, least])]),
    );
    return true;
  };

const EXACTLY: Readonly<Record<string, TranslateExactly>> = {
  FULLY_CONNECTED: fullyConnected,
  CONV_2D: convolved(false),
  DEPTHWISE_CONV_2D: convolved(true),
  ADD: added(1),
  SUB: added(-1),
  MUL: multiplied,
  QUANTIZE: rescaled("NONE"),
  RELU: rescaled("RELU"),
  RELU6: rescaled("RELU6"),
  LOGISTIC: looked((x) => 1 / (1 + Math.exp(-x))),
  TANH: looked(Math.tanh),
};

/** Translates into integer nodes if possible; otherwise into floats, which are rounded to integers at the end. */
export function exactly(name: string, inFloats: Translate): Translate {
  const inIntegers = EXACTLY[name];
  return (call) => {
    const isQuantized =
      call.outputCount > 0 && call.scope.isQuantized(call.target());
    if (!isQuantized || !inIntegers?.(call)) inFloats(call);
  };
}
