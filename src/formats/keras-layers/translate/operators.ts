/*
 * Functions among the layers: operators on tensors and keras.ops in Keras 3, and TensorFlow's functions in Keras 2
 * (TFOpLambda, SlicingOpLambda).
 */
import { field, valueText } from "../../json.js";
import type { LayerConfig } from "../config.js";
import { Call } from "./call.js";
import { type Flow, sizesText } from "./flow.js";
import { getItem } from "./get-item.js";
import { placed } from "./only.js";
import { reshapedTo } from "./shaping.js";
import { TENSORFLOW } from "./tensorflow.js";
import type { Prepare } from "./translation.js";

type Operator = (call: Call) => Flow;

const binary =
  (type: string, bool = false): Operator =>
  (call) => {
    const a = call.operand(0, "x1", "x", "a");
    const b = call.operand(1, "x2", "y", "b");
    const floats = [a, b].map((flow) =>
      flow.dtype === "float32" ? flow : call.emit.cast(flow, "float32"),
    ) as [Flow, Flow];
    return call.emit.binary(type, ...floats, bool ? "bool" : "float32");
  };

const negated =
  (operator: Operator): Operator =>
  (call) =>
    call.emit.not(operator(call));

const unary =
  (type: string, attributes = {}): Operator =>
  (call) =>
    call.emit.unary(type, call.tensor(), attributes);

const reduction =
  (type: string): Operator =>
  (call) => {
    const x = call.tensor();
    const floats = call.emit.cast(x, "float32");
    return call.emit.reduce(type, floats, call.axes(x, 1), call.keep);
  };

const any: Operator = (call) => {
  const { emit } = call;
  const count = reduction("ReduceSum")(call);
  return emit.not(emit.equal(count, emit.scalar(0)));
};

const logical =
  (how: "both" | "either"): Operator =>
  (call) =>
    call.emit[how](call.operand(0, "x1", "x"), call.operand(1, "x2", "y"));

const squeeze: Operator = (call) => {
  const x = call.tensor();
  const given = call.argument(1, "axis") ?? null;
  const axes =
    given === null
      ? x.sizes.flatMap((size, axis) => (size === 1 ? [axis] : []))
      : call.axes(x, 1);
  return [...axes]
    .sort((a, b) => b - a)
    .reduce((flow, axis) => call.emit.squeeze(flow, axis), x);
};

const transpose: Operator = (call) => {
  const x = call.tensor();
  const given = call.argument(1, "axes", "perm") ?? null;
  const perm = given === null ? [...x.sizes.keys()].reverse() : call.axes(x, 1);
  if (new Set(perm).size === x.rank) return call.emit.transpose(x, perm);
  throw call.error(`expected each axis once, got ${valueText(given)}`);
};

const reshape: Operator = (call) => {
  const x = call.tensor();
  const shape = call.argument(1, "newshape", "shape");
  if (
    !Array.isArray(shape) ||
    !shape.every((n) => n === null || Number.isSafeInteger(n))
  )
    throw call.error(`expected a shape of integers, got ${valueText(shape)}`);
  const [, ...rest] = (shape as (number | null)[]).map((n) => n ?? -1);
  const known = rest.filter((n) => n > 0).length === rest.length;
  // a batch of -1 is kept if the other sizes are known
  if (shape[0] === -1 || shape[0] === null || known)
    return reshapedTo(x, rest, call.emit, call.layer);
  throw call.error(
    `expected a shape that keeps the batch, got ${valueText(shape)}`,
  );
};

const concatenate: Operator = (call) => {
  const parts = call.tensors();
  const rank = parts[0]?.rank ?? 0;
  if (parts.some((part) => part.rank !== rank))
    throw call.error(
      `expected tensors of as many axes, got ${parts.map(({ sizes }) => sizesText(sizes)).join(" and ")}`,
    );
  return call.emit.concat(parts, call.axis(rank, 1, 0));
};

const stack: Operator = (call) => {
  const parts = call.tensors();
  const rank = parts[0]?.rank ?? 0;
  const axis = call.axis(rank + 1, 1, 0);
  return call.emit.concat(
    parts.map((part) => call.emit.unsqueeze(part, axis)),
    axis,
  );
};

