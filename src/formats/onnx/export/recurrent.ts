/*
 * Recurrent layers as nodes: one a layer of theirs, what lies between as other nodes.
 */
import type { StateDict } from "../../../safetensors.js";
import type { Tensor } from "../../../tensor.js";
import { floats, valueInfo } from "../make-messages.js";
import type { ValueInfoProto } from "../messages.js";
import {
  type Value,
  type Weights,
  weightsOfDict,
} from "../../../graph/index.js";
import {
  attributesOf,
  directionsOf,
  type RecurrentLayer,
  replacesByUpdateGate,
} from "./attributes.js";
import type { Added, GraphBuilder } from "./builder.js";
import { addMatrix, splitScales } from "./matrices.js";

/** `x`: [T, B, I]. */
export function addRecurrent(
  graph: GraphBuilder,
  x: string,
  layer: RecurrentLayer,
  index: number,
  withStates: boolean,
): Added {
  const place = `layers[${index}]`;
  const { numLayers, returnSequences } = layer.options;
  const dict = layer.stateDict();
  const split = splitScales(dict);
  const attributes = attributesOf(layer, place);
  const { type, stateNames } = layer;
  const initial = stateNames.map((name) => {
    if (withStates) return stateInputs(graph, layer, `${name}_${index}`);
    if (!layer.options.learnedState) return [];
    return learnedStates(graph, layer, x, name, dict, index);
  });
  const final: string[][] = [];
  let [input, output] = [x, x];
  for (let k = 0; k < numLayers; k++) {
    const isLast = k === numLayers - 1;
    const lastOnly = isLast && !returnSequences;
    const [W = "", R = "", B = "", P = ""] = addWeights(
      graph,
      layer,
      split,
      k,
      (name) => `${index}.${name}_l${k}`,
    );
    const [h0 = "", c0 = ""] = initial.map((layers) => layers[k] ?? "");
    const inputs = trimmed([input, W, R, B, "", h0, c0, P]);
    // as ONNX orders them: h, then c where the layer has one
    const after = ["Y_h", "Y_c"].slice(0, stateNames.length);
    const outputs = trimmed([
      lastOnly ? "" : "Y",
      ...(withStates ? after : [lastOnly ? "Y_h" : ""]),
    ]);
    const [Y, ...states] = graph.addWide(type, inputs, outputs, attributes);
    final.push(states);
    output = lastOnly
      ? lastStep(graph, layer, states[0] as string)
      : sequence(graph, layer, Y as string);
    input = output;
  }
  const states = withStates
    ? stateNames.map((name, i) =>
        stateOutput(
          graph,
          layer,
          `next_${name}_${index}`,
          final.map((states) => states[i] as string),
        ),
      )
    : [];
  return { output, states };
}

/** Without what is left out behind the last. */
function trimmed(names: readonly string[]): string[] {
  const given = [...names];
  while (given.at(-1) === "") given.pop();
  return given;
}

/** W, R, B and P of layer k of theirs, "" for those that it has not. */
function addWeights(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  { numbers, scales }: ReturnType<typeof splitScales>,
  k: number,
  nameOf: (input: string) => string,
): string[] {
  const directions = directionsOf(layer);
  const weights = weightsOfDict(layer.type, numbers, k, directions);
  const scalesOf: Partial<Weights> =
    layer.precision === "float32"
      ? {}
      : weightsOfDict(layer.type, scales, k, directions);
  if (replacesByUpdateGate(layer)) turnUpdateGate(weights, directions);
  return (["W", "R", "B", "P"] as const).map((name) => {
    const value = weights[name];
    if (!value) return "";
    const own = scalesOf[name];
    return own
      ? addRows(graph, nameOf(name), value, own)
      : graph.weight(nameOf(name), value);
  });
}

/** Integers [D, rows, columns] times their scales [D, rows]: DequantizeLinear has scales along one axis alone. */
function addRows(
  graph: GraphBuilder,
  name: string,
  { shape, data }: Value,
  { data: scales }: Value,
): string {
  const [directions, rows, columns] = shape as [number, number, number];
  const flat = directions > 1;
  const matrix = addMatrix(graph, name, {
    value: {
      dtype: "int8",
      shape: flat ? [directions * rows, columns] : shape,
      data,
    },
    scales: scales as Float32Array,
    axis: flat ? 0 : 1,
  });
  if (!flat) return matrix;
  return graph.add("Reshape", [matrix, graph.integers(...shape)]);
}

