/*
 * Reads the format of torch.save before PyTorch 1.6, and with _use_new_zipfile_serialization=False.
 *
 *     [pickle: a magic number] [pickle: 1001] [pickle: {little_endian, …}] [pickle: the data] [pickle: keys of storages]
 *     for each key: [8 bytes: the count] [the numbers]
 */
import type { TorchFile } from "./torch-file.js";
import { findGlobal, Placeholders } from "./globals.js";
import { Cursor } from "./pickle/cursor.js";
import { unpickle } from "./pickle/machine.js";
import { describeValue, Dict, Placeholder, Tuple } from "./pickle/values.js";
import { Storages, toStorageId } from "./storage.js";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

export function readLegacy(file: Uint8Array): TorchFile {
  const cursor = new Cursor(file, "");
  const placeholders = new Placeholders();
  const plain = {
    global: findGlobal,
    object: refuse,
    persistent: refuse,
  };
  const expect = (fits: (value: unknown) => boolean, what: string) => {
    const { at } = cursor;
    const value = unpickle(cursor, plain);
    if (!fits(value))
      throw cursor.fail(`expected ${what}, got ${describeValue(value)}`, at);
  };
  function refuse(): never {
    throw cursor.fail("expected plain data, got an object");
  }
  expect((value) => value === MAGIC, "the magic number of torch.save");
  expect((value) => value === PROTOCOL, `protocol ${PROTOCOL}`);
  expect(
    (value) =>
      value instanceof Dict && value.entries.get("little_endian") === true,
    "little_endian numbers",
  );
  const data = new Map<string, Uint8Array>();
  const storages = new Storages((key) => {
    const bytes = data.get(key);
    if (bytes) return bytes;
    throw cursor.fail(`expected the data of storage ${JSON.stringify(key)}`);
  });
  const root = unpickle(cursor, {
    global: findGlobal,
    object: (of, args) => placeholders.make(of, args),
    persistent: (id, place) =>
      classIn(id) ?? storages.find(toStorageId(id, place), place),
  });
  const { at } = cursor;
  const keys = unpickle(cursor, plain);
  if (!Array.isArray(keys))
    throw cursor.fail(
      `expected a list of keys, got ${describeValue(keys)}`,
      at,
    );
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (!storage || data.has(storage.key))
      throw cursor.fail(
        `expected each storage's key once, got ${describeValue(key)}`,
        at,
      );
    const count = cursor.uint64();
    if (count !== storage.length)
      throw cursor.fail(`expected ${storage.length} numbers, got ${count}`);
    data.set(storage.key, cursor.take(storage.byteLength));
  }
  if (cursor.left)
    throw cursor.fail(`expected the end, got ${cursor.left} bytes`);
  const version = `${PROTOCOL} (before zip)`;
  return { root, version, ignored: placeholders.lines() };
}

/** The class of a module that was saved as a whole: ('module', class, file, source). The source is not read. */
function classIn(id: unknown): Placeholder | null {
  const [tag, type] = id instanceof Tuple ? id.items : [];
  return tag === "module" && type instanceof Placeholder ? type : null;
}
