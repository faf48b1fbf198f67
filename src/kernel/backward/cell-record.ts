import type { ActivationCode } from "../activations.js";
import type { Memory } from "../memory.js";
import {
  type CellField,
  type CellFlag,
  CLIP_AT,
  FIELD,
  flagAt,
  SLOTS_AT,
} from "./contract.js";

/** What a cell's record says beside addresses and sizes. */
export interface CellFunctions {
  readonly curves: readonly ActivationCode[];
  readonly clip: number;
  readonly flags: Readonly<Partial<Record<CellFlag, boolean>>>;
}

/** A record at an address: its fields by name. */
export class CellRecord {
  readonly address: number;
  readonly #memory: Memory;

  constructor(memory: Memory, address: number) {
    this.#memory = memory;
    this.address = address;
  }

  write(fields: Readonly<Partial<Record<CellField, number>>>): void {
    const { i32 } = this.#memory;
    for (const [name, value] of Object.entries(fields))
      i32[(this.address >> 2) + FIELD[name as CellField]] = value;
  }

  writeFunctions({ curves, clip, flags }: CellFunctions): void {
    const { i32, f32 } = this.#memory;
    const at = this.address >> 2;
    curves.forEach(({ number, a, b }, index) => {
      const slot = at + SLOTS_AT + index * 3;
      i32[slot] = number;
      f32[slot + 1] = a;
      f32[slot + 2] = b;
    });
    f32[at + CLIP_AT] = clip;
    for (const [name, value] of Object.entries(flags))
      i32[at + flagAt(name as CellFlag)] = Number(value);
  }

  of(name: CellField): number {
    return this.#memory.i32[(this.address >> 2) + FIELD[name]] as number;
  }
}
