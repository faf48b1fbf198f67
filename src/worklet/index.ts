/** Models on live audio: an AudioWorkletNode and what registers its processor. @module */

export { type Clock, type ClockWorker, startClock } from "./clock.js";
export {
  addProcessor,
  GatewiseNode,
  type GatewiseNodeOptions,
  type ModelSource,
} from "./node.js";
export type {
  FrameSettings,
  Gives,
  Stage,
  Takes,
} from "../signal/frame-settings.js";
export type { Feedback, FixedInputs } from "../signal/frame-model.js";
export type { Window } from "../signal/window.js";
export type {
  FrameEvent,
  LoadReport,
  ModelInfo,
  VoiceOptions,
} from "./protocol.js";
