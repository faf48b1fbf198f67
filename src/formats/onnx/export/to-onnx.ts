/*
 * A Sequential as an ONNX file. Inside, time comes first, as ONNX's recurrent nodes want it.
 */
import type { Bytes } from "../../../bytes.js";
import { boolean, record, wrong } from "../../../checks.js";
import { Sequential } from "../../../index.js";
import { valueInfo } from "../make-messages.js";
import type { ValueInfoProto } from "../messages.js";
import { writeModel } from "../write.js";
import { GraphBuilder, type Writing } from "./builder.js";
import { addLayer } from "./layers.js";

/** What the graph has beside input and output. */
export interface ToOnnxOptions {
  /**
   * Gives every recurrent layer its state as inputs hidden_0, cell_0 and outputs next_hidden_0, next_cell_0, by the
   * number of the layer: [L·D, batch, O] and [L·D, batch, H]. false by default.
   */
  states?: boolean;
  /**
   * Writes an LSTM of integers as com.microsoft.DynamicQuantizeLSTM, which onnxruntime alone has: faster there, since it
   * multiplies integers, its inputs and states rounded to 8 bits at every step. false by default.
   */
  dynamic?: boolean;
}

const OPSET = 17;
const IR_VERSION = 8;

/**
 * The model as an ONNX file of opset 17, for onnxruntime and others: input [batch, time, I] of float32, before an
 * Embedding [batch, time] of int64, and output [batch, time, O], or [batch, O] behind returnSequences false.
 * Matrices of int8 stay so, behind a DequantizeLinear each: what multiplies them is float32 there, not rounded as here.
 *
 * @throws TypeError for what is no Sequential; RangeError that names the layer and the option that ONNX has no word for
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
  const states: (readonly [made: string, info: ValueInfoProto])[] = [];
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
