import { isFloat32Array, record, wrong } from "../checks.js";
import { rateOf, samplesOf } from "../signal/checks.js";
import type { FrameModel } from "../signal/frame-model.js";
import { capture, type Listening } from "./capture.js";
import { Detection } from "./detection.js";
import { type AudioModel, modelOf } from "./model.js";
import {
  SPEECH_RATE,
  type SpeechFrames,
  speechFrames,
} from "./speech-model.js";
import {
  SPEECH_DEFAULTS,
  type SpeechOptions,
  speechOptions,
} from "./speech-options.js";

/** The probabilities of a frame; they add up to 1. */
export interface SpeechProbabilities {
  isSpeech: number;
  notSpeech: number;
}

/** A piece of speech. */
export interface SpeechSegment {
  /** Milliseconds from the start of the stream to the start of its first frame of speech. */
  start: number;
  /** Milliseconds to the end of its last frame, including the redemption. */
  end: number;
  /** The audio at 16 kHz, from preSpeechPadMs before `start` to `end`. */
  audio: Float32Array;
}

/** Event handlers, with the names of @ricky0123/vad-web. */
export interface SpeechHandlers {
  /** Called for each frame, at 16 kHz, with its probabilities. */
  onFrameProcessed?: (
    probabilities: SpeechProbabilities,
    frame: Float32Array,
  ) => void;
  /** Called at the first frame of what may be speech. */
  onSpeechStart?: () => void;
  /** Called when it has lasted for minSpeechMs and is not a misfire. */
  onSpeechRealStart?: () => void;
  /** Called at the end, with the audio at 16 kHz from preSpeechPadMs before its start to the end of the redemption. */
  onSpeechEnd?: (audio: Float32Array) => void;
  /** Called at the end if it was shorter than minSpeechMs. */
  onVADMisfire?: () => void;
}

/** Options of `VoiceActivity`. */
export interface VoiceActivityOptions extends SpeechOptions, SpeechHandlers {
  /** Silero legacy, v5 or v6, or another model that maps a frame at 16 kHz to the probability of speech. */
  model: AudioModel;
  /** The sample rate for `process` and `segments`, in hertz; 16000 by default. `listen` uses that of its source. */
  sampleRate?: number;
  /** New samples in a frame, for models other than Silero's; by default the model's input size less the context. */
  frameSamples?: number;
  /** Samples of the frame before that precede a frame, for models other than Silero's; 0 by default. */
  contextSamples?: number;
}

const HANDLERS = {
  onFrameProcessed: 0,
  onSpeechStart: 0,
  onSpeechRealStart: 0,
  onSpeechEnd: 0,
  onVADMisfire: 0,
} satisfies Record<keyof SpeechHandlers, 0>;

const OPTIONS = {
  ...HANDLERS,
  model: 0,
  sampleRate: 0,
  frameSamples: 0,
  contextSamples: 0,
  positiveSpeechThreshold: 0,
  negativeSpeechThreshold: 0,
  redemptionMs: 0,
  preSpeechPadMs: 0,
  minSpeechMs: 0,
  submitUserSpeechOnPause: 0,
} satisfies Record<keyof VoiceActivityOptions, 0>;

/** A long array is processed in pieces of this many samples, a second at 16 kHz, so that segments arrive early. */
const PIECE = 16_000;

/**
 * Voice activity detection: runs a speech model on samples, a microphone or an AudioNode.
 *
 *     const vad = new VoiceActivity({ model: bytes, onSpeechEnd: (audio) => recognise(audio) });
 *     const listening = await vad.listen(await navigator.mediaDevices.getUserMedia({ audio: true }));
 *
 *     for await (const { start, end, audio } of vad.segments(samples)) …
 *
 * Names, defaults and segments are those of @ricky0123/vad-web 0.0.31, and so is the conversion of sample rates above
 * 16 kHz. Everything runs synchronously in the calling thread, a frame in a fraction of a millisecond.
 */
export class VoiceActivity {
  /** Samples in a frame, at 16 kHz. */
  readonly frameSamples: number;
  readonly #model: FrameModel;
  readonly #frames: SpeechFrames;
  readonly #sampleRate: number;
  #options: Required<SpeechOptions>;
  readonly #handlers: SpeechHandlers;
  readonly #own: Detection;
  /** Streams under way: that of `process`, and each of `segments` and `listen`. */
  readonly #live = new Set<Detection>();
  /** The first error that a handler threw; the remaining samples are processed nevertheless. */
  #thrown: { error: unknown } | null = null;

  /**
   * @throws TypeError, RangeError that name the option; FormatError for bytes that are not a supported model; RangeError
   *   for a model that does not return one number per frame
   */
  constructor(options: VoiceActivityOptions) {
    const given = record(
      options,
      "options",
      OPTIONS,
    ) as unknown as VoiceActivityOptions;
    this.#options = speechOptions(given);
    this.#sampleRate = rateOf(given.sampleRate ?? SPEECH_RATE, "sampleRate");
    this.#handlers = handlersOf(given);
    this.#model = modelOf(given.model);
    this.#frames = speechFrames(this.#model, given);
    this.frameSamples = this.#frames.frameSamples;
    this.#own = this.#detection(this.#sampleRate);
    this.#live.add(this.#own);
  }

  /** Whether there is speech in progress in `process`. */
  get speaking(): boolean {
    return this.#own.speaking;
  }

