/** What an engine plays sound through: models at work, a stream a channel. Allocates nothing once it is prepared. */
export interface Player {
  /** Numbers that the (first) model takes at a step. */
  readonly inputSize: number;
  /** Samples by which `run` is late. */
  readonly latency: number;
  /** How often a model's output was not finite. */
  resets: number;
  /** Room for quanta of n frames. */
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
  /** The quantum as it came, as late as `run`: what that is mixed with. */
  dry(channel: number, input: Float32Array): Float32Array;
  /** Ends a quantum, all channels of it. */
  settle(): void;
  reset(): void;
  /** @throws RangeError where the model has no such inputs */
  setConditions(values: ArrayLike<number>): void;
}
