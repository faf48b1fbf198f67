/* What the node on the main thread and the processor on the audio thread say to each other. */
import type { FrameSettings } from "../signal/frame-settings.js";
import type { PackedError } from "../messages.js";

/** The name under which the processor is registered. */
export const PROCESSOR = "gatewise";

/** Streams that a node has unless told otherwise: stereo. */
export const CHANNELS = 2;

/** The node's AudioParams; all are read once a quantum and move smoothly inside it. */
export const PARAMETERS = [
  { name: "inputGain", defaultValue: 1, minValue: -1000, maxValue: 1000 },
  { name: "outputGain", defaultValue: 1, minValue: -1000, maxValue: 1000 },
  { name: "bypass", defaultValue: 0, minValue: 0, maxValue: 1 },
].map((parameter) => ({ ...parameter, automationRate: "k-rate" as const }));

/** How a model is fed. */
export interface VoiceOptions {
  /** Adds the model's input to its output, for models trained on the difference. false by default. */
  residual?: boolean;
  /** Values of the model's inputs behind the first, the sample; zeros by default. */
  conditions?: ArrayLike<number>;
  /** For models that take frames or spectra: which, at what rate, and what they give. */
  frames?: FrameSettings;
}

/** What happened to a frame; see `GatewiseNode.onframe`. */
export interface FrameEvent {
  /** Of the sound. */
  channel: number;
  /** Seconds of the context's time at the start of the quantum that completed the frame. */
  time: number;
  /** Its samples, at the models' rate. */
  frame: Float32Array;
  /** What the last stage gave, where that is "numbers"; null otherwise. */
  numbers: Float32Array | null;
}

/** What the processor can say of a model. */
export interface ModelInfo {
  /** Numbers that the (first) model takes at a step: the sample and the conditions, or a frame. */
  inputSize: number;
  /** The kernel that runs it: see `Backend`. */
  backend: string;
  /** Milliseconds by which the sound is late: those that frames and resampling take. 0 for a model of samples. */
  latency: number;
}

/** How long the audio thread took since the last report. */
export interface LoadReport {
  /** Quanta since the last report, usually of 128 frames each. */
  quanta: number;
  /** Milliseconds that a quantum lasts: what there is time for, with everything else that the context renders. */
  budget: number;
  /** Milliseconds that a quantum took on average, and the longest. */
  mean: number;
  worst: number;
  /** Quanta in neither of them, because the clock itself stood still meanwhile. */
  missed: number;
  /** The same as shares of the budget. */
  load: number;
  worstLoad: number;
  /** The clock that measured, and the milliseconds between its ticks: the longest quantum took `worst` plus at most
   *  `resolution`. An AudioWorklet by itself may have no better clock than Date.now, over many quanta good for the
   *  mean; `startClock` gives it one. */
  clock: "performance.now" | "Date.now" | "shared";
  resolution: number;
  /** How often the model gave numbers that are not finite and was set back to its first state. */
  resets: number;
}

export type Request =
  | {
      type: "load";
      id: number;
      /** One model, several, or none. */
      bytes: readonly Uint8Array[];
      options: VoiceOptions;
    }
  | { type: "watch"; id: number; on: boolean }
  | { type: "conditions"; id: number; values: ArrayLike<number> }
  | { type: "reset"; id: number }
  | { type: "report"; id: number };

export type Reply =
  | ({ id: number } & (
      { value: ModelInfo | LoadReport | null } | { error: PackedError }
    ))
  | { event: FrameEvent };

/** @internal Options of the processor, through the node's processorOptions. */
export interface ProcessorOptions {
  channels: number;
  /** Of `Clock`: its time. */
  clock?: Int32Array;
}
