/*
 * Graphs: networks that are no chain. Readers of files make them; nothing here knows a file but their saved form.
 */
export { GraphBuilder, type NodeOptions } from "./builder.js";
export { compile, emptyNotes, type GraphOptions } from "./compile.js";
export type {
  AttributeValue,
  BodyDescription,
  GraphDescription,
  InputDescription,
  NodeDescription,
  OutputDescription,
  PortDescription,
} from "./description.js";
export { Graph, type GraphStates } from "./graph.js";
export type { LayerNote, Notes } from "./node.js";
export { onnxActivations, onnxName } from "./operations/activations.js";
export { isOperation } from "./operations/index.js";
export { type Weights, weightsOfDict } from "./operations/weights.js";
export type { GraphInput, Port } from "./ports.js";
export { isSaved, readSaved } from "./saved.js";
export { GraphStream, type GraphStreamOptions } from "./stream.js";
export { countOf, type Dtype, integers, rangeOf, type Value } from "./value.js";
