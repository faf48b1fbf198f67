import {
  knownKeys,
  nonNegativeInteger,
  oneOf,
  positiveInteger,
  record,
  refuseForeignNames,
  wrong,
} from "../checks.js";
import { stepsOut, type Window, zerosBefore } from "../kernel/cells/cell.js";
import type { Tensor, TensorLike } from "../tensor.js";
import { checkLengths, checkSteps, sequences } from "./input.js";
import { Layer, type LayerDescription, type LayerInput } from "./layer.js";
import { Parameters } from "./parameters.js";

/** Options of a `Pooling`. */
export interface PoolingOptions {
  /** The maximum or the mean. */
  kind: "max" | "average";
  /** The features of a step. */
  size: number;
  /** The number of steps in a window; by default all of them, and the output has no time axis. */
  kernelSize?: number | null;
  /** Steps from one window to the next; kernelSize by default. */
  stride?: number | null;
  /**
   * Padding around each sequence, which never counts for a maximum. 'valid', the default: none. 'same': as much as
   * ⌈T / stride⌉ output steps need, left out of means, as in Keras. A number below kernelSize: that many steps on both
   * sides, zeros in means, as in PyTorch.
   */
  padding?: "valid" | "same" | number;
}

/**
 * The maximum or the mean of each feature over windows of steps, or over the whole sequence. With `lengths` it covers
 * each sequence's own steps, with a mask those that are not masked. It has no parameters.
 */
export class Pooling extends Layer {
  declare readonly type: "Pooling";
  readonly options: Readonly<Required<PoolingOptions>>;
  readonly #window: Window | null;

  constructor(options: PoolingOptions) {
    refuseForeignNames(record(options, "options"));
    const checked = {
      kind: oneOf(options.kind, "kind", ["max", "average"]),
      size: positiveInteger(options.size, "size"),
      ...checkWindow(options),
    };
    const { size, kernelSize } = knownKeys(options, checked);
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

  /** [B, T, size] or [T, size] → [B, stepsOut(T), size] or [stepsOut(T), size]; without kernelSize [B, size] or [size]. */
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
  override get runsOutsideKernel(): boolean {
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
  override pass(given: LayerInput) {
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

  /** target (size) ← the pooled `span` steps from step `from` of row (T, size), as far as the row has them. */
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

function checkWindow({
  kernelSize = null,
  stride = null,
  padding = "valid",
}: PoolingOptions) {
  if (kernelSize === null) {
    const expected = (value: string) => `${value} without a kernelSize`;
    if (stride !== null) throw wrong(true, "stride", expected("none"), stride);
    if (padding !== "valid")
      throw wrong(true, "padding", expected('"valid"'), padding);
    return { kernelSize, stride, padding };
  }
  positiveInteger(kernelSize, "kernelSize");
  if (typeof padding !== "number") oneOf(padding, "padding", ["valid", "same"]);
  // otherwise there are windows without a step, whose maximum is -∞
  else if (nonNegativeInteger(padding, "padding") >= kernelSize)
    throw wrong(true, "padding", `less than kernelSize ${kernelSize}`, padding);
  return {
    kernelSize,
    stride: positiveInteger(stride ?? kernelSize, "stride"),
    padding,
  };
}

function windowOf(options: Required<PoolingOptions>): Window | null {
  const { kernelSize, stride, padding } = options;
  if (kernelSize === null || stride === null) return null;
  const zeros = typeof padding === "number" ? padding : 0;
  const same = padding === "same";
  return { span: kernelSize, stride, before: zeros, after: zeros, same };
}
