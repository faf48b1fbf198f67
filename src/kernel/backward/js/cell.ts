import type { ActivationCode } from "../../activations.js";
import type { Memory } from "../../memory.js";
import {
  type CellField,
  CLIP_AT,
  FIELD,
  flagAt,
  SLOTS_AT,
} from "../contract.js";

/** A cell's record (assembly/train/cell.ts), read before each pass: addresses and strides in floats. */
export class Cell {
  readonly f32: Float32Array;
  /** As kernel/fields.ts numbers them. */
  readonly kind: number;
  readonly general: boolean;
  /** Lanes of whole quads, and how many of them are real. */
  readonly hidden: number;
  readonly output: number;
  readonly hiddenSize: number;
  readonly outputSize: number;
  /** Rows of each step. */
  readonly active: Int32Array;
  /** Rows of all steps. */
  readonly rows: number;
  readonly curves: readonly ActivationCode[];
  readonly clip: number;
  readonly coupled: boolean;
  readonly replace: boolean;
  readonly resetAfter: boolean;
  readonly #i32: Int32Array;
  readonly #at: number;

  constructor({ f32, i32 }: Memory, address: number) {
    this.f32 = f32;
    this.#i32 = i32;
    this.#at = address >> 2;
    const at = this.#at;
    const int = (name: CellField) => i32[at + FIELD[name]] as number;
    this.kind = int("kind");
    this.general = int("general") !== 0;
    this.hidden = int("hiddenQuads") * 4;
    this.output = int("outputQuads") * 4;
    this.hiddenSize = this.hidden - 4 + int("hiddenTail");
    this.outputSize = this.output - 4 + int("outputTail");
    const active = int("active") >> 2;
    this.active = i32.subarray(active, active + int("steps"));
    this.rows = int("packed");
    this.curves = [0, 1, 2].map((index) => {
      const slot = at + SLOTS_AT + index * 3;
      return {
        number: i32[slot] as number,
        a: f32[slot + 1] as number,
        b: f32[slot + 2] as number,
      };
    });
    this.clip = f32[at + CLIP_AT] as number;
    this.coupled = i32[at + flagAt("coupled")] !== 0;
    this.replace = i32[at + flagAt("replace")] !== 0;
    this.resetAfter = i32[at + flagAt("resetAfter")] !== 0;
  }

  /** An address, or a stride, in floats. */
  of(name: CellField): number {
    return (this.#i32[this.#at + FIELD[name]] as number) >> 2;
  }

  /** Where a step's rows lie among those of y and c, which have the state before the first step in front. */
  previous(step: number, at: number): number {
    return step
      ? (this.active[0] as number) + at - (this.active[step - 1] as number)
      : 0;
  }
}

/** Floats of a row of whole panels that has so many lanes. */
export const panelRow = (lanes: number): number => Math.ceil(lanes / 16) * 16;
