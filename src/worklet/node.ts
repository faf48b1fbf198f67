import { isList, positiveInteger, record, wrong } from "../checks.js";
import { modelBytes, type ModelSource as AnyModel } from "../messages.js";
import { checkSettings } from "../signal/frame-settings.js";
import type { Clock } from "./clock.js";
import {
  CHANNELS,
  type FrameEvent,
  type LoadReport,
  type ModelInfo,
  PROCESSOR,
  type ProcessorOptions,
  type Reply,
  type VoiceOptions,
} from "./protocol.js";
import { Requests } from "./requests.js";

/** A model or the bytes that its `save` wrote, or several models of frames to run one after another; null for none. */
export type ModelSource = AnyModel | readonly AnyModel[] | null;

/** Options of a `GatewiseNode`. */
export interface GatewiseNodeOptions extends VoiceOptions {
  /** The model; without one the sound passes unchanged until `load`. */
  model?: ModelSource;
  /** The maximum number of channels; 2 by default. Each has a stream of its own over the same weights. */
  channels?: number;
  /** The clock that `report` measures with; see `startClock`. */
  clock?: Clock;
}

const VOICE = { residual: 0, conditions: 0, frames: 0 } satisfies Record<
  keyof VoiceOptions,
  0
>;
const NODE = { ...VOICE, model: 0, channels: 0, clock: 0 } satisfies Record<
  keyof GatewiseNodeOptions,
  0
>;

/**
 * Prepares a context for GatewiseNode; needed once per context.
 *
 *     await addProcessor(context, new URL("gatewise/worklet-processor.js", import.meta.url)); // with a bundler
 *     await addProcessor(context, "/node_modules/gatewise/dist/worklet-processor.js"); // without one
 *
 * @param url the address of the package's file worklet-processor.js, a single file without imports
 * @throws Error if the context has no AudioWorklet
 */
export async function addProcessor(
  context: BaseAudioContext,
  url: string | URL,
): Promise<void> {
  if (!context.audioWorklet)
    throw new Error(
      "context: expected an AudioWorklet, got none: the page must be served over https or from localhost",
    );
  await context.audioWorklet.addModule(String(url));
}

/** A server has no Web Audio: there, this module can be imported, but creating a node throws. */
const Base = /* @__PURE__ */ (() =>
  globalThis.AudioWorkletNode ??
  (class {
    constructor() {
      throw new Error("GatewiseNode: expected a host with Web Audio, got none");
    }
  } as unknown as typeof AudioWorkletNode))();

/**
 * An AudioWorkletNode that runs a model: one from sample to sample, such as an amplifier, or models of frames or spectra
 * at a sample rate of their own, such as a denoiser or a speech detector.
 *
 *     const node = new GatewiseNode(context, { model });
 *     source.connect(node).connect(context.destination);
 *     await node.ready;
 *     node.inputGain.value = 2;
 *
 * The first input of a model of samples is the sample; any others are conditions such as the positions of knobs. Mono
 * stays mono and stereo stays stereo. Changes while sound is playing fade in over a few milliseconds.
 */
export class GatewiseNode extends Base {
  /** Resolves once the model passed to the constructor is loaded; rejects if it cannot be. */
  readonly ready: Promise<ModelInfo | null>;
  readonly #requests: Requests;
  #onframe: ((event: FrameEvent) => void) | null = null;

