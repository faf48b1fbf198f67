/** Runs models on sound, one stream per channel. Allocates nothing after `prepare`. */
export interface Player {
  /** The number of inputs of the (first) model. */
  readonly inputSize: number;
  /** The delay of `run`, in samples. */
  readonly latency: number;
  /** How often a model's output was not finite. */
  resets: number;
  /** Allocates arrays for quanta of n frames. */
  prepare(frames: number): void;
  /**
   * A quantum of one channel; the first of `from` and `to` is its input gain at the start and the end. The result is
   * valid until the next quantum.
   */
  run(
    channel: number,
    input: Float32Array,
    from: Float64Array,
    to: Float64Array,
  ): Float32Array;
  /** The unprocessed quantum with the delay of `run`, to mix with its result. */
  dry(channel: number, input: Float32Array): Float32Array;
  /** Called at the end of a quantum, after all channels. */
  settle(): void;
  reset(): void;
  /** @throws RangeError if the model has no such inputs */
  setConditions(values: ArrayLike<number>): void;
}
