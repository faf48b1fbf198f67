import { FormatError } from "../../errors.js";

/** A group's tree has at most 32 entries a node as h5py writes it, so this is little for a real one. */
const STEPS_OF_A_NODE = 16;

/** Bytes of names that are searched in the time of a step. */
const NAMES_OF_A_STEP = 4096;

/**
 * The file as jsfive gets it, which ends the work of a hostile one.
 *
 * jsfive trusts addresses and counts: trees whose nodes share children, heaps that overlap and the like keep it busy
 * for hours. But whatever it walks, it calls `slice` for: the reserved bytes of each message, the signature of each
 * node and heap, the scratch of each symbol. So the steps are counted here. Four bytes are only ever read as a
 * signature: what that structure declares is charged before jsfive reads it, and one without signature is refused.
 */
export class MeteredBuffer extends ArrayBuffer {
  /** Slices are plain buffers. */
  static override get [Symbol.species](): ArrayBufferConstructor {
    return ArrayBuffer;
  }

  readonly #view: DataView;
  #steps: number;
  #bytes: number;
  /** Bytes of the local heap that was read last: the names of the symbols that follow. */
  #names = 0;

  constructor(file: Uint8Array) {
    super(file.length);
    new Uint8Array(this).set(file);
    this.#view = new DataView(this);
    // a dataset in a group of its own takes about 50; a second has some 200000
    this.#steps = 200_000 + file.length / 64;
    this.#bytes = (1 << 16) + 2 * file.length;
  }

  override slice(begin: number, end: number = this.byteLength): ArrayBuffer {
    const slice = super.slice(begin, end);
    this.charge(1, slice.byteLength);
    if (end - begin === 4) this.#enter(begin);
    return slice;
  }

  /** @throws FormatError, without a place, when the file has taken more than a sound one of its size takes */
  charge(steps: number, bytes: number): void {
    this.#steps -= steps;
    this.#bytes -= bytes;
    if (this.#steps >= 0 && this.#bytes >= 0) return;
    throw new FormatError(
      "expected a file that takes less time to read, got structures that overlap or repeat",
    );
  }

  #enter(at: number): void {
    const view = this.#view;
    const uint16 = (from: number) => view.getUint16(from, true);
    const signature = view.getUint32(at);
    if (signature === TREE) {
      this.charge(STEPS_OF_A_NODE + uint16(at + 6), 0);
    } else if (signature === HEAP) {
      this.#names = Number(view.getBigUint64(at + 8, true));
    } else if (signature === SNOD) {
      const each = Math.ceil(this.#names / NAMES_OF_A_STEP);
      this.charge(uint16(at + 6) * each, 0);
    } else {
      throw new FormatError(
        signature === OHDR
          ? "expected a file as h5py writes it by default, got one with libver='latest' or track_order"
          : `expected a group or its names at byte ${at}, got neither`,
      );
    }
  }
}

const word = (signature: string): number =>
  Array.from(signature).reduce((n, char) => n * 256 + char.charCodeAt(0), 0);
const [TREE, SNOD, HEAP, OHDR] = ["TREE", "SNOD", "HEAP", "OHDR"].map(word);
