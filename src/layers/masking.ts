import { record, shapeText, message, wrong } from "../checks.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import type { Mask } from "./mask.js";
import { Parameterised } from "./parameterised.js";
import { Parameters } from "./parameters.js";

export interface MaskingOptions {
  /** A step is masked when all its features are this; 0 by default. */
  maskValue?: number;
}

/**
 * Masks steps for the recurrent layers behind it in a model, up to and with one of returnSequences false, and makes
 * their features 0 (Keras's Masking). It has no parameters.
 */
export class Masking extends Parameterised {
  readonly options: Readonly<Required<MaskingOptions>>;

  constructor(options: MaskingOptions = {}) {
    const known = { maskValue: 0 };
    const { maskValue = 0 } = record(options, "options", known);
    if (!Number.isFinite(maskValue)) {
      const right = typeof maskValue === "number";
      throw wrong(right, "maskValue", "a finite number", maskValue);
    }
    super("Masking", new Parameters([], () => new Float32Array()));
    this.options = Object.freeze({ maskValue: maskValue as number });
  }

  /** [.., T, I] with the features of masked steps 0. */
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
    // Data are float32 numbers, so what they are compared with is one too.
    const value = Math.fround(this.options.maskValue);
    const mask = new Uint8Array(data.length / size);
    data.forEach((feature, index) => {
      if (feature !== value) mask[Math.floor(index / size)] = 1;
    });
    return mask;
  }
}

/** A copy with the masked steps' features 0. */
export function clear(data: Float32Array, mask: Mask): Float32Array {
  const size = data.length / mask.length;
  return data.map((value, index) =>
    mask[Math.floor(index / size)] ? value : 0,
  );
}
