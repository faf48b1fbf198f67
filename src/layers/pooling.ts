import {
  knownKeys,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  record,
  refuseTheirWords,
} from "../checks.js";
import { stepsOut, type Window, zerosBefore } from "../kernel/cells/cell.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkLengths, checkSteps, sequences } from "./input.js";
import { Layer, type LayerDescription, type Passage } from "./layer.js";
import { Parameters } from "./parameters.js";

/** Options of a `Pooling`. */
export interface PoolingOptions {
  /** The largest or the mean. */
  kind: "max" | "average";
  /** The features of a step. */
  size: number;
  /** Steps that each output step is made of; without it all, and T is gone behind it. */
  kernelSize?: number | null;
  /** Steps from one output step to the next; kernelSize by default. */
  stride?: number | null;
  /**
   * Steps around each sequence that are never the largest. 'valid', the default: none. 'same': as many as ⌈T / stride⌉
   * output steps take, no part of a mean, as in Keras; a number: as many on both sides, zeros in a mean, as in PyTorch.
   */
  padding?: "valid" | "same" | number;
}

/**
 * The largest or the mean of each feature over windows of steps, or over the whole sequence: of one with a length of its
 * own over its own steps, of a masked one over those that count. It has no parameters.
 */
export class Pooling extends Layer {
  declare readonly type: "Pooling";
  readonly options: Readonly<Required<PoolingOptions>>;
  readonly #window: Window | null;

  constructor(options: PoolingOptions) {
    refuseTheirWords(record(options, "options"));
    const kernelSize = options.kernelSize ?? null;
    const checked = {
      kind: oneOf(options.kind, "kind", ["max", "average"]),
      size: positiveInteger(options.size, "size"),
      kernelSize:
        kernelSize === null ? null : positiveInteger(kernelSize, "kernelSize"),
      stride:
        kernelSize === null
          ? null
          : positiveInteger(options.stride ?? kernelSize, "stride"),
      padding: checkPadding(options.padding ?? "valid"),
    };
    const { size } = knownKeys(options, checked);
    super({
      type: "Pooling",
      inputSize: size,
      outputSize: size,
      parameters: new Parameters([], () => new Float32Array()),
      causal: false,
      pointwise: false,
      lastOnly: kernelSize === null,
    });
    this.options = Object.freeze(checked);
    this.#window = windowOf(checked);
  }

  /** [B, T, size] or [T, size] → [B, stepsOut(T), size], or without kernelSize [B, size]. */
  forward(
    input: TensorLike,
    options: { lengths?: readonly number[] } = {},
  ): { output: Tensor } {
    const given = record(options, "options", { lengths: 0 });
    const { size } = this.options;
    const all = sequences(input, size);
    const lengths = checkLengths(given["lengths"], all);
    checkSteps([this], all.steps, lengths);
    const { data, steps } = this.pass({ ...all, mask: null, lengths });
    const shape = [...(this.lastOnly ? [] : [steps]), size];
    return {
      output: { shape: all.batched ? [all.batch, ...shape] : shape, data },
    };
  }

  override stepsOut(steps: number): number {
    return this.#window ? stepsOut(this.#window, steps) : 1;
  }

  /** @internal */
  override get apart(): boolean {
    return true;
  }

  /** @internal */
  override get description(): LayerDescription {
    const { size } = this.options;
    return { sizes: { size }, convention: this.remarks.join(", ") };
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    const { kind, kernelSize, stride, padding } = this.options;
    if (kernelSize === null) return [kind, "over all steps"];
    return [
      kind,
      `of ${kernelSize}`,
      `stride ${stride}`,
      ...(padding === "valid" ? [] : [`padding ${padding}`]),
    ];
  }

  /** @internal */
  override pass(given: Passage) {
    const { batch, steps, mask, lengths } = given;
    const { size } = this.options;
    const window = this.#window;
    if (window) this.checkMaskFits(mask, steps);
    const left = this.stepsOut(steps);
    const data = new Float32Array(batch * left * size); // (B, T', size)
    for (let b = 0; b < batch; b++) {
      const end = lengths?.[b] ?? steps;
      const row = given.data.subarray(
        b * steps * size,
        (b * steps + end) * size,
      );
      const own = mask?.subarray(b * steps, b * steps + end) ?? null;
      const count = window ? stepsOut(window, end) : 1;
      const before = window ? zerosBefore(window, end) : 0;
      for (let t = 0; t < count; t++) {
        const from = window ? t * window.stride - before : 0;
        const span = window?.span ?? end;
        const to = (b * left + t) * size;
        this.#pool(row, from, span, own, data.subarray(to, to + size));
      }
    }
    return {
      data,
      batch,
      steps: left,
      mask: window && mask,
      lengths: window && lengths && lengths.map((each) => this.stepsOut(each)),
      states: [],
    };
  }

  /** target (size) ← what lies of `span` steps from `from` in row (T, size). */
  #pool(
    row: Float32Array,
    from: number,
    span: number,
    mask: Uint8Array | null,
    target: Float32Array,
  ): void {
    const { kind, size, padding } = this.options;
    const first = Math.max(0, from);
    const end = Math.min(row.length / size, from + span);
    for (let i = 0; i < size; i++) {
      let most = Number.NEGATIVE_INFINITY;
      let sum = 0;
      let count = 0;
      for (let t = first; t < end; t++) {
        if (mask && !mask[t]) continue;
        const value = row[t * size + i] as number;
        most = Math.max(most, value);
        sum += value;
        count++;
      }
      const all = typeof padding === "number" ? span : count;
      target[i] = kind === "max" ? most : sum / all;
    }
  }
}

function checkPadding(value: unknown): "valid" | "same" | number {
  return typeof value === "number"
    ? nonNegativeInteger(value, "padding")
    : oneOf(value, "padding", ["valid", "same"] as const);
}

function windowOf(options: Required<PoolingOptions>): Window | null {
  const { kernelSize, stride, padding } = options;
  if (kernelSize === null || stride === null) return null;
  const zeros = typeof padding === "number" ? padding : 0;
  const same = padding === "same";
  return { span: kernelSize, stride, before: zeros, after: zeros, same };
}
