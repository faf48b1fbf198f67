/*
 * Writes recurrent layers: one node for each of their `numLayers`, with other nodes between them.
 */
import type { StateDict } from "../../../safetensors.js";
import type { Tensor } from "../../../tensor.js";
import { floats, valueInfo } from "../make-messages.js";
import type { ValueInfoProto } from "../messages.js";
import { weightsOfDict } from "../../../graph/index.js";
import {
  attributesOf,
  directionsOf,
  type RecurrentLayer,
} from "./attributes.js";
import type { Added, GraphBuilder, Writing } from "./builder.js";
import { addTransposedWeights, addWeights } from "./recurrent-weights.js";

const DYNAMIC = "DynamicQuantizeLSTM";

/** Adds a recurrent layer to `x`, [T, B, I]. */
export function addRecurrent(
  graph: GraphBuilder,
  x: string,
  layer: RecurrentLayer,
  index: number,
  { states: withStates, dynamic }: Writing,
): Added {
  const place = `layers[${index}]`;
  const { numLayers, returnSequences } = layer.options;
  const dict = layer.stateDict();
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
    const weights = weightsOfDict(type, dict, k, directionsOf(layer));
    const nameOf = (name: string) => `${index}.${name}_l${k}`;
    const asDynamic = dynamic && type === "LSTM" && !!weights.W.scaled;
    const [W = "", R = "", B = "", P = "", ...scales] = asDynamic
      ? addTransposedWeights(graph, weights, nameOf)
      : addWeights(graph, layer, weights, nameOf);
    const [h0 = "", c0 = ""] = initial.map((layers) => layers[k] ?? "");
    const inputs = trimmed([input, W, R, B, "", h0, c0, P, ...scales]);
    // in ONNX's order: h, then an LSTM's c
    const after = ["Y_h", "Y_c"].slice(0, stateNames.length);
    const outputs = trimmed([
      lastOnly ? "" : "Y",
      ...(withStates ? after : [lastOnly ? "Y_h" : ""]),
    ]);
    const [Y, ...states] = asDynamic
      ? graph.addWide(DYNAMIC, inputs, outputs, attributes, "com.microsoft")
      : graph.addWide(type, inputs, outputs, attributes);
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

/** Without the empty names at the end. */
function trimmed(names: readonly string[]): string[] {
  const given = [...names];
  while (given.at(-1) === "") given.pop();
  return given;
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
  // along axis 0, from the last step back to the first
  const [last, first] = [graph.integers(-1), graph.integers(-Infinity)];
  return graph.add("Slice", [joined, last, first, graph.integers(0), last]);
}

/** Y_h [D, B, H] → [B, O]. */
const lastStep = (graph: GraphBuilder, layer: RecurrentLayer, Y_h: string) =>
  join(graph, layer, Y_h, 0);

/** [.., D, B, H] → [.., B, O], where D is at `axis`: the directions are concatenated or merged. */
function join(
  graph: GraphBuilder,
  layer: RecurrentLayer,
  x: string,
  axis: 0 | 1,
): string {
  // in opset 17, the axes are an attribute of ReduceMean, but an input of the others
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

/** Adds an input [L·D, B, H], and returns the names of its parts for each of the layers. */
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

/** The learned initial state of each of the layers, repeated for every sequence of x, [T, B, I]. */
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
      const state = dict[`${name}0_l${k}${d ? "_reverse" : ""}`] as Tensor;
      data.set(state.data, d * hiddenSize);
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
): readonly [output: string, info: ValueInfoProto] {
  const output =
    parts.length === 1
      ? (parts[0] as string)
      : graph.add("Concat", parts, { axis: 0 });
  return [output, stateInfo(layer, name)];
}
