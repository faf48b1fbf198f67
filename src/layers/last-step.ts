import { positiveInteger, record } from "../checks.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { sequences } from "./input.js";
import { Layer, type LayerDescription, type LayerInput } from "./layer.js";
import { Parameters } from "./parameters.js";

/** Options of a `LastStep`. */
export interface LastStepOptions {
  /** The features of a step. */
  size: number;
  /** How many times to repeat the step; by default it is returned once, without a time axis. */
  repeat?: number | null;
}

/**
 * The last step, [B, T, size] → [B, size], or that step repeated, [B, repeat, size]: PyTorch's `y[:, -1]`, and Keras's
 * RepeatVector after it. With `lengths` it is each sequence's own last step, with a mask the last that is not masked.
 * It has no parameters.
 */
export class LastStep extends Layer {
  declare readonly type: "LastStep";
  readonly options: Readonly<Required<LastStepOptions>>;

  constructor(options: LastStepOptions) {
    record(options, "options", { size: 0, repeat: 0 });
    const size = positiveInteger(options.size, "size");
    const given = options.repeat ?? null;
    const repeat = given === null ? null : positiveInteger(given, "repeat");
    super({
      type: "LastStep",
      inputSize: size,
      outputSize: size,
      parameters: new Parameters([], () => new Float32Array()),
      causal: false,
      pointwise: false,
      lastOnly: repeat === null,
      setsSteps: repeat !== null,
    });
    this.options = Object.freeze({ size, repeat });
  }

  /** [B, T, size] or [T, size] → [B, size] or [size]; with `repeat`, [B, repeat, size] or [repeat, size]. */
  forward(input: TensorLike): { output: Tensor } {
    const { size, repeat } = this.options;
    const { data, batch, steps, batched } = sequences(input, size);
    const passage = { data, batch, steps, mask: null, lengths: null };
    const shape = repeat === null ? [size] : [repeat, size];
    const { data: output } = this.pass(passage);
    return {
      output: { shape: batched ? [batch, ...shape] : shape, data: output },
    };
  }

  override stepsOut(): number {
    return this.options.repeat ?? 1;
  }

  /** @internal */
  override get runsOutsideKernel(): boolean {
    return true;
  }

  /** @internal */
  override get description(): LayerDescription {
    const { size, repeat } = this.options;
    const convention = repeat === null ? "last step only" : `${repeat} times`;
    return { sizes: { size }, convention };
  }

  /** @internal */
  override pass(given: LayerInput) {
    const { batch, steps, mask, lengths } = given;
    const { size, repeat } = this.options;
    const times = repeat ?? 1;
    const data = new Float32Array(batch * times * size); // (B, times, size)
    for (let b = 0; b < batch; b++) {
      let last = (lengths?.[b] ?? steps) - 1;
      if (mask) while (last > 0 && !mask[b * steps + last]) last--;
      const start = (b * steps + last) * size;
      const step = given.data.subarray(start, start + size);
      for (let i = 0; i < times; i++) data.set(step, (b * times + i) * size);
    }
    return { data, batch, steps: times, mask: null, lengths: null, states: [] };
  }
}
