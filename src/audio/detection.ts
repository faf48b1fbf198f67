import { Frames } from "../signal/frames.js";
import { Resampler } from "../signal/resampler.js";
import type { FrameModel } from "../signal/frame-model.js";
import { FrameAverage } from "./frame-average.js";
import { Segmenter, type SpeechEvents } from "./segmenter.js";
import {
  SPEECH_RATE,
  type SpeechFrames,
  SpeechStream,
} from "./speech-model.js";
import type { SpeechOptions } from "./speech-options.js";

/** Detects speech in one stream of sound: from samples at any rate to events. */
export class Detection {
  readonly #speech: SpeechStream;
  readonly #segmenter: Segmenter;
  readonly #frames: FrameSource;
  readonly #use: (frame: Float32Array) => void;
  #index = 0; // frames so far

  constructor(
    model: FrameModel,
    frames: SpeechFrames,
    sampleRate: number,
    options: SpeechOptions,
    events: SpeechEvents & {
      frame(probability: number, frame: Float32Array): void;
    },
  ) {
    const { frameSamples } = frames;
    this.#speech = new SpeechStream(model, frames);
    this.#frames = frameSource(sampleRate, frameSamples);
    this.#segmenter = new Segmenter(
      options,
      events,
      frameSamples,
      (1000 * frameSamples) / SPEECH_RATE,
    );
    this.#use = (frame) => {
      const probability = this.#speech.probability(frame);
      this.#index++;
      events.frame(probability, frame);
      this.#segmenter.push(probability, frame);
    };
  }

  push(samples: Float32Array): void {
    this.#frames.push(samples, this.#use);
  }

  setOptions(options: Required<SpeechOptions>): void {
    this.#segmenter.setOptions(options);
  }

  /** Whether speech is under way. */
  get speaking(): boolean {
    return this.#segmenter.speaking;
  }

  /** Milliseconds from the start of the stream to the start and the end of the current frame. */
  get frameStart(): number {
    return (this.#index - 1) * this.#frames.milliseconds;
  }
  get frameEnd(): number {
    return this.#index * this.#frames.milliseconds;
  }

  /** Called at the end of the sound. */
  finish(): void {
    this.#segmenter.finish();
    this.#begin();
  }

  /** Called when the sound pauses. */
  pause(): void {
    this.#segmenter.pause();
    this.#begin();
  }

  reset(): void {
    this.#segmenter.reset();
    this.#begin();
  }

  #begin(): void {
    this.#speech.reset();
    this.#frames.reset();
    this.#index = 0;
  }
}

interface FrameSource {
  /** The duration of a frame. */
  readonly milliseconds: number;
  push(samples: Float32Array, use: (frame: Float32Array) => void): void;
  reset(): void;
}

/** Higher rates are converted as in vad-web, to get the same frames; lower ones, which it does not support, are resampled. */
function frameSource(rate: number, size: number): FrameSource {
  if (rate === SPEECH_RATE) {
    const frames = new Frames({ size });
    const push: FrameSource["push"] = (samples, use) =>
      frames.push(samples, use);
    return {
      milliseconds: (1000 * size) / rate,
      push,
      reset: () => frames.reset(),
    };
  }
  if (rate > SPEECH_RATE) return new FrameAverage(rate, SPEECH_RATE, size);
  return new ResampledFrames(rate, size);
}

class ResampledFrames implements FrameSource {
  readonly milliseconds: number;
  readonly #resampler: Resampler;
  readonly #frames: Frames;
  #buffer = new Float32Array(0);

  constructor(rate: number, size: number) {
    this.milliseconds = (1000 * size) / SPEECH_RATE;
    this.#resampler = new Resampler({ from: rate, to: SPEECH_RATE });
    this.#frames = new Frames({ size });
  }

  push(samples: Float32Array, use: (frame: Float32Array) => void): void {
    const length = this.#resampler.outputLength(samples.length) + 1;
    if (this.#buffer.length < length)
      this.#buffer = new Float32Array(2 * length);
    const n = this.#resampler.process(samples, this.#buffer);
    this.#frames.push(this.#buffer.subarray(0, n), use);
  }

  reset(): void {
    this.#resampler.reset();
    this.#frames.reset();
  }
}
