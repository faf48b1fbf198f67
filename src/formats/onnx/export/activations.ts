/*
 * Writes activations as nodes, only using operations that src/formats/onnx reads as well.
 */
import type { GraphBuilder } from "./builder.js";

/** Adds the nodes of a function. alpha and beta are 0 if the function does not have them. */
type Add = (
  graph: GraphBuilder,
  x: string,
  alpha: number,
  beta: number,
) => string;

/** A function that is one node without attributes. */
const node =
  (type: string): Add =>
  (graph, x) =>
    graph.add(type, [x]);

const scaled = (graph: GraphBuilder, x: string, factor: number): string =>
  factor === 1 ? x : graph.add("Mul", [x, graph.number(factor)]);

const shifted = (graph: GraphBuilder, x: string, by: number): string =>
  by === 0 ? x : graph.add("Add", [x, graph.number(by)]);

const affine: Add = (graph, x, alpha, beta) =>
  shifted(graph, scaled(graph, x, alpha), beta);

const limited = (graph: GraphBuilder, x: string, from: number, to: number) =>
  graph.add("Clip", [x, graph.number(from), graph.number(to)]);

const magnitude = (graph: GraphBuilder, x: string): string =>
  graph.add("LeakyRelu", [x], { alpha: { float: -1 } });

const exponential: Add = (graph, x) =>
  graph.add("Pow", [graph.number(Math.E), x]);

/** x, or α (e^x - 1) below 0: the sum of relu(x) and α (e^min(x, 0) - 1). */
const elu: Add = (graph, x, alpha) => {
  const power = exponential(graph, limited(graph, x, -Infinity, 0), 0, 0);
  const below = scaled(graph, shifted(graph, power, -1), alpha);
  return graph.add("Add", [graph.add("Relu", [x]), below]);
};

/** As in src/kernel/activations.ts. */
const SELU_SCALE = 1.0507009873554805;
const SELU_ALPHA = 1.6732632423543772;

/** log(1 + e^x) = -log(e^0 / (e^0 + e^x)), a softmax of 0 and x. */
const softplus: Add = (graph, x) => {
  const last = graph.integers(-1);
  const high = graph.add("Unsqueeze", [x, last]);
  const both = graph.add("Concat", [limited(graph, high, 0, 0), high], {
    axis: -1,
  });
  const logs = graph.add("LogSoftmax", [both], { axis: -1 });
  const first = graph.add("Slice", [
    logs,
    graph.integers(0),
    graph.integers(1),
    last,
  ]);
  return scaled(graph, graph.add("Squeeze", [first, last]), -1);
};

/** x above α, where relu(x - α) is not 0, else 0. */
const thresholdedRelu: Add = (graph, x, alpha) => {
  const above = graph.add("Relu", [shifted(graph, x, -alpha)]);
  const isBelow = graph.add("Equal", [above, graph.number(0)]);
  return graph.add("Where", [isBelow, graph.number(0), x]);
};

/** A polynomial in x by Horner's rule. The coefficients begin with that of the highest power. */
function polynomial(
  graph: GraphBuilder,
  x: string,
  [first, ...rest]: readonly number[],
): string {
  let sum = graph.number(first as number);
  for (const coefficient of rest)
    sum = shifted(graph, graph.add("Mul", [sum, x]), coefficient);
  return sum;
}

/** NeuralAmpModelerCore's approximation of tanh; |x + g x |x|| is |x| + g x². */
const namTanh: Add = (graph, given) => {
  // keeps x⁴ finite; the quotient is constant beyond
  const x = limited(graph, given, -1e8, 1e8);
  const size = magnitude(graph, x);
  const square = graph.add("Mul", [x, x]);
  const above = polynomial(
    graph,
    size,
    [0.821226666969744, 0.893229853513558, 2.45550750702956, 2.45550750702956],
  );
  const bent = scaled(graph, square, 0.814642734961073);
  const inner = graph.add("Add", [size, bent]);
  const wide = shifted(graph, square, 2.44506634652299);
  const below = shifted(
    graph,
    graph.add("Mul", [wide, inner]),
    2.44506634652299,
  );
  return graph.add("Div", [graph.add("Mul", [x, above]), below]);
};