/**
 * ONNX's z keeps the state. One that replaces it is σ(-a) = 1 - σ(a) of that: its rows, ONNX's first block, are
 * negated.
 */
function turnUpdateGate({ W, R, B }: Weights, directions: number): void {
  const negate = (
    { data }: Value,
    blocks: number,
    which: readonly number[],
  ) => {
    const size = data.length / (directions * blocks);
    for (let direction = 0; direction < directions; direction++)
      for (const block of which) {
        const from = (direction * blocks + block) * size;
        for (let i = from; i < from + size; i++) data[i] = -(data[i] as number);
      }
  };
  negate(W, 3, [0]);
  negate(R, 3, [0]);
  if (B) negate(B, 6, [0, 3]);
}

/** Y [T, D, B, H] → [T, B, O]. */
function sequence(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  Y: string,
): string {
  const joined = join(graph, layer, Y, 1);
  const { direction, outputOrder } = layer.options;
  if (direction !== "reverse" || outputOrder === "time") return joined;
  // from the last step to before the first, along axis 0, backwards
  const [last, first] = [graph.integers(-1), graph.integers(-Infinity)];
  return graph.add("Slice", [joined, last, first, graph.integers(0), last]);
}

/** Y_h [D, B, H] → [B, O]. */
const lastStep = (graph: GraphBuilder, layer: RecurrentLayer, Y_h: string) =>
  join(graph, layer, Y_h, 0);

/** [.., D, B, H], D being `axis`, → [.., B, O]: the directions side by side, or merged. */
function join(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  x: string,
  axis: 0 | 1,
): string {
  // opset 17 has the axes of ReduceMean as an attribute, those of all others as an input
  const along = (type: string, value: string, attributes = {}) =>
    graph.add(type, [value, graph.integers(axis)], attributes);
  const drop = { keepdims: 0 };
  if (directionsOf(layer) === 1) return along("Squeeze", x);
  switch (layer.options.mergeMode) {
    case "sum":
      return along("ReduceSum", x, drop);
    case "ave":
      return graph.add("ReduceMean", [x], { ...drop, axes: [axis] });
    case "mul": {
      const both = graph.addWide("Split", [x], ["forward", "reverse"], {
        axis,
      });
      return along("Squeeze", graph.add("Mul", both));
    }
    default: {
      const perm = axis ? [0, 2, 1, 3] : [1, 0, 2];
      const rows = graph.add("Transpose", [x], { perm });
      const kept = axis ? [0, 0] : [0];
      return graph.add("Reshape", [rows, graph.integers(...kept, -1)]);
    }
  }
}

const stateInfo = (layer: RecurrentLayer, name: string): ValueInfoProto => {
  const { numLayers, hiddenSize } = layer.options;
  const rows = numLayers * directionsOf(layer);
  return valueInfo(name, [rows, "batch", hiddenSize]);
};

/** An input [L·D, B, H], and its part for each layer. */
function stateInputs(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  name: string,
): string[] {
  const input = graph.input(stateInfo(layer, name));
  const { numLayers } = layer.options;
  if (numLayers === 1) return [input];
  const parts = Array.from({ length: numLayers }, (_, k) => `${name}_l${k}`);
  return graph.addWide("Split", [input], parts, { axis: 0 });
}

/** Where each layer of theirs starts, for every row of x [T, B, I]. */
function learnedStates(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  x: string,
  name: string,
  dict: StateDict,
  index: number,
): string[] {
  const { numLayers, hiddenSize } = layer.options;
  const directions = directionsOf(layer);
  const batch = graph.add("Shape", [x], { start: 1, end: 2 });
  const target = graph.add(
    "Concat",
    [graph.integers(directions), batch, graph.integers(hiddenSize)],
    { axis: 0 },
  );
  return Array.from({ length: numLayers }, (_, k) => {
    const data = new Float32Array(directions * hiddenSize);
    for (let d = 0; d < directions; d++) {
      const own = dict[`${name}0_l${k}${d ? "_reverse" : ""}`] as Tensor;
      data.set(own.data, d * hiddenSize);
    }
    const start = graph.weight(
      `${index}.${name}0_l${k}`,
      floats({ shape: [directions, 1, hiddenSize], data }),
    );
    return graph.add("Expand", [start, target]);
  });
}

function stateOutput(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  name: string,
  parts: readonly string[],
): readonly [made: string, info: ValueInfoProto] {
  const made =
    parts.length === 1
      ? (parts[0] as string)
      : graph.add("Concat", parts, { axis: 0 });
  return [made, stateInfo(layer, name)];
}
