import { message, positiveInteger, record } from "../checks.js";

/** Which frames a stream of samples is cut into. */
export interface FramesOptions {
  /** Samples in a frame. */
  size: number;
  /** Samples from the start of a frame to that of the next; `size` by default, more overlap below it. */
  hop?: number;
}

const OPTIONS = { size: 0, hop: 0 } satisfies Record<keyof FramesOptions, 0>;

/**
 * Cuts blocks of any size into frames: one after every `hop` samples, the last `size` samples that there were. Before
 * the first there was silence.
 *
 *     samples   |····hop····|····hop····|····hop····|
 *     frame 0   size - hop zeros, then the first hop
 *     frame 1               the last size samples, hop of them new
 *
 * Allocates nothing once it is made.
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
   * @param count of the samples, from the first on, if not all
   * @param use is called with each frame that the samples complete: a view that is valid during the call. Where it
   *   throws, that frame is done with, and the samples behind it are not taken.
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

  /** As at the start. */
  reset(): void {
    this.#frame.fill(0);
    this.#filled = this.size - this.hop;
  }
}
