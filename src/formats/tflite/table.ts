/*
 * Tables of a FlatBuffers file, by the names of their fields. The library finds the fields, but it reads beyond the end of
 * a file as 0, so every offset is checked here first. https://flatbuffers.dev/internals
 *
 *     table    [ distance back to its vtable | fields … ]
 *     vtable   [ its size | the table's size | the offset of each field in the table, 0 for an absent one … ]
 */
import { ByteBuffer } from "flatbuffers";
import { FormatError } from "../../errors.js";
import { decodeUtf8 } from "../../utf8.js";

/** The names of a table's fields in the schema's order; a union has two. */
export type Fields<Name extends string = string> = readonly Name[];

/** The bytes of a file, with checks of offsets. */
class Source {
  readonly buffer: ByteBuffer;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.buffer = new ByteBuffer(bytes);
  }

  /** @throws FormatError unless the file has `size` bytes at `at` */
  expect(at: number, size: number, place: string): void {
    if (at >= 0 && size >= 0 && at + size <= this.bytes.length) return;
    throw new FormatError(
      `expected ${size} bytes at ${at}, got a file of ${this.bytes.length}`,
      place || "model",
    );
  }

  /** The target of the offset at `at`. */
  follow(at: number, place: string): number {
    this.expect(at, 4, place);
    return at + this.buffer.readUint32(at);
  }
}

/** A table. All fields of an absent table have their defaults. */
export class Table<Name extends string = string> {
  readonly #source: Source | null;
  readonly #fields: Fields<Name>;
  readonly #at: number;
  readonly #place: string;

  private constructor(
    source: Source | null,
    fields: Fields<Name>,
    at: number,
    place: string,
  ) {
    this.#source = source;
    this.#fields = fields;
    this.#at = at;
    this.#place = place;
    if (!source) return;
    source.expect(at, 4, place);
    const vtable = at - source.buffer.readInt32(at);
    source.expect(vtable, 4, place);
    source.expect(vtable, source.buffer.readUint16(vtable), place);
  }

  /** The root table of a file. */
  static root<Name extends string>(
    bytes: Uint8Array,
    fields: Fields<Name>,
    place: string,
  ): Table<Name> {
    const source = new Source(bytes);
    return new Table(source, fields, source.follow(0, place), place);
  }

  /** An absent table. */
  static none<Name extends string>(fields: Fields<Name>): Table<Name> {
    return new Table(null, fields, 0, "");
  }

  get place(): string {
    return this.#place;
  }

  /** Whether the schema has a field of this name. */
  knows(name: string): name is Name {
    return (this.#fields as readonly string[]).includes(name);
  }

  has(name: Name): boolean {
    return this.#find(name, 0) !== null;
  }

  byte(name: Name, absent = 0): number {
    const found = this.#find(name, 1);
    return found ? found.buffer.readInt8(found.at) : absent;
  }

  bool(name: Name, absent = false): boolean {
    const found = this.#find(name, 1);
    return found ? found.buffer.readInt8(found.at) !== 0 : absent;
  }

  int(name: Name, absent = 0): number {
    const found = this.#find(name, 4);
    return found ? found.buffer.readInt32(found.at) : absent;
  }

  float(name: Name, absent = 0): number {
    const found = this.#find(name, 4);
    return found ? found.buffer.readFloat32(found.at) : absent;
  }

  /** An integer of 64 bits, rounded above 2^53. */
  long(name: Name): number {
    const found = this.#find(name, 8);
    return found ? Number(found.buffer.readInt64(found.at)) : 0;
  }

  text(name: Name): string | null {
    const bytes = this.bytes(name);
    if (!bytes) return null;
    try {
      return decodeUtf8(new Uint8Array(bytes));
    } catch {
      throw new FormatError("expected UTF-8, got other bytes", this.in(name));
    }
  }

  /** A view of the file. */
  bytes(name: Name): Uint8Array | null {
    const vector = this.#vector(name, 1);
    return (
      vector &&
      vector.source.bytes.subarray(vector.at, vector.at + vector.length)
    );
  }

  ints(name: Name): number[] | null {
    return this.#numbers(name, 4, (buffer, at) => buffer.readInt32(at));
  }

  floats(name: Name): number[] | null {
    return this.#numbers(name, 4, (buffer, at) => buffer.readFloat32(at));
  }

  longs(name: Name): number[] | null {
    return this.#numbers(name, 8, (buffer, at) => Number(buffer.readInt64(at)));
  }

  table<Inner extends string>(
    name: Name,
    fields: Fields<Inner>,
  ): Table<Inner> | null {
    const found = this.#find(name, 4);
    if (!found) return null;
    const at = found.source.follow(found.at, this.in(name));
    return new Table(found.source, fields, at, this.in(name));
  }

  tables<Inner extends string>(
    name: Name,
    fields: Fields<Inner>,
  ): Table<Inner>[] {
    const vector = this.#vector(name, 4);
    if (!vector) return [];
    const { source } = vector;
    return Array.from({ length: vector.length }, (_, i) => {
      const place = `${this.in(name)}[${i}]`;
      const at = source.follow(vector.at + 4 * i, place);
      return new Table(source, fields, at, place);
    });
  }

  /** The place of a field, for messages. */
  in(name: Name): string {
    return this.#place ? `${this.#place}.${name}` : name;
  }

  /** The position of a field of `size` bytes; null if it is absent. */
  #find(name: Name, size: number) {
    const source = this.#source;
    if (!source) return null;
    const entry = 4 + 2 * this.#fields.indexOf(name);
    const offset = source.buffer.__offset(this.#at, entry);
    if (!offset) return null;
    source.expect(this.#at + offset, size, this.in(name));
    return { source, buffer: source.buffer, at: this.#at + offset };
  }

  #vector(name: Name, size: number) {
    const found = this.#find(name, 4);
    if (!found) return null;
    const { source, buffer } = found;
    const at = source.follow(found.at, this.in(name));
    source.expect(at, 4, this.in(name));
    const length = buffer.readUint32(at);
    source.expect(at + 4, length * size, this.in(name));
    return { source, at: at + 4, length };
  }

  #numbers(
    name: Name,
    size: number,
    read: (buffer: ByteBuffer, at: number) => number,
  ): number[] | null {
    const vector = this.#vector(name, size);
    if (!vector) return null;
    const { source, at, length } = vector;
    return Array.from({ length }, (_, i) => read(source.buffer, at + size * i));
  }
}
