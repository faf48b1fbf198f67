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
import { type SpeechOptions, speechOptions } from "./speech-options.js";

/** Of a frame: the model's word, and what is left to 1. */
export interface SpeechProbabilities {
  isSpeech: number;
  notSpeech: number;
}

/** A piece of speech. */
export interface SpeechSegment {
  /** Milliseconds from the start of the stream to the start of its first frame of speech. */
  start: number;
  /** Milliseconds to the end of its last frame, redemption included. */
  end: number;
  /** At 16 kHz: what was there from preSpeechPadMs before `start` to `end`. */
  audio: Float32Array;
}

/** What is called when; by the names that @ricky0123/vad-web has for them. */
export interface SpeechHandlers {
  /** Each frame, at 16 kHz, with its probability. */
  onFrameProcessed?: (
    probabilities: SpeechProbabilities,
    frame: Float32Array,
  ) => void;
  /** The first frame of what may be speech. */
  onSpeechStart?: () => void;
  /** It is no misfire: there has been minSpeechMs of it. */
  onSpeechRealStart?: () => void;
  /** Speech has ended. Its audio, at 16 kHz, from preSpeechPadMs before its start to the end of the redemption. */
  onSpeechEnd?: (audio: Float32Array) => void;
  /** It was shorter than minSpeechMs. */
  onVADMisfire?: () => void;
}

/** What listens, to what, and what then happens. */
export interface VoiceActivityOptions extends SpeechOptions, SpeechHandlers {
  /** Silero's legacy, v5 or v6, or another model that gives the probability of speech for a frame at 16 kHz. */
  model: AudioModel;
  /** Of the samples for `process` and `segments`, in hertz: 16000 by default. `listen` knows its own. */
  sampleRate?: number;
  /** New samples in a frame, for models other than Silero's; by default as many as the model takes, less the context. */
  frameSamples?: number;
  /** Samples of the frame before that stand in front of a frame, for models other than Silero's; 0 by default. */
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

/** Samples of a long array that are looked at before the segments in them are handed out: a second at 16 kHz. */
const PIECE = 16_000;

/**
 * Who speaks when: a model of speech on a stream of samples, a microphone or an AudioNode.
 *
 *     const vad = new VoiceActivity({ model: bytes, onSpeechEnd: (audio) => recognise(audio) });
 *     const listening = await vad.listen(await navigator.mediaDevices.getUserMedia({ audio: true }));
 *
 *     for await (const { start, end, audio } of vad.segments(samples)) …
 *
 * Names, defaults and segments are those of @ricky0123/vad-web 0.0.31; so is the way in which rates above 16 kHz are
 * brought down. Everything runs where it is called, synchronously, a frame in a fraction of a millisecond.
 */
export class VoiceActivity {
  /** Samples in a frame, at 16 kHz. */
  readonly frameSamples: number;
  readonly #model: FrameModel;
  readonly #frames: SpeechFrames;
  readonly #sampleRate: number;
  readonly #options: Required<SpeechOptions>;
  readonly #handlers: SpeechHandlers;
  readonly #own: Detection;
  /** The first error that a handler threw; the samples behind it are looked at all the same. */
  #thrown: { error: unknown } | null = null;

  /**
   * @throws TypeError, RangeError that name the option; FormatError for bytes that are no model that can be run;
   *   RangeError for a model that does not give a number for a frame
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
  }

  /** Whether `process` is in the middle of speech. */
  get speaking(): boolean {
    return this.#own.speaking;
  }

  /**
   * The next samples, any number of them, at the rate of the options. Handlers are called before it returns.
   *
   * @throws TypeError for other than a Float32Array; what a handler threw, once all samples have been looked at
   */
  process(samples: Float32Array): void {
    this.#own.push(samplesOf(samples, "samples"));
    this.#rethrow();
  }

  /** No more samples for now: drops the speech under way, or ends it where submitUserSpeechOnPause says so. */
  pause(): void {
    this.#own.pause();
    this.#rethrow();
  }

  /** The end of the samples: speech under way ends, too short or not, and the next samples begin anew. */
  finish(): void {
    this.#own.finish();
    this.#rethrow();
  }

  /** As at the start. Speech under way is dropped, no handler is called. */
  reset(): void {
    this.#own.reset();
  }

  /**
   * The segments of a stream, each as soon as it has ended; with what is under way at its end. Independent of `process`
   * and of other calls. The handlers are called on the way.
   *
   * @param source Float32Arrays of any length, at the rate of the options, or one of them
   * @throws TypeError for what gives anything else; what a handler threw; what the source threw
   */
  async *segments(
    source: AsyncIterable<Float32Array> | Iterable<Float32Array> | Float32Array,
  ): AsyncGenerator<SpeechSegment, void, void> {
    const found: SpeechSegment[] = [];
    const detection = this.#detection(this.#sampleRate, found);
    for await (const samples of piecesOf(source)) {
      detection.push(samplesOf(samples, "samples"));
      this.#rethrow();
      yield* found.splice(0);
    }
    detection.finish();
    this.#rethrow();
    yield* found.splice(0);
  }

  /**
   * Listens to a microphone's stream or to an AudioNode of yours until `stop`; the handlers are called. Several calls
   * are independent. The context has whatever rate it has.
   *
   * @returns once it listens
   * @throws TypeError for what is neither; Error where there is no AudioWorklet, or no audio in the stream
   */
  async listen(source: MediaStream | AudioNode): Promise<Listening> {
    let detection: Detection | null = null;
    return capture(source, {
      size: (rate) => Math.ceil((this.frameSamples * rate) / SPEECH_RATE),
      samples: (samples, rate) => {
        detection ??= this.#detection(rate);
        detection.push(samples);
        this.#rethrow();
      },
      stopped: () => {
        detection?.pause();
        this.#rethrow();
      },
    });
  }

  /** @param found where segments are put, if anybody wants them */
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

  /** A handler that throws must not cost the samples behind it. */
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

/** @throws TypeError for a handler that is no function */
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

/** The blocks of a source; of one array its pieces. */
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
  const expected = "Float32Arrays, by an (async) iterable, or one of them";
  throw wrong(false, "source", expected, source);
}

function* pieces(samples: Float32Array): Generator<Float32Array> {
  for (let at = 0; at < samples.length; at += PIECE)
    yield samples.subarray(at, at + PIECE);
}
