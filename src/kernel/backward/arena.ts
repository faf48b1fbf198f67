import type { Memory } from "../memory.js";

/** Hands out a memory's bytes one after another; what is above a mark is given back at once. */
export class Arena {
  readonly memory: Memory;
  /** The first free byte. */
  top: number;

  constructor(memory: Memory, start: number) {
    this.memory = memory;
    this.top = start;
  }

  /** The address of so many floats, whatever is in them. */
  floats(count: number): number {
    const address = this.top;
    this.top += Math.ceil(count / 4) * 16;
    this.memory.ensure(this.top);
    return address;
  }

  zeros(count: number): number {
    const address = this.floats(count);
    this.memory.f32.fill(0, address >> 2, this.top >> 2);
    return address;
  }

  /** Packed rows of zeros, of so many lanes each. */
  rows(count: number, size: number, lanes: number): Rows {
    return { at: this.zeros(count * lanes), stride: lanes * 4, size };
  }

  /** A copy of what lies between `start` and the top. */
  save(start: number): Float32Array {
    return this.memory.f32.slice(start >> 2, this.top >> 2);
  }

  /** Puts such a copy back where it was. */
  restore(start: number, copy: Float32Array): void {
    this.top = start + copy.length * 4;
    this.memory.ensure(this.top);
    this.memory.f32.set(copy, start >> 2);
  }
}

/** Packed rows of `size` floats each. Whole quads of them are there, of gradients whole panels, the rest 0 or times 0. */
export interface Rows {
  readonly at: number; // address
  readonly stride: number; // bytes
  readonly size: number;
}

/** Floats of whole quads. */
export const lanesOf = (size: number): number => Math.ceil(size / 4) * 4;
/** Floats of whole panels. */
export const panelsOf = (size: number): number => Math.ceil(size / 16) * 16;
