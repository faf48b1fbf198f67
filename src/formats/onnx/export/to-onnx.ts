/*
 * Writes a Sequential as an ONNX file. In the graph the steps come first, as in ONNX's recurrent nodes.
 */
import type { Bytes } from "../../../bytes.js";
import { boolean, record, wrong } from "../../../checks.js";
import { Sequential } from "../../../index.js";
import { valueInfo } from "../make-messages.js";
import type { ValueInfoProto } from "../messages.js";
import { writeModel } from "../write.js";
import { GraphBuilder, type Writing } from "./builder.js";
import { addLayer } from "./layers.js";

/** Options of `toOnnx`. */
export interface ToOnnxOptions {
  /**
   * Adds the state of every recurrent layer as inputs hidden_0, cell_0 and outputs next_hidden_0, next_cell_0, numbered
   * by layer: [L·D, batch, O] and [L·D, batch, H]. false by default.
   */
  states?: boolean;
  /**
   * Writes an int8 LSTM as com.microsoft.DynamicQuantizeLSTM, which only onnxruntime has. It is faster, as it multiplies
   * integers, but rounds inputs and states to 8 bits at every step. false by default.
   */
  dynamic?: boolean;
}

const OPSET = 17;
const IR_VERSION = 8;

/**
 * The model as an ONNX file of opset 17, for onnxruntime and others. The input is float32 [batch, time, I], or int64
 * [batch, time] if the first layer is an Embedding; the output is [batch, time, O], or [batch, O] if only the last step
 * is returned. int8 matrices stay int8, each followed by a DequantizeLinear: the graph multiplies them in float32, without
 * rounding the inputs as gatewise does.
 *
 * @throws TypeError if `model` is not a Sequential; RangeError naming the layer and the option that ONNX does not have
 */
export function toOnnx(model: Sequential, options: ToOnnxOptions = {}): Bytes {
  if (!(model instanceof Sequential))
    throw wrong(false, "model", "a Sequential", model);
  const known = { states: 0, dynamic: 0 };
  const { states, dynamic } = record(options, "options", known);
  const graph = new GraphBuilder();
  addModel(graph, model, {
    states: boolean(states ?? false, "states"),
    dynamic: boolean(dynamic ?? false, "dynamic"),
  });
  return writeModel({
    irVersion: IR_VERSION,
    producerName: "gatewise",
    producerVersion: "",
    opsets: Array.from(graph.domains, (domain) => ({
      domain,
      version: domain ? 1 : OPSET,
    })),
    graph: graph.finish(),
    metadata: [],
    functions: [],
    training: 0,
  });
}

function addModel(
  graph: GraphBuilder,
  { layers, inputSize, outputSize, skip, takesTokens, lastOnly }: Sequential,
  writing: Writing,
): void {
  const input = takesTokens
    ? graph.input(valueInfo("input", ["batch", "time"], "int64"))
    : graph.input(valueInfo("input", ["batch", "time", inputSize]));
  const perm = takesTokens ? [1, 0] : [1, 0, 2];
  let x = graph.add("Transpose", [input], { perm }); // [T, B, ..]
  const states: (readonly [name: string, info: ValueInfoProto])[] = [];
  layers.forEach((layer, index) => {
    graph.scope = `${index}.${layer.type}`;
    const added = addLayer(graph, x, layer, index, writing);
    x = added.output;
    states.push(...added.states);
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
  for (const [name, info] of states) graph.output(name, info);
}

/** Adds the first `skip` features of the input to those of the output. */
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
