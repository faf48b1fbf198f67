/*
 * Graphs: networks that are no chain. Readers of files make them; nothing here knows a file but their saved form.
 */
export { GraphBuilder } from "./builder.js";
export { toSequential } from "./chain/chain.js";
export {
  type Compiled,
  compile,
  emptyNotes,
  type GraphOptions,
} from "./compile.js";
export type {
  AttributeValue,
  BodyDescription,
  GraphDescription,
  InputDescription,
  NodeDescription,
  OutputDescription,
  PortDescription,
} from "./description.js";
export { DescriptionBuilder, type NodeOptions } from "./description-builder.js";
export { Graph, type GraphStates } from "./graph.js";
export { isSaved } from "./is-saved.js";
export { loadGraph } from "./load-graph.js";
export type { LayerNote, Notes } from "./node.js";
export { onnxActivations, onnxName } from "./operations/activations.js";
export * from "./operations/families.js";
export { allOperations } from "./operations/index.js";
export { type Weights, weightsOfDict } from "./operations/weights.js";
export type { GraphInput } from "./ports.js";
export { joined, tensorOf } from "./scaled.js";
export { GraphStream, type GraphStreamOptions } from "./stream.js";
export { type Family, type Operations, operationsOf } from "./table.js";
export {
  countOf,
  type Dtype,
  integers,
  type Numbers,
  rangeOf,
  type Scaled,
  type Value,
} from "./value.js";
