import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { FormatError } from "../../errors.js";
import { decodeUtf8 } from "../../utf8.js";

/** Reads one kind of message. */
export type Read<T> = (fields: Fields) => T;

/**
 * The fields of a protobuf message, in turn:
 *
 *     while (fields.next()) switch (fields.number) { case 1: name = fields.string(); … }
 *
 * A field that is not read is skipped. Damaged bytes throw a FormatError that names the byte.
 */
export class Fields {
  readonly #reader: BinaryReader;
  /** The byte of the file at which this message begins. */
  readonly #origin: number;
  #wire: WireType = WireType.Varint;
  #pending = false;
  /** The number of the current field. */
  number = 0;

  constructor(bytes: Uint8Array, origin = 0) {
    this.#reader = new BinaryReader(bytes, text);
    this.#origin = origin;
  }

  next(): boolean {
    const reader = this.#reader;
    if (this.#pending)
      this.#guard(() => void reader.skip(this.#wire, this.number));
    if (reader.pos >= reader.len) return false;
    [this.number, this.#wire] = this.#guard(() => reader.tag());
    this.#pending = true;
    return true;
  }

  string(): string {
    return this.#take(WireType.LengthDelimited, (r) => r.string(true));
  }

  /** A view into the file. */
  bytes(): Uint8Array {
    return this.#take(WireType.LengthDelimited, (r) => r.bytes());
  }

  float(): number {
    return this.#take(WireType.Bit32, (r) => r.float());
  }

  /** An int32, int64, uint64 or enum; see `exactInteger`. */
  integer(unsigned = false): number {
    const at = this.#reader.pos;
    const value = this.#take(WireType.Varint, (r) =>
      unsigned ? r.uint64() : r.int64(),
    );
    return this.#exact(BigInt(value), at);
  }

  /** Adds the integers of a repeated field to `list`: all of a packed field, or this one. */
  integers(list: number[], unsigned = false): void {
    if (this.#wire !== WireType.LengthDelimited)
      return void list.push(this.integer(unsigned));
    this.message((packed) => {
      const reader = packed.#reader;
      while (reader.pos < reader.len) {
        const at = reader.pos;
        const value = packed.#guard(() =>
          unsigned ? reader.uint64() : reader.int64(),
        );
        list.push(packed.#exact(BigInt(value), at));
      }
    });
  }

  floats(list: number[]): void {
    this.#numbers(list, WireType.Bit32, (reader) => reader.float());
  }

  doubles(list: number[]): void {
    this.#numbers(list, WireType.Bit64, (reader) => reader.double());
  }

  message<T>(read: Read<T>): T {
    const bytes = this.bytes();
    const start = this.#origin + this.#reader.pos - bytes.length;
    return read(new Fields(bytes, start));
  }

  #numbers(
    list: number[],
    wire: WireType,
    read: (reader: BinaryReader) => number,
  ): void {
    if (this.#wire !== WireType.LengthDelimited)
      return void list.push(this.#take(wire, read));
    this.message((packed) => {
      const reader = packed.#reader;
      while (reader.pos < reader.len)
        list.push(packed.#guard(() => read(reader)));
    });
  }

  #take<T>(wire: WireType, read: (reader: BinaryReader) => T): T {
    this.#pending = false;
    if (wire !== this.#wire) {
      const got = WireType[this.#wire];
      throw this.#error(
        `field ${this.number}: expected ${WireType[wire]}, got ${got}`,
      );
    }
    return this.#guard(() => read(this.#reader));
  }

  #guard<T>(read: () => T): T {
    try {
      const value = read();
      // the reader may run past the end with a one-byte varint or a skip
      const { pos, len } = this.#reader;
      if (pos > len) throw new RangeError("premature EOF");
      return value;
    } catch (error) {
      if (error instanceof FormatError) throw error;
      const { message } = error as Error;
      throw this.#error(`expected an ONNX message, got ${message}`);
    }
  }

  #exact(value: bigint, at: number): number {
    return exactInteger(value, `byte ${this.#origin + at}`);
  }

  #error(text: string): FormatError {
    const { pos, len } = this.#reader;
    return new FormatError(text, this.#origin + Math.min(pos, len));
  }
}

/** Refuses invalid UTF-8, and works without TextDecoder. */
const text = (bytes: Uint8Array): string => decodeUtf8(new Uint8Array(bytes));

const LARGEST = 2n ** 63n - 1n;

/**
 * An int64 of magnitude less than 2^53 as a number. The largest and the smallest int64, by which exporters mean "to the
 * end" (of a Slice), become infinities; other large integers are refused.
 */
export function exactInteger(value: bigint, place: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  if (value === LARGEST) return Infinity;
  if (value <= -LARGEST) return -Infinity;
  throw new FormatError(
    `expected an integer of less than 2^53, got ${value}`,
    place,
  );
}

/** The inverse of `exactInteger`. */
export function wideInteger(number: number): bigint {
  if (number === Infinity) return LARGEST;
  return number === -Infinity ? -LARGEST - 1n : BigInt(number);
}
