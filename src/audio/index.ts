/** Voice activity detection, noise suppression, and signal processing for models of sound. @module */

export { FormatError } from "../errors.js";
export { Frames, type FramesOptions } from "../signal/frames.js";
export { Resampler, type ResamplerOptions } from "../signal/resampler.js";
export { Ring } from "../signal/ring.js";
export { Stft, type StftOptions } from "../signal/stft.js";
export type { Window } from "../signal/window.js";
export type { Listening } from "./capture.js";
export {
  NoiseSuppression,
  type NoiseSuppressionOptions,
  type SuppressionReport,
} from "./noise-suppression.js";
export type { KnownSuppression } from "./suppression-models.js";
export type {
  SuppressionNode,
  SuppressionNodeOptions,
} from "./suppression-node.js";
export type { Feedback, FixedInputs } from "../signal/frame-model.js";
export type {
  FrameSettings,
  Gives,
  Stage,
  Takes,
} from "../signal/frame-settings.js";
export type { AudioModel } from "./model.js";
export type { SpeechOptions } from "./speech-options.js";
export {
  type SpeechHandlers,
  type SpeechProbabilities,
  type SpeechSegment,
  VoiceActivity,
  type VoiceActivityOptions,
} from "./voice-activity.js";
