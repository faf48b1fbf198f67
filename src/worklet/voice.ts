import { counted, message, wrong } from "../checks.js";
import type { Sequential } from "../models/sequential.js";
import type { Player } from "./player.js";
import type { VoiceOptions } from "./protocol.js";

/**
 * Quieter samples become this, far below hearing (-300 dB): with zeros as input, the state of a network may decay to
 * denormal numbers, on which processors are many times slower. Its square is still a normal number.
 */
const FLOOR = 1e-15;
/** Louder samples, infinity and NaN are errors, and would stay in the state for good. */
const CEILING = 1e6;

/** Runs a model from sample to sample, one stream per channel. Nothing is allocated after set-up. */
export class Voice implements Player {
  readonly latency = 0;
  readonly inputSize: number;
  readonly #streams: ReturnType<Sequential["stream"]>[];
  readonly #width: number; // I
  readonly #residual: boolean;
  /** The conditions at the end of the last quantum, and those for the end of this one. */
  readonly #held: Float32Array;
  readonly #wanted: Float32Array;
  #frames = new Float32Array(0); // (n, I)
  #outputs: Float32Array[] = []; // one a channel, n each
  resets = 0;

  /** @throws RangeError unless the model has one output, and as many inputs as the sample and the conditions */
  constructor(model: Sequential, channels: number, options: VoiceOptions = {}) {
    if (model.outputSize !== 1)
      throw new RangeError(
        message("model", "one output, the sample", `${model.outputSize}`),
      );
    this.inputSize = this.#width = model.inputSize;
    this.#residual = options.residual ?? false;
    this.#streams = Array.from({ length: channels }, () => model.stream());
    this.#held = new Float32Array(this.#width - 1);
    this.#wanted = new Float32Array(this.#width - 1);
    if (options.conditions) this.setConditions(options.conditions);
    this.#held.set(this.#wanted);
  }

  /** The values are reached at the end of the next quantum. */
  setConditions(values: ArrayLike<number>): void {
    checkConditions(values, this.#wanted.length);
    for (let i = 0; i < values.length; i++)
      this.#wanted[i] = values[i] as number;
  }

  reset(): void {
    for (const stream of this.#streams) stream.reset();
  }

  /** Allocates arrays for quanta of n frames; so far these are always 128, so once. */
  prepare(frames: number): void {
    if (this.#frames.length === frames * this.#width) return;
    this.#frames = new Float32Array(frames * this.#width);
    this.#outputs = this.#streams.map(() => new Float32Array(frames));
  }

  run(
    channel: number,
    input: Float32Array,
    from: Float64Array,
    to: Float64Array,
  ): Float32Array {
    const n = input.length;
    const frames = this.#frames;
    const width = this.#width;
    const gain = from[0] as number;
    const slope = ((to[0] as number) - gain) / n;
    for (let i = 0, at = 0; i < n; i++, at += width) {
      const x = (input[i] as number) * (gain + slope * (i + 1));
      const size = Math.abs(x);
      frames[at] = size > FLOOR && size < CEILING ? x : FLOOR;
    }
    for (let c = 1; c < width; c++) {
      const held = this.#held[c - 1] as number;
      const step = ((this.#wanted[c - 1] as number) - held) / n;
      for (let i = 0, at = c; i < n; i++, at += width)
        frames[at] = held + step * (i + 1);
    }
    const output = this.#outputs[channel] as Float32Array;
    const stream = this.#streams[channel] as ReturnType<Sequential["stream"]>;
    stream.run(frames, output);
    if (this.#residual)
      for (let i = 0, at = 0; i < n; i++, at += width)
        output[i] = (output[i] as number) + (frames[at] as number);
    let sum = 0;
    for (let i = 0; i < n; i++) sum += Math.abs(output[i] as number);
    if (!(sum < Infinity)) {
      this.resets++;
      stream.reset();
      output.fill(0);
    }
    return output;
  }

  dry(_: number, input: Float32Array): Float32Array {
    return input;
  }

  settle(): void {
    for (let i = 0; i < this.#held.length; i++)
      this.#held[i] = this.#wanted[i] as number;
  }
}

function checkConditions(values: unknown, count: number): void {
  if (!Array.isArray(values) && !ArrayBuffer.isView(values))
    throw wrong(false, "conditions", counted(count, "number"), values);
  const list = values as ArrayLike<unknown>;
  if (list.length !== count)
    throw new RangeError(
      message("conditions", counted(count, "number"), `${list.length}`),
    );
  for (let i = 0; i < count; i++)
    if (!Number.isFinite(list[i]))
      throw wrong(
        typeof list[i] === "number",
        `conditions[${i}]`,
        "a finite number",
        list[i],
      );
}
