/*
 * Tables of a FlatBuffers file, by the names of their fields. The library knows where a field lies; it reads behind the
 * end of a file as 0, so every place is checked here first. https://flatbuffers.dev/internals
 *
 *     table    [ how far before it its vtable lies | fields … ]
 *     vtable   [ its size | the table's size | where each field lies in the table, 0 for one left out … ]
 */
import { ByteBuffer } from "flatbuffers";
import { FormatError } from "../../errors.js";
import { decodeUtf8 } from "../../utf8.js";

/** Names of a table's fields in the order of the schema; a union takes two. */
export type Fields<Name extends string = string> = readonly Name[];

/** A file, or what is left of one: where numbers are. */
class Source {
  readonly buffer: ByteBuffer;
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.buffer = new ByteBuffer(bytes);
  }

  /** @throws FormatError unless `size` bytes lie at `at` */
  expect(at: number, size: number, place: string): void {
    if (at >= 0 && size >= 0 && at + size <= this.bytes.length) return;
    throw new FormatError(
      `expected ${size} bytes at ${at}, got a file of ${this.bytes.length}`,
      place || "model",
    );
  }

  /** Where the offset at `at` leads. */
  follow(at: number, place: string): number {
    this.expect(at, 4, place);
    return at + this.buffer.readUint32(at);
  }
}

/** A table; without one all fields have their defaults. */
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

  /** The table that a file is. */
  static root<Name extends string>(
    bytes: Uint8Array,
    fields: Fields<Name>,
    place: string,
  ): Table<Name> {
    const source = new Source(bytes);
    return new Table(source, fields, source.follow(0, place), place);
  }

  /** A table that is not there. */
  static none<Name extends string>(fields: Fields<Name>): Table<Name> {
    return new Table(null, fields, 0, "");
  }

  get place(): string {
    return this.#place;
  }

  /** Whether the schema has such a field, told without its type. */
  knows(name: string): name is Name {
    return (this.#fields as readonly string[]).includes(name);
  }

  has(name: Name): boolean {
    return this.#find(name, 0) !== null;
  }

  byte(name: Name, otherwise = 0): number {
    const found = this.#find(name, 1);
    return found ? found.buffer.readInt8(found.at) : otherwise;
  }

  bool(name: Name, otherwise = false): boolean {
    const found = this.#find(name, 1);
    return found ? found.buffer.readInt8(found.at) !== 0 : otherwise;
  }

  int(name: Name, otherwise = 0): number {
    const found = this.#find(name, 4);
    return found ? found.buffer.readInt32(found.at) : otherwise;
  }

  float(name: Name, otherwise = 0): number {
    const found = this.#find(name, 4);
    return found ? found.buffer.readFloat32(found.at) : otherwise;
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

  /** A part of the file, not a copy. */
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

  /** For messages: the field of this table. */
  in(name: Name): string {
    return this.#place ? `${this.#place}.${name}` : name;
  }

  /** Where the field's `size` bytes lie, null when it is left out. */
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
