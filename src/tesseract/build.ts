import type {
  LayerNode,
  LayerType,
  Matrix,
} from "../formats/tesseract/read.js";
import type { LinearOptions } from "../index.js";
import { Dense, Pointwise } from "./dense.js";
import type { ImageLayer } from "./layer.js";
import { RowLstm } from "./lstm.js";
import { Lstm2d } from "./lstm2d.js";
import {
  Parallel,
  reversedX,
  reversedY,
  Series,
  Transposed,
} from "./plumbing.js";
import { Convolve, Maxpool, Reconfig } from "./windows.js";

type Build = (node: LayerNode) => ImageLayer;

const inside = ({ layers }: LayerNode): ImageLayer =>
  build(layers[0] as LayerNode);

const parallel: Build = ({ layers, outputs }) =>
  new Parallel(layers.map(build), outputs);

const window =
  (Layer: new (x: number, y: number) => ImageLayer): Build =>
  ({ sizes }) =>
    new Layer(...(sizes as [number, number]));

const lstm =
  (summary: boolean): Build =>
  ({ matrices, inputs }) =>
    new (matrices.length > 4 ? Lstm2d : RowLstm)(matrices, inputs, summary);

const dense =
  (
    activation: NonNullable<LinearOptions["activation"]>,
    limit?: number,
  ): Build =>
  ({ matrices }) =>
    new Dense(matrices[0] as Matrix, activation, limit);

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Activations that keep the order of numbers. */
const RISING: Partial<Record<LayerType, (x: number) => number>> = {
  Tanh: Math.tanh,
  Logistic: sigmoid,
};

/** Series in series are one. */
const flat = (node: LayerNode): readonly LayerNode[] =>
  node.type === "Series" ? node.layers.flatMap(flat) : [node];

/**
 * Where a dense layer is pooled, the largest is taken before the activation, which then has a ninth to do of windows of
 * 3 × 3: the same numbers, as it keeps their order.
 */
function series(node: LayerNode): ImageLayer[] {
  const nodes = flat(node);
  return nodes.flatMap((layer, i) => {
    const pooled = nodes[i + 1]?.type === "Maxpool" && RISING[layer.type];
    if (pooled) return [build({ ...layer, type: "Linear" })];
    const before = layer.type === "Maxpool" ? nodes[i - 1] : undefined;
    const late = before && RISING[before.type];
    return late ? [build(layer), new Pointwise(late)] : [build(layer)];
  });
}

/** What is made of a file's layer, by its type. */
const BUILD: Record<LayerType, Build> = {
  Input: () => new Series([]),
  Convolve: window(Convolve),
  Maxpool: window(Maxpool),
  Reconfig: window(Reconfig),
  Series: (node) => new Series(series(node)),
  Parallel: parallel,
  Replicated: parallel,
  ParBidiLSTM: parallel,
  DepParUDLSTM: parallel,
  Par2dLSTM: parallel,
  RTLReversed: (node) => reversedX(inside(node)),
  TTBReversed: (node) => reversedY(inside(node)),
  XYTranspose: (node) => new Transposed(inside(node)),
  LSTM: lstm(false),
  SummLSTM: lstm(true),
  Logistic: dense("sigmoid"),
  // within 0 … 1
  LinLogistic: dense({ name: "hardSigmoid", alpha: 1, beta: 0 }),
  LinTanh: dense("linear", 1),
  Tanh: dense("tanh"),
  Relu: dense("relu"),
  Linear: dense("linear"),
  Softmax: dense("softmax"),
  SoftmaxNoCTC: dense("softmax"),
};

export function build(node: LayerNode): ImageLayer {
  return BUILD[node.type](node);
}
