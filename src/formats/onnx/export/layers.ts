/*
 * Layers as nodes, a function a type. Inside the graph time comes first: x is [T, B, I], or tokens [T, B].
 */
import { message } from "../../../checks.js";
import type {
  Activation,
  Embedding,
  Layer,
  LayerNorm,
  Linear,
} from "../../../index.js";
import type { Tensor } from "../../../tensor.js";
import { floats } from "../made.js";
import { addActivation } from "./activations.js";
import type { Added, GraphBuilder } from "./builder.js";
import { addRecurrent } from "./recurrent.js";

type Writer = (
  graph: GraphBuilder,
  x: string,
  layer: never,
  index: number,
  withStates: boolean,
) => Added;

/** The layers that can be written, by their types. */
const WRITERS: Readonly<Record<string, Writer>> = {
  RNN: addRecurrent,
  LSTM: addRecurrent,
  GRU: addRecurrent,
  Linear: addLinear,
  Embedding: addEmbedding,
  Activation: (graph, x, { options }: Activation) => ({
    output: addActivation(graph, x, options.activation),
    states: [],
  }),
  LayerNorm: addLayerNorm,
};

/** @throws RangeError for a layer, or an option of it, that ONNX has no word for */
export function addLayer(
  graph: GraphBuilder,
  x: string,
  layer: Layer,
  index: number,
  withStates: boolean,
): Added {
  const place = `layers[${index}]`;
  if (layer.masks) {
    const expected = "a layer that masks no steps";
    throw new RangeError(message(place, expected, layer.type));
  }
  const write = WRITERS[layer.type];
  if (write) return write(graph, x, layer as never, index, withStates);
  const expected = `one of ${Object.keys(WRITERS).join(", ")}`;
  throw new RangeError(message(place, expected, layer.type));
}

function addEmbedding(
  graph: GraphBuilder,
  x: string,
  layer: Embedding,
  index: number,
): Added {
  const { weight } = layer.stateDict();
  const table = graph.weight(`${index}.weight`, floats(weight as Tensor));
  return { output: graph.add("Gather", [table, x]), states: [] };
}

/** Along the last axis: of [T, B, I], or [B, I]. */
function addLinear(
  graph: GraphBuilder,
  x: string,
  layer: Linear,
  index: number,
): Added {
  const { weight, bias } = layer.stateDict();
  const matrix = graph.weight(
    `${index}.weight`,
    floats(transposed(weight as Tensor)),
  );
  let sum = graph.add("MatMul", [x, matrix]);
  if (bias)
    sum = graph.add("Add", [sum, graph.weight(`${index}.bias`, floats(bias))]);
  const output = addActivation(graph, sum, layer.options.activation);
  return { output, states: [] };
}

/** Over the last axis. */
function addLayerNorm(
  graph: GraphBuilder,
  x: string,
  layer: LayerNorm,
  index: number,
): Added {
  const inputs = Object.entries(layer.stateDict()).map(([name, value]) =>
    graph.weight(`${index}.${name}`, floats(value)),
  );
  const epsilon = { float: layer.options.epsilon };
  const attributes = { axis: -1, epsilon };
  const output = graph.add("LayerNormalization", [x, ...inputs], attributes);
  return { output, states: [] };
}

/** [O, I] → [I, O]. */
function transposed({ shape, data }: Tensor): Tensor {
  const [rows, columns] = shape as [number, number];
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = data[row * columns + column] as number;
  return { shape: [columns, rows], data: turned };
}
