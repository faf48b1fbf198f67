/*
 * Elementwise operators, with NumPy's broadcasting.
 */
import { dtypeOf } from "../constants.js";
import { TYPES } from "../schema.js";
import type { Call, Translate } from "./call.js";

/** f of each number. */
const unary =
  (type: string, attributes: Record<string, number | string> = {}): Translate =>
  (call) =>
    call.give(call.emit(type, [call.real()], attributes));

const binary =
  (type: string, attributes: Record<string, number> = {}): Translate =>
  (call) => {
    const result = call.emit(type, [call.real(0), call.real(1)], attributes);
    call.give(result);
  };

/** With a fused activation. */
const arithmetic =
  (type: string): Translate =>
  (call) =>
    call.give(call.activated(call.emit(type, [call.real(0), call.real(1)])));

const notEqual: Translate = (call) => {
  const equal = call.emit("Equal", [call.real(0), call.real(1)]);
  call.give(call.emit("Not", [equal]));
};

const rsqrt: Translate = (call) =>
  call.give(call.emit("Reciprocal", [call.emit("Sqrt", [call.real()])]));

const square: Translate = (call) => {
  const x = call.real();
  call.give(call.emit("Mul", [x, x]));
};

const squaredDifference: Translate = (call) => {
  const difference = call.emit("Sub", [call.real(0), call.real(1)]);
  call.give(call.emit("Mul", [difference, difference]));
};

/** The floor of the quotient. For integers it uses the remainder, as their division truncates. */
const floorDiv: Translate = (call) => {
  const [a, b] = [call.real(0), call.real(1)];
  if (call.tensor(0).type === "FLOAT32")
    return call.give(call.emit("Floor", [call.emit("Div", [a, b])]));
  const rest = call.emit("Mod", [a, b]);
  call.give(call.emit("Div", [call.emit("Sub", [a, rest]), b]));
};

const addN: Translate = (call) => {
  const all = Array.from({ length: call.inputCount }, (_, i) => call.real(i));
  call.give(call.emit("Sum", all));
};

const cast: Translate = (call) => {
  const { type, place } = call.target();
  const to = dtypeOf(type);
  if (!to)
    throw call.refuse(`expected a type of numbers, got ${type} for ${place}`);
  call.give(call.emit("Cast", [call.real()], { to }));
};

/** The integer type that an option names; int32 for others. */
export function integerType(call: Call, option: string): "int32" | "int64" {
  const type = TYPES[call.options.byte(option)];
  return type === "INT64" ? "int64" : "int32";
}

const select: Translate = (call) => {
  const condition = call.real(0);
  const { shape } = call.tensor(0);
  const rank = call.tensor(1).shape.length;
  // the condition of the older operator may be one per row
  const wide =
    call.operator.name === "SELECT" && shape.length === 1 && rank > 1
      ? call.emit("Unsqueeze", [condition], {
          axes: Array.from({ length: rank - 1 }, (_, i) => i + 1),
        })
      : condition;
  call.give(call.emit("Where", [wide, call.real(1), call.real(2)]));
};

const leakyRelu: Translate = (call) =>
  call.give(
    call.emit("LeakyRelu", [call.real()], {
      alpha: call.options.float("alpha"),
    }),
  );

const gelu: Translate = (call) =>
  call.give(
    call.emit("Gelu", [call.real()], {
      approximate: call.options.bool("approximate") ? "tanh" : "none",
    }),
  );

/** The same numbers. */
export const identity: Translate = (call) => call.give(call.real());

/** Rounds floats to the values that the quantised type can represent. */
const fakeQuant: Translate = (call) => {
  const { options } = call;
  const bits = options.int("num_bits") || 8;
  const least = options.bool("narrow_range") ? 1 : 0;
  const most = 2 ** bits - 1;
  const [min, max] = [options.float("min"), options.float("max")];
  if (!(max > min))
    throw call.refuse(`expected max above min, got ${min} and ${max}`);
  const scale = (max - min) / (most - least);
  const zero = Math.min(Math.max(Math.round(least - min / scale), least), most);
  const [low, high] = [(least - zero) * scale, (most - zero) * scale];
  const clipped = call.emit("Clip", [call.real()], { min: low, max: high });
  const steps = call.emit("Div", [
    call.emit("Sub", [clipped, call.scalar(low)]),
    call.scalar(scale),
  ]);
  const whole = call.emit("Floor", [
    call.emit("Add", [steps, call.scalar(0.5)]),
  ]);
  call.give(
    call.emit("Add", [
      call.emit("Mul", [whole, call.scalar(scale)]),
      call.scalar(low),
    ]),
  );
};

export const elementwise: Readonly<Record<string, Translate>> = {
  ADD: arithmetic("Add"),
  SUB: arithmetic("Sub"),
  MUL: arithmetic("Mul"),
  DIV: arithmetic("Div"),
  MAXIMUM: binary("Max"),
  MINIMUM: binary("Min"),
  POW: binary("Pow"),
  FLOOR_DIV: floorDiv,
  FLOOR_MOD: binary("Mod"),
  SQUARED_DIFFERENCE: squaredDifference,
  ADD_N: addN,
  PRELU: binary("PRelu"),
  LESS: binary("Less"),
  LESS_EQUAL: binary("LessOrEqual"),
  GREATER: binary("Greater"),
  GREATER_EQUAL: binary("GreaterOrEqual"),
  EQUAL: binary("Equal"),
  NOT_EQUAL: notEqual,
  LOGICAL_AND: binary("And"),
  LOGICAL_OR: binary("Or"),
  LOGICAL_NOT: unary("Not"),
  SELECT: select,
  SELECT_V2: select,
  ABS: unary("Abs"),
  NEG: unary("Neg"),
  SQUARE: square,
  SQRT: unary("Sqrt"),
  RSQRT: rsqrt,
  EXP: unary("Exp"),
  LOG: unary("Log"),
  SIN: unary("Sin"),
  COS: unary("Cos"),
  FLOOR: unary("Floor"),
  CEIL: unary("Ceil"),
  ROUND: unary("Round"),
  SIGN: unary("Sign"),
  LOGISTIC: unary("Sigmoid"),
  TANH: unary("Tanh"),
  RELU: unary("Relu"),
  RELU6: unary("Clip", { min: 0, max: 6 }),
  RELU_N1_TO_1: unary("Clip", { min: -1, max: 1 }),
  RELU_0_TO_1: unary("Clip", { min: 0, max: 1 }),
  ELU: unary("Elu"),
  HARD_SWISH: unary("HardSwish"),
  LEAKY_RELU: leakyRelu,
  GELU: gelu,
  CAST: cast,
  FAKE_QUANT: fakeQuant,
  QUANTIZE: identity,
};
