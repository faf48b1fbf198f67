import { message, shapeText, wrong } from "../checks.js";
import type { Cell, StageSpec } from "../kernel/model.js";
import { asTensor, type Tensor, type TensorLike } from "../tensor.js";
import { Layer, type LayerFacts } from "./layer.js";
import { PackedModel } from "./packed-model.js";
import { Stream } from "./stream.js";

/** A layer of one cell whose output at a step depends only on that step. */
export abstract class Pointwise extends Layer {
  readonly #packed: PackedModel;

  /** @internal */
  protected constructor(facts: LayerFacts) {
    super(facts);
    this.#packed = new PackedModel(this.type, [this], this.backend);
  }

  /** [.., I] → [.., O], with any number of axes in front. */
  forward(input: TensorLike): { output: Tensor } {
    const { inputSize, outputSize } = this;
    const { shape, data } = asTensor(input, "input");
    if (!shape.length || shape.at(-1) !== inputSize || !data.length) {
      const expected = `[.., ${inputSize}]`;
      throw new RangeError(message("input", expected, shapeText(shape)));
    }
    const { output } = this.#packed.model.forward({
      input: data,
      batch: 1,
      steps: data.length / inputSize,
      lengths: null,
      states: [],
      trace: null,
    });
    return {
      output: { shape: [...shape.slice(0, -1), outputSize], data: output },
    };
  }

  /** A stream over this layer; its state is null. */
  stream(): Stream<null> {
    return new Stream<null>({
      packed: this.#packed,
      tokens: null,
      probabilities: this.probabilities,
      join: () => null,
      split: (state) => {
        if (state === null) return [];
        throw wrong(false, "state", `null for a ${this.type}`, state);
      },
    });
  }

  override dispose(): void {
    this.#packed.dispose();
  }
}

/** A stage of one cell that runs forwards. */
export const stageOfCell = (cell: Cell): StageSpec => ({
  cells: [cell],
  lastOnly: false,
  merge: "concat",
  inProcessingOrder: false,
});
