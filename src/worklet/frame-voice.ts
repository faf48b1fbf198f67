import { message } from "../checks.js";
import { Delay } from "../signal/delay.js";
import type { FrameModel } from "../signal/frame-model.js";
import { FramePipe } from "../signal/frame-pipe.js";
import type { CheckedSettings } from "../signal/frame-settings.js";
import type { Player } from "./player.js";

/** Called with views of a channel's frame, at the models' rate, and of the numbers for it. */
export type FrameListener = (
  channel: number,
  frame: Float32Array,
  numbers: Float32Array | null,
) => void;

/** Runs models on frames of the sound, each channel by itself. */
export class FrameVoice implements Player {
  readonly latency: number;
  readonly inputSize: number;
  readonly #pipes: readonly FramePipe[];
  readonly #delays: readonly Delay[];
  #input = new Float32Array(0);
  #outputs: Float32Array[] = [];
  #dry: Float32Array[] = [];
  #resets = 0; // not counted any more

  constructor(
    models: readonly FrameModel[],
    settings: CheckedSettings,
    channels: number,
    sampleRate: number,
    onFrame: FrameListener | null,
  ) {
    this.#pipes = Array.from({ length: channels }, (_, channel) => {
      const pipe = new FramePipe(models, settings, sampleRate);
      if (onFrame)
        pipe.onFrame = (frame, numbers) => onFrame(channel, frame, numbers);
      return pipe;
    });
    const { latency = 0, inputSize = 0 } = this.#pipes[0] ?? {};
    this.latency = latency;
    this.inputSize = inputSize;
    this.#delays = this.#pipes.map(() => new Delay(latency));
  }

  get resets(): number {
    let sum = -this.#resets;
    for (const pipe of this.#pipes) sum += pipe.resets;
    return sum;
  }

  set resets(resets: number) {
    this.#resets += this.resets - resets;
  }

  prepare(frames: number): void {
    if (this.#input.length === frames) return;
    this.#input = new Float32Array(frames);
    this.#outputs = this.#pipes.map(() => new Float32Array(frames));
    this.#dry = this.#pipes.map(() => new Float32Array(frames));
  }

  run(
    channel: number,
    input: Float32Array,
    from: Float64Array,
    to: Float64Array,
  ): Float32Array {
    const n = input.length;
    const gain = from[0] as number;
    const slope = ((to[0] as number) - gain) / n;
    for (let i = 0; i < n; i++)
      this.#input[i] = (input[i] as number) * (gain + slope * (i + 1));
    const output = this.#outputs[channel] as Float32Array;
    (this.#pipes[channel] as FramePipe).process(this.#input, output);
    return output;
  }

  dry(channel: number, input: Float32Array): Float32Array {
    const dry = this.#dry[channel] as Float32Array;
    (this.#delays[channel] as Delay).process(input, dry);
    return dry;
  }

  settle(): void {}

  reset(): void {
    for (const pipe of this.#pipes) pipe.reset();
    for (const delay of this.#delays) delay.reset();
  }

  setConditions(): void {
    throw new RangeError(
      message("conditions", "none, since the models take frames", "some"),
    );
  }
}
