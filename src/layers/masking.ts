import { message, record, shapeText, wrong } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import { Layer, type LayerDescription, type LayerInput } from "./layer.js";
import { bothMasks, type Mask } from "./mask.js";
import { Parameters } from "./parameters.js";

/** Options of a `Masking`. */
export interface MaskingOptions {
  /** A step is masked if all its features have this value; 0 by default. */
  maskValue?: number;
}

/**
 * Masks steps for the recurrent layers after it in a model, up to and including one with returnSequences false, and sets
 * their features to 0 (Keras's Masking). It has no parameters.
 */
export class Masking extends Layer {
  declare readonly type: "Masking";
  readonly options: Readonly<Required<MaskingOptions>>;

  constructor(options: MaskingOptions = {}) {
    const known = { maskValue: 0 };
    const { maskValue = 0 } = record(options, "options", known);
    if (!Number.isFinite(maskValue)) {
      const right = typeof maskValue === "number";
      throw wrong(right, "maskValue", "a finite number", maskValue);
    }
    super({
      type: "Masking",
      inputSize: 0,
      outputSize: 0,
      parameters: new Parameters([], () => new Float32Array()),
      masks: true,
    });
    this.options = Object.freeze({ maskValue: maskValue as number });
  }

  /** The input [.., T, I] with the features of masked steps set to 0. */
  forward(input: TensorLike): { output: Tensor } {
    const { shape, data } = asTensor(input, "input");
    if (shape.length < 2 || !data.length) {
      const expected = "[B, T, I] or [T, I]";
      throw new RangeError(message("input", expected, shapeText(shape)));
    }
    const size = shape.at(-1) as number;
    const output = clear(data, this.maskOf(data, size));
    return { output: { shape: [...shape], data: output } };
  }

  /** The mask of steps of `size` features each. @internal */
  maskOf(data: Float32Array, size: number): Mask {
    // the data are float32, so the value they are compared with must be too
    const value = Math.fround(this.options.maskValue);
    const mask = new Uint8Array(data.length / size);
    data.forEach((feature, index) => {
      if (feature !== value) mask[Math.floor(index / size)] = 1;
    });
    return mask;
  }

  /** @internal */
  override get description(): LayerDescription {
    const convention = `steps of ${this.options.maskValue} alone masked`;
    return { sizes: {}, convention };
  }

  /** @internal */
  protected override get remarks(): readonly string[] {
    return [`steps of ${this.options.maskValue}`];
  }

  /** @internal */
  override pass(given: LayerInput) {
    const { data, batch, steps } = given;
    const own = this.maskOf(data, data.length / (batch * steps));
    const mask = bothMasks(given.mask, own);
    return { ...given, data: clear(data, own), mask, states: [] };
  }
}

/** A copy with the features of masked steps set to 0. */
function clear(data: Float32Array, mask: Mask): Float32Array {
  const size = data.length / mask.length;
  return data.map((value, index) =>
    mask[Math.floor(index / size)] ? value : 0,
  );
}
