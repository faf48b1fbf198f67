import { positiveInteger, record } from "../checks.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { sequences } from "./input.js";
import { Layer, type LayerDescription, type Passage } from "./layer.js";
import { Parameters } from "./parameters.js";

/** Options of a `LastStep`. */
export interface LastStepOptions {
  /** Features of a step. */
  size: number;
  /** How many times the step comes out; without it once, and T is gone behind it. */
  repeat?: number | null;
}

/**
 * The last step alone, [B, T, size] → [B, size], or as often as `repeat` says, [B, repeat, size]: PyTorch's `y[:, -1]`,
 * and behind it Keras's RepeatVector. Of a sequence with a length of its own it is that one's last step, of a masked
 * one the last that counts. It has no parameters.
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

  /** [B, T, size] or [T, size] → [B, size] or [size], or with `repeat` as many steps of it. */
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
  override get apart(): boolean {
    return true;
  }

  /** @internal */
  override get description(): LayerDescription {
    const { size, repeat } = this.options;
    const convention = repeat === null ? "last step alone" : `${repeat} times`;
    return { sizes: { size }, convention };
  }

  /** @internal */
  override pass(given: Passage) {
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
