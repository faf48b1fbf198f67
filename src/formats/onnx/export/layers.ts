/*
 * Writes layers as nodes, with a function per type. In the graph the steps come first: x is [T, B, I], or tokens [T, B].
 */
import { message } from "../../../checks.js";
import type {
  Activation,
  BatchNorm,
  Conv1d,
  Embedding,
  LastStep,
  Layer,
  LayerNorm,
  Linear,
  Pooling,
} from "../../../index.js";
import type { Tensor } from "../../../tensor.js";
import { floats, valueInfo } from "../make-messages.js";
import { addActivation } from "./activations.js";
import type { Added, GraphBuilder, Writing } from "./builder.js";
import { addMatrix, addTransposed, matrixOf } from "./matrices.js";
import { addRecurrent } from "./recurrent.js";

type Writer = (
  graph: GraphBuilder,
  x: string,
  layer: never,
  index: number,
  writing: Writing,
) => Added;

/** By the type of a layer, how it is written. */
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
  BatchNorm: addBatchNorm,
  Pooling: addPooling,
  LastStep: addLastStep,
  Conv1d: addConv1d,
};

/** @throws RangeError for a layer, or an option of it, that ONNX does not have */
export function addLayer(
  graph: GraphBuilder,
  x: string,
  layer: Layer,
  index: number,
  writing: Writing,
): Added {
  const place = `layers[${index}]`;
  if (layer.masks) {
    const expected = "a layer that masks no steps";
    throw new RangeError(message(place, expected, layer.type));
  }
  const write = WRITERS[layer.type];
  if (write) return write(graph, x, layer as never, index, writing);
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

/** Over the last axis of [T, B, I] or [B, I]. */
function addLinear(
  graph: GraphBuilder,
  x: string,
  layer: Linear,
  index: number,
): Added {
  const { weight, bias } = layer.stateDict();
  const matrix = addTransposed(
    graph,
    `${index}.weight`,
    matrixOf(weight as Tensor),
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

/** A factor and a summand per feature. */
function addBatchNorm(
  graph: GraphBuilder,
  x: string,
  layer: BatchNorm,
  index: number,
): Added {
  const numbers = (name: string) => (layer.stateDict()[name] as Tensor).data;
  const [variance, mean] = [numbers("running_var"), numbers("running_mean")];
  const bias = numbers("bias");
  const shape = [mean.length];
  const scale = numbers("weight").map(
    (weight, i) =>
      weight / Math.sqrt((variance[i] as number) + layer.options.epsilon),
  );
  const shift = scale.map(
    (factor, i) => (bias[i] as number) - factor * (mean[i] as number),
  );
  const [factors, summands] = [scale, shift].map((data, i) =>
    graph.weight(`${index}.${i ? "shift" : "scale"}`, floats({ shape, data })),
  ) as [string, string];
  const scaled = graph.add("Mul", [x, factors]);
  return { output: graph.add("Add", [scaled, summands]), states: [] };
}

/** The last step of [T, B, I]: [B, I], or repeated, [repeat, B, I]. */
function addLastStep(
  graph: GraphBuilder,
  x: string,
  { options: { repeat } }: LastStep,
): Added {
  const which = Array.from({ length: repeat ?? 1 }, () => -1);
  const steps = graph.add("Gather", [x, graph.integers(...which)], { axis: 0 });
  const output =
    repeat === null ? graph.add("Squeeze", [steps, graph.integers(0)]) : steps;
  return { output, states: [] };
}

/** Over all steps, or windows of [B, I, T]. */
function addPooling(
  graph: GraphBuilder,
  x: string,
  { options: { kind, kernelSize, stride, padding } }: Pooling,
): Added {
  if (kernelSize === null || stride === null) {
    const reduce = kind === "max" ? "ReduceMax" : "ReduceMean";
    const output = graph.add(reduce, [x], { axes: [0], keepdims: 0 });
    return { output, states: [] };
  }
  const zeros = typeof padding === "number" ? padding : 0;
  const features = graph.add("Transpose", [x], { perm: [1, 2, 0] });
  const pooled = graph.add(
    kind === "max" ? "MaxPool" : "AveragePool",
    [features],
    {
      kernel_shape: [kernelSize],
      strides: [stride],
      ...(padding === "same"
        ? { auto_pad: "SAME_UPPER" }
        : { pads: [zeros, zeros] }),
      ...(kind === "average" && zeros && { count_include_pad: 1 }),
    },
  );
  const output = graph.add("Transpose", [pooled], { perm: [2, 0, 1] });
  return { output, states: [] };
}

/** [T, B, I] → [T', B, O]. ONNX's Conv is over [B, I, T]. */
function addConv1d(
  graph: GraphBuilder,
  x: string,
  layer: Conv1d,
  index: number,
  writing: Writing,
): Added {
  const { inputSize, kernelSize, stride, dilation, groups, activation } =
    layer.options;
  const history = writing.states && layer.stateNames.length > 0;
  const past = (kernelSize - 1) * dilation;
  const steps = history ? addHistory(graph, x, inputSize, past, index) : null;
  const inputs = Object.entries(layer.stateDict()).map(([name, value]) =>
    addMatrix(graph, `${index}.${name}`, matrixOf(value)),
  );
  const features = graph.add("Transpose", [steps?.joined ?? x], {
    perm: [1, 2, 0],
  });
  const sums = graph.add("Conv", [features, ...inputs], {
    kernel_shape: [kernelSize],
    strides: [stride],
    dilations: [dilation],
    group: groups,
    ...(history ? {} : padsOf(layer, past)),
  });
  const transposed = graph.add("Transpose", [sums], { perm: [2, 0, 1] });
  const output = addActivation(graph, transposed, activation);
  return { output, states: steps ? [steps.after] : [] };
}

function padsOf(
  { options }: Conv1d,
  past: number,
): { pads: number[] } | { auto_pad: string } {
  const { padding, stride } = options;
  if (typeof padding === "number") return { pads: [padding, padding] };
  if (padding === "valid") return { pads: [0, 0] };
  if (padding === "causal") return { pads: [past, 0] };
  // with strides, the padding depends on T
  if (stride > 1) return { auto_pad: "SAME_UPPER" };
  return { pads: [past >> 1, past - (past >> 1)] };
}

/** Adds the previous steps, [B, past, I], as an input joined to x, [T, B, I], and the last ones as an output. */
function addHistory(
  graph: GraphBuilder,
  x: string,
  inputSize: number,
  past: number,
  index: number,
): { joined: string; after: Added["states"][number] } {
  const shape = ["batch", past, inputSize];
  const swap = { perm: [1, 0, 2] };
  const before = graph.input(valueInfo(`history_${index}`, shape));
  const rows = graph.add("Transpose", [before], swap);
  const joined = graph.add("Concat", [rows, x], { axis: 0 });
  const [from, to] = [graph.integers(-past), graph.integers(Infinity)];
  const left = graph.add("Slice", [joined, from, to, graph.integers(0)]);
  const after = graph.add("Transpose", [left], swap);
  return { joined, after: [after, valueInfo(`next_history_${index}`, shape)] };
}
