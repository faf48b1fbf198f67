import { counted } from "../../../checks.js";
import { FormatError } from "../../../errors.js";
import { decodeUtf8 } from "../../../utf8.js";

/** Longer than any name, number or configuration. */
const LONGEST_TEXT = 1 << 24;

/** For the lines by which protocol 0 writes numbers and names. */
const LONGEST_LINE = 1 << 12;

/** Reads a pickle's bytes in turn. Reading past the end throws a FormatError. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  at: number;

  /** @param name of the entry, for messages; "" if `bytes` are the whole file */
  constructor(bytes: Uint8Array, name: string, at = 0) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
    this.at = at;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  place(at: number): string {
    return `${this.#name}${this.#name && ", "}byte ${at}`;
  }

  fail(message: string, at = this.at): FormatError {
    return new FormatError(message, this.place(at));
  }

  /** The next `length` bytes, a view. */
  take(length: number): Uint8Array {
    if (length > this.left)
      throw this.fail(`expected ${counted(length, "byte")}, got ${this.left}`);
    return this.#bytes.subarray(this.at, (this.at += length));
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }

  uint64(): number {
    const at = this.#advance(8);
    const number = Number(this.#view.getBigUint64(at, true));
    if (number <= Number.MAX_SAFE_INTEGER) return number;
    throw this.fail(`${number} is too large`, at);
  }

  /** Big-endian, as pickles have it. */
  float64(): number {
    return this.#view.getFloat64(this.#advance(8), false);
  }

  /** The text up to the next line feed, which is skipped. */
  line(): string {
    const rest = this.#bytes.subarray(this.at, this.at + LONGEST_LINE);
    const length = rest.indexOf(10);
    if (length < 0)
      throw this.fail(`expected a line of less than ${LONGEST_LINE} bytes`);
    const text = this.text(length);
    this.at++;
    return text;
  }

  /** `length` bytes of UTF-8. */
  text(length: number): string {
    const { at } = this;
    if (length > LONGEST_TEXT)
      throw this.fail(
        `expected at most ${LONGEST_TEXT} bytes of text, got ${length}`,
      );
    try {
      return decodeUtf8(this.take(length).slice());
    } catch (error) {
      if (error instanceof FormatError) throw error;
      throw this.fail("expected UTF-8", at);
    }
  }

  #advance(size: number): number {
    const { at } = this;
    if (size > this.left)
      throw this.fail(`expected ${counted(size, "byte")}, got ${this.left}`);
    this.at += size;
    return at;
  }
}
