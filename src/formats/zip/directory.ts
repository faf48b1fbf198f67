/*
 * Where the entries of a zip file are: the end record, which is last and says where the directory is (its zip64 form
 * just before it), the directory, and the header in front of each entry's bytes.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 *
 *     [header, name, extra, bytes] …   [directory: record, name, extra, comment] …   [zip64 end, locator]   [end]
 */
import { FormatError } from "../../errors.js";
import { decodeUtf8 } from "../../utf8.js";

export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly crc: number;
  /** Where its header is. */
  readonly offset: number;
  /** Where its bytes are. */
  readonly start: number;
  readonly end: number;
  /** Inflated. */
  readonly size: number;
}

const HEADER = 0x04034b50; // "PK\3\4" and so on
const RECORD = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;

const HEADER_SIZE = 30;
const RECORD_SIZE = 46;
const END_SIZE = 22;
const END_64_SIZE = 56;
const LOCATOR_64_SIZE = 20;

const LONGEST_COMMENT = 0xffff;

/** The number that says that the extra field has the real one. */
const IN_EXTRA = 0xffffffff;

/**
 * The entries of a zip file in the order of the directory, none of which overlaps another.
 *
 * @throws FormatError naming the byte or the entry
 */
export function readDirectory(file: Uint8Array): ZipEntry[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const { start, end, count } = locate(view);
  if (count * RECORD_SIZE > end - start)
    throw new FormatError(
      `expected ${count} entries, got ${end - start} bytes`,
      start,
    );
  const entries = new Map<string, ZipEntry>();
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + RECORD_SIZE > end || view.getUint32(at, true) !== RECORD)
      throw new FormatError("expected an entry of the zip directory", at);
    const next =
      at +
      RECORD_SIZE +
      view.getUint16(at + 28, true) +
      view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
    if (next > end)
      throw new FormatError("the entry leaves the zip directory", at);
    const entry = readRecord(file, view, at, start);
    if (entries.has(entry.name))
      throw new FormatError("the name occurs twice", placeOf(entry.name));
    entries.set(entry.name, entry);
    at = next;
  }
  checkLayout([...entries.values()]);
  return [...entries.values()];
}

export function placeOf(name: string): string {
  return `entry ${JSON.stringify(name.slice(0, 200))}`;
}

function locate(view: DataView): { start: number; end: number; count: number } {
  const at = findEnd(view);
  const locator = at - LOCATOR_64_SIZE;
  const long = locator >= 0 && view.getUint32(locator, true) === LOCATOR_64;
  let [count, size, start, end] = [
    view.getUint16(at + 10, true),
    view.getUint32(at + 12, true),
    view.getUint32(at + 16, true),
    at,
  ];
  if (long) {
    end = getUint64(view, locator + 8);
    if (end > locator - END_64_SIZE || view.getUint32(end, true) !== END_64)
      throw new FormatError("expected a zip64 end record there", locator + 8);
    count = getUint64(view, end + 32);
    size = getUint64(view, end + 40);
    start = getUint64(view, end + 48);
  }
  if (start + size <= end) return { start, end: start + size, count };
  throw new FormatError(
    `expected a directory before byte ${end}, got ${size} bytes from ${start}`,
    at,
  );
}

/** The last place where an end record fits with a comment up to the end of the file. */
function findEnd(view: DataView): number {
  const last = view.byteLength - END_SIZE;
  const first = Math.max(0, last - LONGEST_COMMENT);
  for (let at = last; at >= first; at--)
    if (
      view.getUint32(at, true) === END &&
      view.getUint16(at + 20, true) === last - at
    )
      return at;
  throw new FormatError(
    "expected the end record of a zip file",
    Math.max(0, last),
  );
}

function readRecord(
  file: Uint8Array,
  view: DataView,
  at: number,
  directory: number,
): ZipEntry {
  const nameEnd = at + RECORD_SIZE + view.getUint16(at + 28, true);
  const nameBytes = file.subarray(at + RECORD_SIZE, nameEnd);
  const name = decodeName(nameBytes, at);
  const place = placeOf(name);
  if (view.getUint16(at + 8, true) & 1)
    throw new FormatError("the entry is encrypted", place);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const wide = zip64Numbers(view, nameEnd, extraEnd);
  const number = (from: number): number => {
    const narrow = view.getUint32(from, true);
    if (narrow !== IN_EXTRA) return narrow;
    const found = wide.shift();
    if (found !== undefined) return found;
    throw new FormatError("expected a size in the zip64 field", place);
  };
  // in this order the zip64 field has them
  const size = number(at + 24);
  const packed = number(at + 20);
  const offset = number(at + 42);
  const start = dataStart(file, view, offset, directory, nameBytes, place);
  const end = start + packed;
  if (end > directory)
    throw new FormatError(
      `expected ${packed} bytes before byte ${directory}, got ${directory - start}`,
      place,
    );
  return {
    name,
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    offset,
    start,
    end,
    size,
  };
}

function decodeName(bytes: Uint8Array, at: number): string {
  try {
    return decodeUtf8(bytes.slice());
  } catch {
    throw new FormatError("expected a name in UTF-8", at + RECORD_SIZE);
  }
}

/** The numbers of the extra field 1, which has those that are too large for 32 bits. */
function zip64Numbers(view: DataView, start: number, end: number): number[] {
  for (let at = start; at + 4 <= end;) {
    const next = at + 4 + view.getUint16(at + 2, true);
    if (next > end) break;
    if (view.getUint16(at, true) === 1) {
      const numbers: number[] = [];
      for (at += 4; at + 8 <= next; at += 8) numbers.push(getUint64(view, at));
      return numbers;
    }
    at = next;
  }
  return [];
}

/** Behind the entry's header, which must have the same name. */
function dataStart(
  file: Uint8Array,
  view: DataView,
  offset: number,
  directory: number,
  name: Uint8Array,
  place: string,
): number {
  const nameStart = offset + HEADER_SIZE;
  const nameEnd = nameStart + name.length;
  const fits =
    nameEnd <= directory &&
    view.getUint32(offset, true) === HEADER &&
    view.getUint16(offset + 26, true) === name.length &&
    name.every((byte, i) => byte === file[nameStart + i]);
  if (fits) return nameEnd + view.getUint16(offset + 28, true);
  throw new FormatError(`expected its header at byte ${offset}`, place);
}

function checkLayout(entries: ZipEntry[]): void {
  entries.sort((a, b) => a.offset - b.offset);
  let position = 0;
  for (const { name, offset, end } of entries) {
    if (offset < position)
      throw new FormatError(
        `expected a header from byte ${position} on, got ${offset}: entries overlap`,
        placeOf(name),
      );
    position = end;
  }
}

function getUint64(view: DataView, at: number): number {
  const number =
    view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;
  if (Number.isSafeInteger(number)) return number;
  throw new FormatError(`${number} is too large`, at);
}
