/** Models on live audio: an AudioWorkletNode and what registers its processor. @module */

export { type Clock, type ClockWorker, startClock } from "./clock.js";
export {
  addProcessor,
  GatewiseNode,
  type GatewiseNodeOptions,
  type ModelSource,
} from "./node.js";
export type { LoadReport, ModelInfo, VoiceOptions } from "./protocol.js";