  /** @throws InvalidStateError if `addProcessor` has not been awaited; TypeError, RangeError that name the option */
  constructor(context: BaseAudioContext, options: GatewiseNodeOptions = {}) {
    record(options, "options", NODE);
    const { model = null, channels = CHANNELS, clock, ...voice } = options;
    const bytes = bytesOf(model);
    const checked = voiceOptions(voice);
    const processorOptions: ProcessorOptions = {
      channels: positiveInteger(channels, "channels"),
      ...(clock && { clock: clock.time }),
    };
    super(context, PROCESSOR, {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: channels,
      channelCountMode: "clamped-max",
      processorOptions,
    });
    this.#requests = new Requests((request) => this.port.postMessage(request));
    this.port.onmessage = ({ data }: MessageEvent<Reply>) => {
      if ("event" in data) this.#onframe?.(data.event);
      else this.#requests.receive(data);
    };
    this.onprocessorerror = () =>
      this.#requests.fail(new Error("processor: stopped by an error"));
    this.ready = bytes.length
      ? this.#load(bytes, checked)
      : Promise.resolve(null);
    this.ready.catch(() => undefined); // no unhandled rejection if nobody awaits it
  }

  /** Gain before the model, which is the drive of an amplifier; 1 by default. An AudioParam, read every quantum. */
  get inputGain(): AudioParam {
    return this.#parameter("inputGain");
  }

  /** Gain after the model; 1 by default. */
  get outputGain(): AudioParam {
    return this.#parameter("outputGain");
  }

  /** 1: the unchanged input; 0, the default: the model's output; in between, a mix. The model keeps running. */
  get bypass(): AudioParam {
    return this.#parameter("bypass");
  }

  #parameter(name: string): AudioParam {
    return this.parameters.get(name) as AudioParam;
  }

  /**
   * Replaces the model; null for none. The new one first runs unheard for 40 ms, then fades in.
   *
   * @returns once the processor has loaded it, before it can be heard
   * @throws TypeError, FormatError, RangeError for anything but a model with one output per sample or fitting `frames`
   */
  async load(
    model: ModelSource,
    options: VoiceOptions = {},
  ): Promise<ModelInfo | null> {
    record(options, "options", VOICE);
    return this.#load(bytesOf(model), voiceOptions(options));
  }

  #load(
    bytes: readonly Uint8Array[],
    options: VoiceOptions,
  ): Promise<ModelInfo | null> {
    return this.#requests.send({ type: "load", id: 0, bytes, options });
  }

  /**
   * Called for every frame of models of frames, with its samples and the numbers that the last model returned. Events are
   * messages from the audio thread; none are sent while this is null.
   */
  get onframe(): ((event: FrameEvent) => void) | null {
    return this.#onframe;
  }

  set onframe(listener: ((event: FrameEvent) => void) | null) {
    this.#onframe = listener;
    this.#requests
      .send({ type: "watch", id: 0, on: listener !== null })
      .catch(() => undefined);
  }

  /**
   * Sets the model's inputs after the sample; they move there smoothly.
   *
   * @throws TypeError, RangeError unless these are as many finite numbers as the model has conditions
   */
  async setConditions(values: ArrayLike<number>): Promise<void> {
    const own = conditionsOf(values);
    await this.#requests.send({ type: "conditions", id: 0, values: own });
  }

  /** Resets the model's state, as if there had been silence before. */
  async reset(): Promise<void> {
    await this.#requests.send({ type: "reset", id: 0 });
  }

  /** How much time the audio thread has taken since the last call. */
  report(): Promise<LoadReport> {
    return this.#requests.send({ type: "report", id: 0 });
  }
}

const bytesOf = (model: ModelSource): readonly Uint8Array[] =>
  model === null
    ? []
    : Array.isArray(model)
      ? model.map(modelBytes)
      : [modelBytes(model)];

function conditionsOf(values: unknown): number[] {
  if (isList(values)) return Array.from(values);
  throw wrong(false, "conditions", "a list of numbers", values);
}

function voiceOptions({
  residual,
  conditions,
  frames,
}: VoiceOptions): VoiceOptions {
  if (residual !== undefined && typeof residual !== "boolean")
    throw wrong(false, "residual", "true or false", residual);
  if (frames) checkSettings(frames, "frames");
  return {
    ...(residual !== undefined && { residual }),
    ...(conditions !== undefined && { conditions: conditionsOf(conditions) }),
    ...(frames && { frames }),
  };
}
