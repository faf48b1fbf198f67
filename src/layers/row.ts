import type { StreamState } from "../kernel/model.js";
import type { PackedModel } from "./packed-model.js";

/**
 * One row through a forward layer of one cell, call after call, from states that are given with each: graphs run frame
 * after frame. All is written into the caller's arrays, and nothing is allocated once it has run.
 */
export class Row {
  readonly #packed: PackedModel;
  #stream: StreamState | null = null;

  constructor(packed: PackedModel) {
    this.#packed = packed;
  }

  /**
   * @param states where to start: the parts of the state in order (h; c of an LSTM), null: zeros
   * @param ends what the parts are after the last step
   */
  run(
    input: Float32Array, // (T, I)
    steps: number,
    states: readonly (Float32Array | null)[],
    output: Float32Array, // (T, O)
    ends: readonly Float32Array[],
  ): void {
    const { model } = this.#packed;
    const stream = (this.#stream ??= model.open());
    for (let part = 0; part < ends.length; part++)
      model.writePart(stream, part, states[part] ?? null);
    if (steps === 1) model.step(stream, input, 0, output);
    else model.run(stream, input, steps, output);
    for (let part = 0; part < ends.length; part++)
      model.readPart(stream, part, ends[part] as Float32Array);
  }
}
