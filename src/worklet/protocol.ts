/* The messages between the node on the main thread and the processor on the audio thread. */
import type { FrameSettings } from "../signal/frame-settings.js";
import type { PackedError } from "../messages.js";

/** The name under which the processor is registered. */
export const PROCESSOR = "gatewise";

/** The default number of channels: stereo. */
export const CHANNELS = 2;

/** The node's AudioParams, read once per quantum and interpolated within it. */
export const PARAMETERS = [
  { name: "inputGain", defaultValue: 1, minValue: -1000, maxValue: 1000 },
  { name: "outputGain", defaultValue: 1, minValue: -1000, maxValue: 1000 },
  { name: "bypass", defaultValue: 0, minValue: 0, maxValue: 1 },
].map((parameter) => ({ ...parameter, automationRate: "k-rate" as const }));

/** Options for running a model. */
export interface VoiceOptions {
  /** Adds the model's input to its output, for models trained on the difference. false by default. */
  residual?: boolean;
  /** Values of the model's inputs after the first, which is the sample; zeros by default. */
  conditions?: ArrayLike<number>;
  /** For models of frames or spectra: their frames, sample rate, inputs and outputs. */
  frames?: FrameSettings;
}

/** A processed frame; see `GatewiseNode.onframe`. */
export interface FrameEvent {
  /** The channel, from 0. */
  channel: number;
  /** The context's time, in seconds, at the start of the quantum that completed the frame. */
  time: number;
  /** Its samples, at the models' sample rate. */
  frame: Float32Array;
  /** The output of the last stage if that gives "numbers"; otherwise null. */
  numbers: Float32Array | null;
}

/** What the processor reports about a model. */
export interface ModelInfo {
  /** The number of inputs of the (first) model: the sample and the conditions, or a frame. */
  inputSize: number;
  /** The kernel that runs it: see `Backend`. */
  backend: string;
  /** The delay of the sound in milliseconds, due to frames and resampling; 0 for a model of samples. */
  latency: number;
}

/** The time that the audio thread took since the last report. */
export interface LoadReport {
  /** Quanta since the last report, usually of 128 frames each. */
  quanta: number;
  /** The duration of a quantum in milliseconds: the time available for everything that the context renders. */
  budget: number;
  /** The average time for a quantum, in milliseconds; NaN if none of them could be timed, as are worst and the shares. */
  mean: number;
  /** The longest time for a quantum, in milliseconds. */
  worst: number;
  /** Quanta that are in neither of them because the clock itself was interrupted. */
  missed: number;
  /** `mean` as a share of the budget. */
  load: number;
  /** `worst` as a share of the budget. */
  worstLoad: number;
  /**
   * The clock used. An AudioWorklet by itself may have no better one than Date.now, which is good enough for the mean
   * over many quanta; `startClock` provides one.
   */
  clock: "performance.now" | "Date.now" | "shared";
  /** Milliseconds between ticks of the clock: the longest quantum took `worst` plus at most this. */
  resolution: number;
  /** How often the model's output was not finite, so that its state was reset. */
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