const matmul: Operator = (call) => {
  const pair = [call.operand(0, "x1", "a"), call.operand(1, "x2", "b")];
  const [a, b] = pair.map((x, i) => {
    const turn = call.argument(-1, i ? "transpose_b" : "transpose_a") === true;
    const axes = [...x.sizes.keys()];
    const swapped = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
    return turn ? call.emit.transpose(x, swapped) : x;
  }) as [Flow, Flow];
  return call.emit.matmul(a, b);
};

const where: Operator = (call) => {
  const condition = call.operand(0, "condition");
  const [x, y] = [call.operand(1, "x1", "x"), call.operand(2, "x2", "y")];
  const sizes = call.emit.binary("Add", x, y).sizes;
  return call.emit.node("Where", [condition, x, y], {}, sizes);
};

const cast: Operator = (call) => {
  const dtype = String(call.argument(1, "dtype"));
  const to = /^float|^bfloat/.test(dtype)
    ? "float32"
    : dtype === "bool"
      ? "bool"
      : "int64";
  return call.emit.cast(call.tensor(), to);
};

/** By the names of Keras 3's classes. */
const KERAS: Readonly<Record<string, Operator>> = {
  Add: binary("Add"),
  Subtract: binary("Sub"),
  Multiply: binary("Mul"),
  Divide: binary("Div"),
  TrueDivide: binary("Div"),
  Power: binary("Pow"),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  Equal: binary("Equal", true),
  NotEqual: negated(binary("Equal", true)),
  Greater: binary("Greater", true),
  GreaterEqual: negated(binary("Less", true)),
  Less: binary("Less", true),
  LessEqual: negated(binary("Greater", true)),
  LogicalAnd: logical("both"),
  LogicalOr: logical("either"),
  LogicalNot: (call) => call.emit.not(call.tensor()),
  Negative: unary("Neg"),
  Absolute: unary("Abs"),
  Abs: unary("Abs"),
  Sqrt: unary("Sqrt"),
  Square: (call) => call.emit.binary("Mul", call.tensor(), call.tensor()),
  Exp: unary("Exp"),
  Log: unary("Log"),
  Tanh: unary("Tanh"),
  Sigmoid: unary("Sigmoid"),
  Relu: unary("Relu"),
  Softplus: unary("Softplus"),
  Softmax: (call) => {
    const x = call.tensor();
    return call.emit.unary("Softmax", x, { axis: call.axis(x.rank, 1, -1) });
  },
  Mean: reduction("ReduceMean"),
  Sum: reduction("ReduceSum"),
  Max: reduction("ReduceMax"),
  Min: reduction("ReduceMin"),
  Any: any,
  ExpandDims: (call) => {
    const x = call.tensor();
    return call.emit.unsqueeze(x, call.axis(x.rank + 1, 1, -1));
  },
  Squeeze: squeeze,
  Transpose: transpose,
  Reshape: reshape,
  Concatenate: concatenate,
  Stack: stack,
  Matmul: matmul,
  Where: where,
  Cast: cast,
  GetItem: getItem,
  Identity: (call) => call.tensor(),
};

/** Classes that wrap functions of TensorFlow, and GetItem, which Keras 3 lists among its layers. */
const LAMBDAS = ["TFOpLambda", "SlicingOpLambda"];

/** Whether a layer is a function, whose arguments may all be tensors. */
export const isLambda = ({ className }: LayerConfig): boolean =>
  LAMBDAS.includes(className) || className === "GetItem";

function operatorOf({ className, config }: LayerConfig): Operator | undefined {
  const name = LAMBDAS.includes(className)
    ? TENSORFLOW.get(String(field(config, "function")))
    : className;
  return name !== undefined && Object.hasOwn(KERAS, name)
    ? KERAS[name]
    : undefined;
}

/** Whether the function is known; with `operation`, as a layer of its own. */
export const isOperator = (layer: LayerConfig, operation: boolean): boolean =>
  (operation ||
    LAMBDAS.includes(layer.className) ||
    layer.className === "GetItem") &&
  operatorOf(layer) !== undefined;

export const operator: Prepare =
  (layer) =>
  (given, { emit }) => {
    const run = operatorOf(layer);
    if (!run)
      throw placed(
        layer,
        `expected a known function, got ${valueText(field(layer.config, "function"))}`,
      );
    return [run(new Call(layer, given, emit))];
  };
