import { record, wrong } from "../checks.js";
import {
  modelBytes,
  type ModelSource as AnyModel,
  unpackError,
} from "../messages.js";
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
  type Request,
  type VoiceOptions,
} from "./protocol.js";

/** A model or the bytes that its `save` wrote, or several that take frames one behind the other; null: none. */
export type ModelSource = AnyModel | readonly AnyModel[] | null;

/** What plays, on how many channels. */
export interface GatewiseNodeOptions extends VoiceOptions {
  /** What to play through; without one the sound passes unchanged until `load`. */
  model?: ModelSource;
  /** The most channels: 2 by default. Each has a stream of its own over the same weights. */
  channels?: number;
  /** What `report` measures with; see `startClock`. */
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
 * Makes a context ready for GatewiseNode; once a context.
 *
 *     await addProcessor(context, new URL("gatewise/worklet-processor.js", import.meta.url)); // with a bundler
 *     await addProcessor(context, "/node_modules/gatewise/dist/worklet-processor.js"); // without one
 *
 * @param url where the package's file worklet-processor.js can be loaded from: one file that imports nothing
 */
export async function addProcessor(
  context: BaseAudioContext,
  url: string | URL,
): Promise<void> {
  if (!context.audioWorklet)
    throw new Error(
      "context: expected an AudioWorklet, got none: the page must come over https or from localhost",
    );
  await context.audioWorklet.addModule(String(url));
}

/** On a server there is no Web Audio; importing this module is harmless there, making a node is not. */
const Base = /* @__PURE__ */ (() =>
  globalThis.AudioWorkletNode ??
  (class {
    constructor() {
      throw new Error("GatewiseNode: expected a host with Web Audio, got none");
    }
  } as unknown as typeof AudioWorkletNode))();

/**
 * An AudioWorkletNode with a model inside: one that takes a sample and gives one, such as an amplifier, or models that
 * take frames or spectra at a rate of their own, such as a denoiser or a detector of speech.
 *
 *     const node = new GatewiseNode(context, { model });
 *     source.connect(node).connect(context.destination);
 *     await node.ready;
 *     node.inputGain.value = 2;
 *
 * The first input of a model of samples is the sample; the others, if any, are conditions such as the positions of knobs. Mono and
 * stereo go through as they come. What is changed while sound plays fades over a few milliseconds.
 */
export class GatewiseNode extends Base {
  /** What the processor says of the model given to the constructor; rejects when it cannot be loaded. */
  readonly ready: Promise<ModelInfo | null>;
  readonly #replies = new Map<
    number,
    { resolve(value: never): void; reject(error: Error): void }
  >();
  #lastId = 0;
  #onframe: ((event: FrameEvent) => void) | null = null;

  /** @throws InvalidStateError when `addProcessor` has not been awaited, TypeError for what is no model */
  constructor(context: BaseAudioContext, options: GatewiseNodeOptions = {}) {
    record(options, "options", NODE);
    const { model = null, channels = CHANNELS, clock, ...voice } = options;
    const bytes = bytesOf(model);
    const processorOptions: ProcessorOptions = {
      channels,
      ...(clock && { clock: clock.time }),
    };
    super(context, PROCESSOR, {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: channels,
      channelCountMode: "clamped-max",
      processorOptions,
    });
    this.port.onmessage = ({ data }: MessageEvent<Reply>) =>
      this.#receive(data);
    this.onprocessorerror = () =>
      this.#fail(new Error("processor: stopped by an error"));
    this.ready = bytes.length
      ? this.#load(bytes, voiceOptions(voice))
      : Promise.resolve(null);
    this.ready.catch(() => undefined); // not unhandled for those who never look at it
  }

  /** Gain before the model, of an amplifier its drive; 1 by default. An AudioParam, read every quantum. */
  get inputGain(): AudioParam {
    return this.#parameter("inputGain");
  }

  /** Gain behind the model; 1 by default. */
  get outputGain(): AudioParam {
    return this.#parameter("outputGain");
  }

  /** 1: the input as it is, 0: the model, the default. Between them, both. The model runs on in any case. */
  get bypass(): AudioParam {
    return this.#parameter("bypass");
  }

  #parameter(name: string): AudioParam {
    return this.parameters.get(name) as AudioParam;
  }

  /**
   * Puts another model in the place of this one; null: none. It first plays along unheard for 40 ms, then fades in.
   *
   * @returns once the processor has taken it over: before it can be heard
   * @throws TypeError, FormatError, RangeError for what is no model of one sample to one sample
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
    return this.#ask({ type: "load", id: 0, bytes, options });
  }

  /**
   * Told of every frame of models that take frames: its samples, and the numbers that the last one gave. Events come as
   * messages from the audio thread; none are sent while this is null.
   */
  get onframe(): ((event: FrameEvent) => void) | null {
    return this.#onframe;
  }

  set onframe(listener: ((event: FrameEvent) => void) | null) {
    this.#onframe = listener;
    this.#ask({ type: "watch", id: 0, on: listener !== null }).catch(
      () => undefined,
    );
  }

  /** Sets the model's inputs behind the sample. They move there smoothly. */
  async setConditions(values: ArrayLike<number>): Promise<void> {
    await this.#ask({
      type: "conditions",
      id: 0,
      values: Array.from(values),
    });
  }

  /** Sets the model's state back to the start: silence before the first sample. */
  async reset(): Promise<void> {
    await this.#ask({ type: "reset", id: 0 });
  }

  /** How long the audio thread has taken since the last call. */
  report(): Promise<LoadReport> {
    return this.#ask({ type: "report", id: 0 });
  }

  #ask<T>(request: Request): Promise<T> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#replies.set(id, { resolve, reject });
      this.port.postMessage({ ...request, id });
    });
  }

  #receive(reply: Reply): void {
    if ("event" in reply) {
      this.#onframe?.(reply.event);
      return;
    }
    const waiting = this.#replies.get(reply.id);
    this.#replies.delete(reply.id);
    if ("error" in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.value as never);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#replies.values()) reject(error);
    this.#replies.clear();
  }
}

const bytesOf = (model: ModelSource): readonly Uint8Array[] =>
  model === null
    ? []
    : Array.isArray(model)
      ? model.map(modelBytes)
      : [modelBytes(model)];

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
    ...(conditions !== undefined && { conditions: Array.from(conditions) }),
    ...(frames && { frames }),
  };
}