/** RNNoise's approximation of tanh. */
const rnnoiseTanh: Add = (graph, given) => {
  // the result is ±1 beyond ±3
  const x = limited(graph, given, -100, 100);
  const square = graph.add("Mul", [x, x]);
  const above = polynomial(
    graph,
    square,
    [0.60863042, 96.39235687, 952.52801514],
  );
  const below = polynomial(
    graph,
    square,
    [11.88600922, 413.36801147, 952.72399902],
  );
  const ratio = graph.add("Div", [graph.add("Mul", [x, above]), below]);
  return limited(graph, ratio, -1, 1);
};

/** σ(x) = ½ tanh(½ x) + ½, by the given tanh. */
const sigmoidBy =
  (tanh: Add): Add =>
  (graph, x) =>
    affine(graph, tanh(graph, scaled(graph, x, 0.5), 0, 0), 0.5, 0.5);

/** By name, with the default alpha and beta. */
const FUNCTIONS: Readonly<
  Record<string, readonly [add: Add, alpha?: number, beta?: number]>
> = {
  linear: [(_, x) => x],
  tanh: [node("Tanh")],
  sigmoid: [node("Sigmoid")],
  relu: [node("Relu")],
  softmax: [(graph, x) => graph.add("Softmax", [x], { axis: -1 })],
  softsign: [
    (graph, x) => graph.add("Div", [x, shifted(graph, magnitude(graph, x), 1)]),
  ],
  softplus: [softplus],
  elu: [elu, 1],
  selu: [(graph, x) => scaled(graph, elu(graph, x, SELU_ALPHA, 0), SELU_SCALE)],
  leakyRelu: [
    (graph, x, alpha) =>
      graph.add("LeakyRelu", [x], { alpha: { float: alpha } }),
    0.01,
  ],
  thresholdedRelu: [thresholdedRelu, 1],
  hardSigmoid: [
    (graph, x, alpha, beta) =>
      limited(graph, affine(graph, x, alpha, beta), 0, 1),
    0.2,
    0.5,
  ],
  affine: [affine, 1, 0],
  scaledTanh: [
    (graph, x, alpha, beta) =>
      scaled(graph, graph.add("Tanh", [scaled(graph, x, beta)]), alpha),
    1,
    1,
  ],
  exponential: [exponential],
  silu: [(graph, x) => graph.add("Mul", [x, graph.add("Sigmoid", [x])])],
  namTanh: [namTanh],
  namSigmoid: [sigmoidBy(namTanh)],
  rnnoiseTanh: [rnnoiseTanh],
  rnnoiseSigmoid: [sigmoidBy(rnnoiseTanh)],
};

/** An activation as in a layer's options. */
type Given =
  | string
  | { readonly name: string; readonly alpha?: number; readonly beta?: number };

/** An activation's name, alpha and beta, with its defaults filled in. */
export function withNumbers(activation: Given): {
  name: string;
  alpha: number | undefined;
  beta: number | undefined;
} {
  const given =
    typeof activation === "string" ? { name: activation } : activation;
  const [, alpha, beta] = found(given.name);
  return {
    name: given.name,
    alpha: given.alpha ?? alpha,
    beta: given.beta ?? beta,
  };
}

const found = (name: string) =>
  FUNCTIONS[name] as readonly [add: Add, alpha?: number, beta?: number];

/** Adds an activation of `x`, and returns the name of its output. */
export function addActivation(
  graph: GraphBuilder,
  x: string,
  activation: Given,
): string {
  const { name, alpha = 0, beta = 0 } = withNumbers(activation);
  const [add] = found(name);
  return add(graph, x, alpha, beta);
}
