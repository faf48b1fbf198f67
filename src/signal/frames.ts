import { message, positiveInteger, record } from "../checks.js";

/** Options of `Frames`. */
export interface FramesOptions {
  /** Samples in a frame. */
  size: number;
  /** Samples from the start of one frame to that of the next; `size` by default, less for overlap. */
  hop?: number;
}

const OPTIONS = { size: 0, hop: 0 } satisfies Record<keyof FramesOptions, 0>;

/**
 * Cuts blocks of any size into frames: after every `hop` samples, one of the last `size` samples. Before the first
 * sample there is silence.
 *
 *     samples   |····hop····|····hop····|····hop····|
 *     frame 0   size - hop zeros, then the first hop
 *     frame 1               the last size samples, hop of them new
 *
 * Allocates nothing after construction.
 */
export class Frames {
  readonly size: number;
  readonly hop: number;
  readonly #frame: Float32Array; // (size); its end is not filled yet
  #filled: number;

  constructor(options: FramesOptions) {
    const { size, hop = size } = record(options, "options", OPTIONS);
    this.size = positiveInteger(size, "size");
    this.hop = positiveInteger(hop, "hop");
    if (this.hop > this.size)
      throw new RangeError(
        message("hop", `at most size, ${this.size}`, `${this.hop}`),
      );
    this.#frame = new Float32Array(this.size);
    this.#filled = this.size - this.hop;
  }

  /** New samples since the last frame, 0 to hop - 1. */
  get pending(): number {
    return this.#filled - (this.size - this.hop);
  }

  /**
   * @param use called with each frame that the samples complete, a view that is valid during the call. If it throws,
   *   that frame counts as used, and the samples after it are not read.
   * @param count how many of the samples to read; all by default
   */
  push(
    samples: Float32Array,
    use: (frame: Float32Array) => void,
    count = samples.length,
  ): void {
    const { size, hop } = this;
    const frame = this.#frame;
    let at = 0;
    while (at < count) {
      const n = Math.min(size - this.#filled, count - at);
      for (let i = 0; i < n; i++)
        frame[this.#filled + i] = samples[at + i] as number;
      this.#filled += n;
      at += n;
      if (this.#filled < size) return;
      try {
        use(frame);
      } finally {
        frame.copyWithin(0, hop);
        this.#filled = size - hop;
      }
    }
  }

  /** Back to silence. */
  reset(): void {
    this.#frame.fill(0);
    this.#filled = this.size - this.hop;
  }
}
