/*
 * Attributes that are text, the only ones that Keras's files have: numbers are left to others.
 *
 *     message: version, flags, three sizes [, character set], name, datatype, dataspace, values
 *
 * https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html, IV.A.2.m. Version 1 pads each part to 8 bytes.
 * Text of variable length is in a global heap, of which the values have the length, the address and the index.
 */
import { FormatError } from "../../errors.js";
import { sizeOf } from "../../tensor.js";

const TEXT = 3;
const VARIABLE = 9;

/** Of an object in a global heap. */
interface Stored {
  readonly start: number;
  readonly size: number;
}

export class Attributes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #charge: (steps: number) => void;
  readonly #heaps = new Map<number, ReadonlyMap<number, Stored>>();

  /** @param charge called with the steps that are about to be taken */
  constructor(bytes: Uint8Array, charge: (steps: number) => void) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#charge = charge;
  }

  /** The name of the attribute whose message starts at `at`. */
  name(at: number): string {
    const { name, nameSize } = this.#layout(at);
    return this.#text(name, nameSize);
  }

  /**
   * Its texts, and whether they are an array; null for what is no text. An empty array has none, of whatever type.
   *
   * @throws FormatError, RangeError when it is damaged
   */
  texts(at: number, size: number): { texts: string[]; array: boolean } | null {
    const view = this.#view;
    const { type, space, values } = this.#layout(at);
    const shape = this.#shape(space);
    const count = sizeOf(shape);
    const array = shape.length > 0;
    if (count === 0) return { texts: [], array };
    const kind = view.getUint8(type) & 15;
    const text = (view.getUint8(type + 1) & 15) === 1;
    const each = view.getUint32(type + 4, true);
    if (kind !== TEXT && !(kind === VARIABLE && text)) return null;
    if (each === 0 || count * each > at + size - values)
      throw new FormatError(`expected ${size} bytes, got texts of more`);
    this.#charge(count);
    const texts = Array.from({ length: count }, (_, i) => {
      const from = values + i * each;
      return kind === TEXT ? this.#text(from, each) : this.#variable(from);
    });
    return { texts, array };
  }

  #layout(at: number) {
    const view = this.#view;
    const version = view.getUint8(at);
    if (version < 1 || version > 3)
      throw new FormatError(`expected an attribute, got version ${version}`);
    const padded = (n: number) => (version === 1 ? Math.ceil(n / 8) * 8 : n);
    const size = (from: number) => view.getUint16(at + from, true);
    const name = at + (version === 3 ? 9 : 8);
    const nameSize = size(2);
    const type = name + padded(nameSize);
    const space = type + padded(size(4));
    return { name, nameSize, type, space, values: space + padded(size(6)) };
  }

  #shape(at: number): number[] {
    const axes = this.#view.getUint8(at + 1);
    const from = at + (this.#view.getUint8(at) === 1 ? 8 : 4);
    return Array.from({ length: axes }, (_, axis) =>
      this.#number(from + 8 * axis),
    );
  }

  #variable(at: number): string {
    const size = this.#view.getUint32(at, true);
    if (size === 0) return "";
    const index = this.#view.getUint32(at + 12, true);
    const stored = this.#heap(this.#number(at + 4)).get(index);
    if (stored && size <= stored.size) return this.#text(stored.start, size);
    throw new FormatError(`expected ${size} bytes in the heap`);
  }

  /** A global heap: "GCOL", version, its size, then objects: index, references, size, bytes padded to 8. */
  #heap(address: number): ReadonlyMap<number, Stored> {
    const known = this.#heaps.get(address);
    if (known) return known;
    const view = this.#view;
    const heap = new Map<number, Stored>();
    const end = Math.min(address + this.#number(address + 8), view.byteLength);
    for (let at = address + 16; at + 16 <= end;) {
      this.#charge(1);
      const index = view.getUint16(at, true);
      if (index === 0) break; // the rest is free
      const size = this.#number(at + 8);
      if (at + 16 + size > end) break;
      heap.set(index, { start: at + 16, size });
      at += 16 + Math.ceil(size / 8) * 8;
    }
    this.#heaps.set(address, heap);
    return heap;
  }

  #number(at: number): number {
    return Number(this.#view.getBigUint64(at, true));
  }

  #text(at: number, size: number): string {
    this.#charge(1 + size / 64);
    const bytes = this.#bytes.subarray(at, at + size);
    return new TextDecoder().decode(bytes).replace(/\0+$/, "");
  }
}
