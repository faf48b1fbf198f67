/** RNN, LSTM and GRU sequence networks on a WebAssembly SIMD kernel. @module */

export { FormatError } from "./errors.js";
export {
  type Backend,
  currentBackend,
  init,
  type InitOptions,
} from "./kernel/load.js";
export type {
  Activation as StandardActivation,
  ActivationName,
  CellActivation,
  MergeMode,
} from "./kernel/model.js";
export type { GenerateOptions } from "./models/generate.js";
export * from "./layers/index.js";
export { Layer } from "./layers/layer.js";
export type { MaskLike } from "./layers/mask.js";
export type {
  Direction,
  MaskRule,
  OutputOrder,
  RecurrentOptions,
} from "./layers/options.js";
export type { ForwardOptions, ForwardOutput } from "./layers/recurrent.js";
export type { LayerTrace } from "./models/layer-trace.js";
export type {
  Model,
  ModelInput,
  ModelState,
  ModelStateLike,
  ModelStream,
  Port,
} from "./models/model.js";
export type { ModelNames, PortNames } from "./models/ports.js";
export {
  Sequential,
  type SequentialForwardOptions,
  type SequentialOutput,
  type SequentialOptions,
} from "./models/sequential.js";
export type { State, States } from "./layers/state.js";
export type { Stream } from "./layers/stream.js";
export type { Trace, TraceEntry } from "./layers/traced.js";
export type { StateDict } from "./safetensors.js";
export {
  type Nested,
  type NestedArray,
  tensor,
  type Tensor,
  type TensorLike,
  toArray,
} from "./tensor.js";
