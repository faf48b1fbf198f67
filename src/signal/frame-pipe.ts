import { FrameChain } from "./frame-chain.js";
import type { FrameModel } from "./frame-model.js";
import type { CheckedSettings } from "./frame-settings.js";
import { Frames } from "./frames.js";
import { Resampler } from "./resampler.js";
import { Ring } from "./ring.js";

/** The input is processed in pieces of this size, whatever the size of the blocks. */
const CHUNK = 512;

/**
 * Runs a chain of models on sound in blocks of any size, with as many samples out as in and a constant delay.
 *
 *     in ─ resampler ─ frames ─ chain ─ resampler ─ ring ─ out
 *
 * Output sample n belongs to input sample n - latency. Allocates nothing after construction, except in the models.
 */
export class FramePipe {
  /** The delay in samples: hop - 1 to fill the new part of a frame, the rest of the frame, and the resamplers. */
  readonly latency: number;
  /** Called with views of every frame, at the models' rate, and of the numbers for it. */
  onFrame:
    ((frame: Float32Array, numbers: Float32Array | null) => void) | null = null;
  readonly #chain: FrameChain;
  readonly #frames: Frames;
  readonly #down: Resampler;
  readonly #up: Resampler;
  readonly #waiting: Ring;
  readonly #ahead: number; // samples of silence that the ring begins with
  readonly #part = new Float32Array(CHUNK);
  readonly #low: Float32Array; // a chunk at the models' rate
  readonly #hop: Float32Array;
  readonly #high: Float32Array; // a hop at the stream's rate
  readonly #use: (frame: Float32Array) => void;

  constructor(
    models: readonly FrameModel[],
    settings: CheckedSettings,
    sampleRate: number,
  ) {
    const { size, hop, sampleRate: rate } = settings;
    this.#chain = new FrameChain(models, settings);
    this.#frames = new Frames({ size, hop });
    this.#down = new Resampler({ from: sampleRate, to: rate });
    this.#up = new Resampler({ from: rate, to: sampleRate });
    const ratio = sampleRate / rate;
    this.#ahead = Math.ceil((hop - 1) * ratio);
    this.latency = this.#chain.numbers
      ? 0
      : Math.round(
          this.#ahead +
            this.#down.delay +
            (size - hop + this.#up.delay) * ratio,
        );
    const most = Math.ceil((hop + 1) * ratio) + 1;
    this.#low = new Float32Array(Math.ceil(CHUNK / ratio) + 1);
    this.#hop = new Float32Array(hop);
    this.#high = new Float32Array(most);
    const frames = Math.ceil(this.#low.length / hop) + 1;
    this.#waiting = new Ring(this.#ahead + CHUNK + frames * most);
    // created once: one per block would be garbage
    this.#use = (frame) => this.#frame(frame);
    this.reset();
  }

  /** The number of inputs of the first model. */
  get inputSize(): number {
    return this.#chain.inputSize;
  }

  /** How often a model's output was not finite. */
  get resets(): number {
    return this.#chain.resets;
  }

  /**
   * input → out, the same number of samples; if the models give numbers, the unchanged input.
   *
   * @param from start of the range of the input, up to `to`, by default all; out is written from its start
   */
  process(
    input: Float32Array,
    out: Float32Array,
    from = 0,
    to = input.length,
  ): void {
    const { numbers } = this.#chain;
    const part = this.#part;
    for (let at = from; at < to; at += CHUNK) {
      const n = Math.min(CHUNK, to - at);
      for (let i = 0; i < n; i++) {
        const x = input[at + i] as number;
        // infinity and NaN would stay in the filters
        part[i] = Math.abs(x) < Infinity ? x : 0;
      }
      const low = this.#down.process(part, this.#low, n);
      this.#frames.push(this.#low, this.#use, low);
      const done = at - from;
      if (!numbers) this.#waiting.shift(out, done, done + n);
      else for (let i = 0; i < n; i++) out[done + i] = input[at + i] as number;
    }
  }

  #frame(frame: Float32Array): void {
    this.#chain.run(frame, this.#hop);
    this.onFrame?.(frame, this.#chain.numbers);
    if (this.#chain.numbers) return;
    const n = this.#up.process(this.#hop, this.#high);
    this.#waiting.push(this.#high, 0, n);
  }

  /** Back to the initial state. */
  reset(): void {
    this.#chain.reset();
    this.#frames.reset();
    this.#down.reset();
    this.#up.reset();
    this.#waiting.clear();
    this.#waiting.pushSilence(this.#ahead);
  }
}
