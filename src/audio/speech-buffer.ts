/** Collects the frames of speech, or of what may become speech. Grows with the longest speech so far. */
export class SpeechBuffer {
  readonly #size: number;
  #samples: Float32Array; // (capacity)
  #length = 0;

  /**
   * @param size samples in a frame
   * @param frames initial capacity
   */
  constructor(size: number, frames: number) {
    this.#size = size;
    this.#samples = new Float32Array(size * Math.max(1, frames));
  }

  push(frame: Float32Array): void {
    const end = this.#length + this.#size;
    if (end > this.#samples.length) {
      const larger = new Float32Array(2 * this.#samples.length);
      larger.set(this.#samples);
      this.#samples = larger;
    }
    this.#samples.set(frame, this.#length);
    this.#length = end;
  }

  /** Drops all but the last frames. */
  keep(frames: number): void {
    const kept = frames * this.#size;
    if (this.#length <= kept) return;
    this.#samples.copyWithin(0, this.#length - kept, this.#length);
    this.#length = kept;
  }

  /** A copy of all samples, which empties the buffer. */
  take(): Float32Array {
    const samples = this.#samples.slice(0, this.#length);
    this.#length = 0;
    return samples;
  }

  clear(): void {
    this.#length = 0;
  }
}
