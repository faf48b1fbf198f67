import { type Activation, ACTIVATIONS, Field, KINDS } from "../contract.js";
import type { Curve } from "../curves.js";
import type { Memory } from "../memory.js";

/** A layer's record (assembly/layer.ts), read once: widths, strides and addresses all in floats. */
export class Layer {
  readonly input: number;
  readonly recurrent: number;
  readonly second: number;
  readonly inputWidth: number;
  readonly panels: number;
  readonly zStride: number;
  readonly yStride: number;
  /** Lanes of the cell and of its output, and how many of them are real. */
  readonly hidden: number;
  readonly output: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  readonly reverse: boolean;
  readonly kind: (typeof KINDS)[number];
  readonly activation: Activation;
  readonly general: boolean;
  /** Of general cells. */
  readonly curves: readonly Curve[];
  readonly clip: number;
  readonly peepholes: number;
  readonly coupled: boolean;
  readonly resetAfter: boolean;
  readonly replace: boolean;

  constructor({ i32, f32 }: Memory, address: number) {
    const field = (name: keyof typeof Field) =>
      i32[(address >> 2) + Field[name]] as number;
    this.input = field("input") >> 2;
    this.recurrent = field("recurrent") >> 2;
    this.second = field("second") >> 2;
    this.inputWidth = field("inputWidth");
    this.panels = field("inputPanels");
    this.zStride = this.panels * 16;
    this.yStride = field("outputStride") >> 2;
    this.hidden = field("hiddenQuads") * 4;
    this.output = field("outputQuads") * 4;
    this.hiddenSize = this.hidden - 4 + field("hiddenTail");
    this.outputSize = this.output - 4 + field("outputTail");
    this.reverse = field("reverse") !== 0;
    this.kind = KINDS[field("kind")] as (typeof KINDS)[number];
    this.activation = ACTIVATIONS[field("activation")] as Activation;
    this.general = field("general") !== 0;
    this.curves = [0, 1, 2].map((index) => {
      const slot = (address >> 2) + Field.curves + index * 3;
      return {
        number: i32[slot] as number,
        a: f32[slot + 1] as number,
        b: f32[slot + 2] as number,
      };
    });
    this.clip = f32[(address >> 2) + Field.clip] as number;
    this.peepholes = field("peepholes") >> 2;
    this.coupled = field("coupled") !== 0;
    this.resetAfter = field("resetAfter") !== 0;
    this.replace = field("replace") !== 0;
  }
}
