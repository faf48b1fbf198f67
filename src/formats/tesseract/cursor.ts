import { FormatError } from "../../errors.js";

/** Reads little-endian numbers in turn. Reading past the end throws an error that names the part and the byte. */
export class Cursor {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  readonly #part: string;
  at = 0;

  constructor(bytes: Uint8Array, part: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#part = part;
  }

  /** How many bytes are left. */
  get left(): number {
    return this.#bytes.length - this.at;
  }

  /** An error at this place, or at the byte `at`. */
  error(message: string, at = this.at): FormatError {
    return new FormatError(message, `${this.#part}, byte ${at}`);
  }

  unexpected(what: string, expected: string, got: unknown, at?: number) {
    return this.error(`${what}: expected ${expected}, got ${String(got)}`, at);
  }

  /**
   * Moves past `count` elements of `size` bytes and returns where they begin. Called before memory is allocated for them.
   *
   * @throws FormatError if fewer bytes are left
   */
  take(count: number, size: number, what: string): number {
    if (count * size > this.left) {
      const expected = `${count * size} bytes`;
      throw this.unexpected(what, expected, this.left);
    }
    const { at } = this;
    this.at += count * size;
    return at;
  }

  uint8(what: string): number {
    return this.#view.getUint8(this.take(1, 1, what));
  }

  int32(what: string): number {
    return this.#view.getInt32(this.take(1, 4, what), true);
  }

  uint32(what: string): number {
    return this.#view.getUint32(this.take(1, 4, what), true);
  }

  float32(what: string): number {
    return this.#view.getFloat32(this.take(1, 4, what), true);
  }

  /** An integer of at least `least`. */
  integer(what: string, least: number): number {
    const { at } = this;
    const value = this.int32(what);
    if (value >= least) return value;
    throw this.unexpected(what, `an integer of at least ${least}`, value, at);
  }

  /** A length in bytes, followed by that much UTF-8. */
  text(what: string): string {
    const length = this.uint32(what);
    const at = this.take(length, 1, what);
    return this.decode(at, length, what);
  }

  /** A line of UTF-8, which must end in a line feed; returned without it. */
  line(what: string): string {
    const start = this.at;
    const end = this.#bytes.indexOf(10, start);
    if (end < 0) throw this.unexpected(what, "a line", "none");
    this.at = end + 1;
    return this.decode(start, end - start, what);
  }

  decode(at: number, length: number, what: string): string {
    try {
      return UTF8.decode(this.#bytes.subarray(at, at + length));
    } catch {
      throw this.unexpected(what, "UTF-8", "other bytes", at);
    }
  }

  int8s(count: number, what: string): Int8Array {
    const at = this.take(count, 1, what);
    const { buffer, byteOffset } = this.#bytes;
    return new Int8Array(buffer, byteOffset + at, count);
  }

  /** `count` floats, copied and rounded to float32. The bytes need not be aligned. */
  floats(count: number, size: 4 | 8, what: string): Float32Array {
    const at = this.take(count, size, what);
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i++)
      numbers[i] =
        size === 4
          ? this.#view.getFloat32(at + 4 * i, true)
          : this.#view.getFloat64(at + 8 * i, true);
    return numbers;
  }

  /** @throws FormatError if bytes are left */
  end(): void {
    if (this.left)
      throw this.unexpected("end of the part", "no more bytes", this.left);
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
