import { SpeechBuffer } from "./speech-buffer.js";
import { type SpeechOptions, speechOptions } from "./speech-options.js";

/** The events of a segmenter, in the order in which they occur. */
export interface SpeechEvents {
  /** The first frame of what may be speech. */
  start(): void;
  /** It has lasted for minSpeechMs, and is not a misfire. */
  realStart(): void;
  /** Speech has ended; its audio, with the padding before it and the redemption after it. */
  end(audio: Float32Array): void;
  /** It was too short to be speech. */
  misfire(): void;
}

/**
 * Turns the probabilities of frames into segments by the rules of @ricky0123/vad-web 0.0.31, with the same events at the
 * same frames. Speech begins with a frame of at least the positive threshold. It ends when redemptionMs of frames below
 * the negative threshold have passed since the last frame of speech; frames between the thresholds neither count nor
 * restart the count. Durations are rounded down to whole frames.
 */
export class Segmenter {
  readonly #events: SpeechEvents;
  readonly #milliseconds: number; // of a frame
  #options: Required<SpeechOptions>;
  #redemptionFrames = 0;
  #padFrames = 0;
  #minFrames = 0;
  readonly #buffer: SpeechBuffer;
  #speaking = false;
  #quiet = 0; // frames below the negative threshold since the last one of speech
  #spoken = 0; // frames of speech in the buffer
  #long = false; // whether realStart has been called

  /** @param size samples in a frame, which lasts `milliseconds` */
  constructor(
    options: SpeechOptions,
    events: SpeechEvents,
    size: number,
    milliseconds: number,
  ) {
    this.#options = speechOptions(options);
    this.#events = events;
    this.#milliseconds = milliseconds;
    this.setOptions(this.#options);
    const usual = this.#padFrames + this.#redemptionFrames + this.#minFrames;
    this.#buffer = new SpeechBuffer(size, usual + 1);
  }

  /** From the next frame on; what has been heard of speech under way counts. */
  setOptions(options: Required<SpeechOptions>): void {
    const { redemptionMs, preSpeechPadMs, minSpeechMs } = options;
    const framesIn = (ms: number) => Math.floor(ms / this.#milliseconds);
    this.#options = options;
    this.#redemptionFrames = framesIn(redemptionMs);
    this.#padFrames = framesIn(preSpeechPadMs);
    this.#minFrames = framesIn(minSpeechMs);
  }

  /** Whether speech is under way. */
  get speaking(): boolean {
    return this.#speaking;
  }

  /** The next frame, which is copied, and its probability. */
  push(probability: number, frame: Float32Array): void {
    const { positiveSpeechThreshold, negativeSpeechThreshold } = this.#options;
    const isSpeech = probability >= positiveSpeechThreshold;
    this.#buffer.push(frame);
    if (isSpeech) {
      this.#spoken++;
      this.#quiet = 0;
      if (!this.#speaking) {
        this.#speaking = true;
        this.#events.start();
      }
    }
    if (this.#speaking && !this.#long && this.#spoken === this.#minFrames) {
      this.#long = true;
      this.#events.realStart();
    }
    if (
      this.#speaking &&
      probability < negativeSpeechThreshold &&
      ++this.#quiet >= this.#redemptionFrames
    )
      this.#end();
    if (!this.#speaking) this.#buffer.keep(this.#padFrames);
  }

  /** Called at the end: ends current speech, however short. */
  finish(): void {
    if (this.#speaking) this.#end();
    this.reset();
  }

  /** Called at a pause: ends or drops current speech, as submitUserSpeechOnPause says. */
  pause(): void {
    if (this.#options.submitUserSpeechOnPause) this.finish();
    else this.reset();
  }

  /** Back to the initial state; drops current speech. */
  reset(): void {
    this.#speaking = this.#long = false;
    this.#quiet = this.#spoken = 0;
    this.#buffer.clear();
  }

  #end(): void {
    const enough = this.#spoken >= this.#minFrames;
    const audio = enough ? this.#buffer.take() : null;
    this.reset();
    if (audio) this.#events.end(audio);
    else this.#events.misfire();
  }
}
