import type {
  LayerNode,
  LayerType,
  Matrix,
} from "../formats/tesseract/read.js";
import type { LinearOptions } from "../index.js";
import type { Precision } from "../layers/options.js";
import { Activated, Dense } from "./dense.js";
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

type Build = (node: LayerNode, precision: Precision) => ImageLayer;

const inside: Build = ({ layers }, precision) =>
  build(layers[0] as LayerNode, precision);

const parallel: Build = ({ layers, outputs }, precision) =>
  new Parallel(
    layers.map((layer) => build(layer, precision)),
    outputs,
  );

const window =
  (Layer: new (x: number, y: number) => ImageLayer): Build =>
  ({ sizes }) =>
    new Layer(...(sizes as [number, number]));

const lstm =
  (summary: boolean): Build =>
  ({ matrices, inputs }, precision) =>
    new (matrices.length > 4 ? Lstm2d : RowLstm)(
      matrices,
      inputs,
      summary,
      precision,
    );

/**
 * A matrix of fewer inputs, such as a window of 3 × 3 pixels, is multiplied as float32: to round them takes as long as
 * their products, and with pixels of seven bits one character more of 731 is wrong.
 */
const FEW_INPUTS = 16;

const dense =
  (
    activation: NonNullable<LinearOptions["activation"]>,
    limit?: number,
  ): Build =>
  ({ matrices, inputs }, precision) =>
    new Dense(
      matrices[0] as Matrix,
      activation,
      inputs < FEW_INPUTS ? "float32" : precision,
      limit,
    );

/** Increasing functions. */
const INCREASING: Partial<Record<LayerType, "tanh" | "sigmoid">> = {
  Tanh: "tanh",
  Logistic: "sigmoid",
};

/** The layers of nested series. */
const flat = (node: LayerNode): readonly LayerNode[] =>
  node.type === "Series" ? node.layers.flatMap(flat) : [node];

/**
 * If a dense layer with an increasing activation is followed by max pooling, the pooling comes first: the result is the
 * same, and with windows of 3 × 3 the activation has only a ninth of the work.
 */
function series(node: LayerNode, precision: Precision): ImageLayer[] {
  const nodes = flat(node);
  return nodes.flatMap((layer, i) => {
    const pooled = nodes[i + 1]?.type === "Maxpool" && INCREASING[layer.type];
    if (pooled) return [build({ ...layer, type: "Linear" }, precision)];
    const before = layer.type === "Maxpool" ? nodes[i - 1] : undefined;
    const late = before && INCREASING[before.type];
    const own = build(layer, precision);
    return late ? [own, new Activated(late, layer.outputs)] : [own];
  });
}

/** Builds a layer of the file, by its type. */
const BUILD: Record<LayerType, Build> = {
  Input: () => new Series([]),
  Convolve: window(Convolve),
  Maxpool: window(Maxpool),
  Reconfig: window(Reconfig),
  Series: (node, precision) => new Series(series(node, precision)),
  Parallel: parallel,
  Replicated: parallel,
  ParBidiLSTM: parallel,
  DepParUDLSTM: parallel,
  Par2dLSTM: parallel,
  RTLReversed: (...of) => reversedX(inside(...of)),
  TTBReversed: (...of) => reversedY(inside(...of)),
  XYTranspose: (...of) => new Transposed(inside(...of)),
  LSTM: lstm(false),
  SummLSTM: lstm(true),
  Logistic: dense("sigmoid"),
  // clamped to 0 … 1
  LinLogistic: dense({ name: "hardSigmoid", alpha: 1, beta: 0 }),
  LinTanh: dense("linear", 1),
  Tanh: dense("tanh"),
  Relu: dense("relu"),
  Linear: dense("linear"),
  Softmax: dense("softmax"),
  SoftmaxNoCTC: dense("softmax"),
};

/** @param precision of the matrices; with an integer precision, those that the file has as integers are not converted */
export function build(
  node: LayerNode,
  precision: Precision = "float32",
): ImageLayer {
  return BUILD[node.type](node, precision);
}