  /**
   * Processes the next samples, any number of them, at the sample rate of the options. Handlers are called before it
   * returns.
   *
   * @throws TypeError unless it is a Float32Array; what a handler threw, after all samples have been processed
   */
  process(samples: Float32Array): void {
    this.#own.push(samplesOf(samples, "samples"));
    this.#rethrow();
  }

  /** Pauses: drops current speech, or ends it if submitUserSpeechOnPause is set. */
  pause(): void {
    this.#own.pause();
    this.#rethrow();
  }

  /** Ends the stream, including current speech, too short or not; the next samples begin a new one. */
  finish(): void {
    this.#own.finish();
    this.#rethrow();
  }

  /**
   * Changes thresholds and durations from the next frame on, of what is heard now and later; what is not given stays.
   *
   * @throws TypeError, RangeError that name the option; then all stay
   */
  setOptions(update: SpeechOptions): void {
    record(update, "update", SPEECH_DEFAULTS);
    const given = Object.entries(update).filter(
      ([, value]) => value !== undefined,
    );
    const options = speechOptions({
      ...this.#options,
      ...Object.fromEntries(given),
    });
    this.#options = options;
    for (const detection of this.#live) detection.setOptions(options);
  }

  /** Back to the initial state. Drops current speech; no handler is called. */
  reset(): void {
    this.#own.reset();
  }

  /**
   * Yields the segments of a stream as soon as each has ended, including one that is in progress at its end. Calls the
   * handlers. Independent of `process` and of other calls.
   *
   * @param source a Float32Array, or an iterable of Float32Arrays of any length, at the sample rate of the options
   * @throws TypeError for a source of anything else; what a handler or the source threw
   */
  async *segments(
    source: AsyncIterable<Float32Array> | Iterable<Float32Array> | Float32Array,
  ): AsyncGenerator<SpeechSegment, void, void> {
    const found: SpeechSegment[] = [];
    const detection = this.#detection(this.#sampleRate, found);
    this.#live.add(detection);
    try {
      for await (const samples of piecesOf(source)) {
        detection.push(samplesOf(samples, "samples"));
        this.#rethrow();
        yield* found.splice(0);
      }
      detection.finish();
      this.#rethrow();
      yield* found.splice(0);
    } finally {
      this.#live.delete(detection);
    }
  }

  /**
   * Listens to a microphone's stream or an AudioNode until `stop`, and calls the handlers. The context may have any
   * sample rate. Several calls are independent.
   *
   * @returns once it is listening
   * @throws TypeError for another source; RangeError for a stream without audio; Error if there is no AudioWorklet
   */
  async listen(source: MediaStream | AudioNode): Promise<Listening> {
    let detection: Detection | null = null;
    return capture(source, {
      size: (rate) => Math.ceil((this.frameSamples * rate) / SPEECH_RATE),
      samples: (samples, rate) => {
        detection ??= this.#detection(rate);
        this.#live.add(detection);
        detection.push(samples);
        this.#rethrow();
      },
      stopped: () => {
        if (detection) this.#live.delete(detection);
        detection?.pause();
        this.#rethrow();
      },
    });
  }

  /** @param found receives the segments, if given */
  #detection(rate: number, found?: SpeechSegment[]): Detection {
    const handlers = this.#handlers;
    let start = 0;
    const detection: Detection = new Detection(
      this.#model,
      this.#frames,
      rate,
      this.#options,
      {
        frame: (isSpeech, frame) => {
          if (handlers.onFrameProcessed)
            this.#call(() =>
              handlers.onFrameProcessed?.(
                { isSpeech, notSpeech: 1 - isSpeech },
                frame.slice(),
              ),
            );
        },
        start: () => {
          start = detection.frameStart;
          this.#call(handlers.onSpeechStart);
        },
        realStart: () => this.#call(handlers.onSpeechRealStart),
        end: (audio) => {
          found?.push({ start, end: detection.frameEnd, audio });
          this.#call(() => handlers.onSpeechEnd?.(audio));
        },
        misfire: () => this.#call(handlers.onVADMisfire),
      },
    );
    return detection;
  }

  /** Keeps the error of a handler for later, so that the remaining samples are processed. */
  #call(handler: (() => void) | undefined): void {
    try {
      handler?.();
    } catch (error) {
      this.#thrown ??= { error };
    }
  }

  #rethrow(): void {
    const thrown = this.#thrown;
    this.#thrown = null;
    if (thrown) throw thrown.error;
  }
}

/** @throws TypeError for a handler that is not a function */
function handlersOf(options: SpeechHandlers): SpeechHandlers {
  const handlers: Record<string, unknown> = {};
  for (const name of Object.keys(HANDLERS) as (keyof SpeechHandlers)[]) {
    const handler = options[name];
    if (handler === undefined) continue;
    if (typeof handler !== "function")
      throw wrong(false, name, "a function", handler);
    handlers[name] = handler;
  }
  return handlers;
}

/** The blocks of a source, or the pieces of a single array. */
function piecesOf(
  source: unknown,
): AsyncIterable<Float32Array> | Iterable<Float32Array> {
  if (isFloat32Array(source)) return pieces(source);
  if (
    typeof source === "object" &&
    source !== null &&
    (Symbol.asyncIterator in source || Symbol.iterator in source)
  )
    return source as Iterable<Float32Array>;
  const expected = "a Float32Array, or an (async) iterable of Float32Arrays";
  throw wrong(false, "source", expected, source);
}

function* pieces(samples: Float32Array): Generator<Float32Array> {
  for (let at = 0; at < samples.length; at += PIECE)
    yield samples.subarray(at, at + PIECE);
}
