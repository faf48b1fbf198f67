import { message, positiveInteger, record } from "../checks.js";
import { RealFft } from "./fft.js";
import { OverlapAdd, overlapGain } from "./overlap-add.js";
import { type Window, windowOf } from "./window.js";

/** Options of `Stft`. */
export interface StftOptions {
  /** Samples in a frame: a power of two. */
  size: number;
  /** Samples between frames: at most `size`. */
  hop: number;
  /** Applied before the transform and again after its inverse; "sqrt-hann" by default. */
  window?: Window;
}

const OPTIONS = { size: 0, hop: 0, window: 0 } satisfies Record<
  keyof StftOptions,
  0
>;

/**
 * The short-time Fourier transform of a stream, frame by frame, and its inverse: for unchanged spectra, `synthesize`
 * returns the input with a delay of `size - hop` samples.
 *
 *     frame (size) → · window → spectrum (size / 2 + 1, 2) → … → frame · window → overlap-add → hop samples
 *
 * Cut the stream with `Frames`. Allocates nothing after construction.
 */
export class Stft {
  readonly size: number;
  readonly hop: number;
  /** size / 2 + 1 */
  readonly bins: number;
  readonly #fft: RealFft;
  readonly #window: Float32Array; // (size)
  readonly #after: Float32Array; // (size): the window, divided by the gain of the overlap
  readonly #frame: Float32Array; // (size)
  readonly #sum: OverlapAdd;

  /** @throws TypeError, RangeError that name the option; RangeError for a window that loses samples */
  constructor(options: StftOptions) {
    const {
      size,
      hop,
      window = "sqrt-hann",
    } = record(options, "options", OPTIONS) as unknown as StftOptions;
    this.#fft = new RealFft(size);
    this.size = size;
    this.hop = positiveInteger(hop, "hop");
    if (hop > size)
      throw new RangeError(message("hop", `at most size, ${size}`, `${hop}`));
    this.bins = this.#fft.bins;
    this.#window = windowOf(window, size);
    const gain = overlapGain(this.#window, hop);
    this.#after = this.#window.map((w, i) => w / (gain[i % hop] as number));
    this.#frame = new Float32Array(size);
    this.#sum = new OverlapAdd(size, hop);
  }

  /** frame (size) → spectrum (bins, 2), real and imaginary parts interleaved */
  analyze(frame: Float32Array, spectrum: Float32Array): void {
    for (let i = 0; i < this.size; i++)
      this.#frame[i] = (frame[i] as number) * (this.#window[i] as number);
    this.#fft.forward(this.#frame, spectrum);
  }

  /** spectrum (bins, 2) → out (hop): the samples that are now complete */
  synthesize(spectrum: Float32Array, out: Float32Array): void {
    this.#fft.inverse(spectrum, this.#frame);
    for (let i = 0; i < this.size; i++)
      this.#frame[i] = (this.#frame[i] as number) * (this.#after[i] as number);
    this.#sum.add(this.#frame, out);
  }

  /** Back to the initial state. */
  reset(): void {
    this.#sum.reset();
  }
}
