/**
 * Converts samples to a lower rate and cuts them into frames, as @ricky0123/vad-web does: sample j of a frame is the mean
 * of the input samples before (j + 1) · from / to that are not in an earlier one, and the next frame begins with the next
 * input sample. From 48 kHz, each is the mean of three; if `from` is not a multiple of `to`, a frame uses up to one input
 * sample more than its share. Allocates nothing after construction.
 */
export class FrameAverage {
  readonly from: number;
  readonly to: number;
  readonly #frame: Float32Array; // (size)
  readonly #needed: number; // input samples with which a frame is complete
  #index = 0; // of the next input sample in the frame
  #j = 0; // sample of the frame that it belongs to
  #sum = 0;
  #count = 0;

  constructor(from: number, to: number, size: number) {
    this.from = from;
    this.to = to;
    this.#frame = new Float32Array(size);
    let needed = Math.floor((size * from) / to);
    while ((needed * to) / from < size) needed++;
    this.#needed = needed;
  }

  /** @param use as for `Frames.push` */
  push(samples: Float32Array, use: (frame: Float32Array) => void): void {
    for (let i = 0; i < samples.length; i++) {
      if (this.#index >= ((this.#j + 1) * this.from) / this.to) this.#next();
      this.#sum += samples[i] as number;
      this.#count++;
      if (++this.#index < this.#needed) continue;
      this.#next();
      this.#index = this.#j = 0;
      use(this.#frame);
    }
  }

  #next(): void {
    this.#frame[this.#j++] = this.#sum / this.#count;
    this.#sum = this.#count = 0;
  }

  /** The duration of a frame. */
  get milliseconds(): number {
    return (1000 * this.#needed) / this.from;
  }

  reset(): void {
    this.#index = this.#j = this.#sum = this.#count = 0;
  }
}
