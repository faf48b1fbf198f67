/*
 * A Sequential as an ONNX file. Inside, time comes first, as ONNX's recurrent nodes want it.
 */
import type { Bytes } from "../../../bytes.js";
import { boolean, message, record, wrong } from "../../../checks.js";
import { Embedding } from "../../../layers/embedding.js";
import { isRecurrent, masks, typeOf } from "../../../layers/chain.js";
import { Masking } from "../../../layers/masking.js";
import type { Linear } from "../../../layers/linear.js";
import { Sequential } from "../../../layers/sequential.js";
import type { Tensor } from "../../../tensor.js";
import { floats, valueInfo } from "../made.js";
import type { ValueInfoProto } from "../messages.js";
import { writeModel } from "../write.js";
import { addActivation } from "./activations.js";
import { GraphBuilder } from "./builder.js";
import { addRecurrent } from "./recurrent.js";

/** What the graph has beside input and output. */
export interface ToOnnxOptions {
  /**
   * Gives every recurrent layer its state as inputs hidden_0, cell_0 and outputs next_hidden_0, next_cell_0, by the
   * number of the layer: [L·D, batch, O] and [L·D, batch, H]. false by default.
   */
  states?: boolean;
}

const OPSET = 17;
const IR_VERSION = 8;

/**
 * The model as an ONNX file of opset 17, for onnxruntime and others: input [batch, time, I] of float32, before an
 * Embedding [batch, time] of int64, and output [batch, time, O], or [batch, O] behind returnSequences false.
 *
 * @throws TypeError for what is no Sequential; RangeError that names the layer and the option that ONNX has no word for
 */
export function toOnnx(model: Sequential, options: ToOnnxOptions = {}): Bytes {
  if (!(model instanceof Sequential))
    throw wrong(false, "model", "a Sequential", model);
  const { states } = record(options, "options", { states: 0 });
  const graph = new GraphBuilder();
  addModel(graph, model, boolean(states ?? false, "states"));
  return writeModel({
    irVersion: IR_VERSION,
    producerName: "gatewise",
    producerVersion: "",
    opsets: [{ domain: "", version: OPSET }],
    graph: graph.finish(),
    metadata: [],
    functions: [],
    training: 0,
  });
}

function addModel(
  graph: GraphBuilder,
  { layers, inputSize, outputSize, skip }: Sequential,
  withStates: boolean,
): void {
  const tokens = layers[0] instanceof Embedding;
  const input = tokens
    ? graph.input(valueInfo("input", ["batch", "time"], "int64"))
    : graph.input(valueInfo("input", ["batch", "time", inputSize]));
  const perm = tokens ? [1, 0] : [1, 0, 2];
  let x = graph.add("Transpose", [input], { perm }); // [T, B, ..]
  let lastOnly = false;
  const states: (readonly [made: string, info: ValueInfoProto])[] = [];
  layers.forEach((layer, index) => {
    graph.scope = `${index}.${typeOf(layer)}`;
    if (masks(layer) || layer instanceof Masking) {
      const expected = "a layer that masks no steps";
      throw new RangeError(
        message(`layers[${index}]`, expected, typeOf(layer)),
      );
    }
    if (!isRecurrent(layer)) x = addPlain(graph, x, layer, index);
    else {
      const added = addRecurrent(graph, x, layer, index, withStates);
      x = added.output;
      states.push(...added.states);
      lastOnly = !layer.options.returnSequences;
    }
  });
  graph.scope = "";
  if (lastOnly) graph.output(x, valueInfo("output", ["batch", outputSize]));
  else {
    const steps = graph.add("Transpose", [x], { perm: [1, 0, 2] });
    const output = skip
      ? addSkip(graph, steps, input, skip, outputSize)
      : steps;
    graph.output(output, valueInfo("output", ["batch", "time", outputSize]));
  }
  for (const [made, info] of states) graph.output(made, info);
}

/** The first `skip` features of the input added to the first of the output. */
function addSkip(
  graph: GraphBuilder,
  output: string, // [B, T, O]
  input: string, // [B, T, I]
  skip: number,
  outputSize: number,
): string {
  const features = (of: string, from: number, to: number) =>
    graph.add("Slice", [
      of,
      graph.integers(from),
      graph.integers(to),
      graph.integers(2),
    ]);
  const first = graph.add("Add", [
    features(output, 0, skip),
    features(input, 0, skip),
  ]);
  if (skip === outputSize) return first;
  const rest = features(output, skip, outputSize);
  return graph.add("Concat", [first, rest], { axis: 2 });
}

/** A layer that knows no time, along the last axis: of [T, B, I], or [B, I]. */
function addPlain(
  graph: GraphBuilder,
  x: string,
  layer: Embedding | Linear,
  index: number,
): string {
  const { weight, bias } = layer.stateDict();
  if (layer instanceof Embedding) {
    const table = graph.weight(`${index}.weight`, floats(weight as Tensor));
    return graph.add("Gather", [table, x]);
  }
  const matrix = graph.weight(
    `${index}.weight`,
    floats(transposed(weight as Tensor)),
  );
  let sum = graph.add("MatMul", [x, matrix]);
  if (bias)
    sum = graph.add("Add", [sum, graph.weight(`${index}.bias`, floats(bias))]);
  return addActivation(graph, sum, layer.options.activation);
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
