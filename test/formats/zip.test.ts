import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { Budget } from "../../src/formats/budget.js";
import { ZipArchive } from "../../src/formats/zip/archive.js";

const stored = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const zeros = new Uint8Array(50_000);
const file = zipSync({
  "config.json": [stored, { level: 0 }],
  "weights/0": [zeros, { level: 9 }],
  "empty/": new Uint8Array(),
});
const open = (bytes = file, limit = 1e6) =>
  new ZipArchive(bytes, new Budget(limit));

describe("a zip file", () => {
  test("has its entries by their names", () => {
    const archive = open();
    expect(archive.names).toEqual(["config.json", "weights/0", "empty/"]);
    expect(archive.has("weights/0")).toBe(true);
    expect(archive.has("constructor")).toBe(false);
    expect(archive.read("config.json")).toEqual(stored);
    expect(Buffer.compare(archive.read("weights/0"), zeros)).toBe(0);
    expect(archive.read("empty/")).toHaveLength(0);
  });

  test("is not copied where an entry is stored as it is", () => {
    expect(open().read("config.json").buffer).toBe(file.buffer);
  });

  test("spends the budget on what is inflated", () => {
    expect(open(file, 50_000).read("weights/0")).toHaveLength(50_000);
    expect(() => open(file, 49_999).read("weights/0")).toThrow(
      'entry "weights/0": the file expands to more than 49999 bytes',
    );
  });

  test("says which entry is missing, and which is damaged", () => {
    expect(() => open().read("model.weights.h5")).toThrow(FormatError);
    expect(() => open().read("model.weights.h5")).toThrow(
      'entry "model.weights.h5": the zip file has no such entry',
    );
    const flipped = file.slice();
    const at = Buffer.from(file).indexOf(stored);
    flipped[at + 500]! ^= 1;
    expect(() => open(flipped).read("config.json")).toThrow(
      'entry "config.json": the checksum is wrong',
    );
    const unchecked = new ZipArchive(flipped, new Budget(0), false);
    expect(unchecked.read("config.json")).toHaveLength(1000);
  });

  test("may have fields and comments beside its entries, zip64's among them", () => {
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(stored.length));
    const extra = { 0x5455: new Uint8Array(5), 1: new Uint8Array(size) };
    const bytes = zipSync(
      { a: [stored, { level: 0, extra, comment: "why" }], b: zeros },
      { comment: "what it is" },
    );
    const record = Buffer.from(bytes).indexOf("PK\u0001\u0002");
    const directory = new DataView(bytes.buffer, bytes.byteOffset);
    directory.setUint32(record + 24, 0xffffffff, true);
    const archive = open(bytes);
    expect(archive.names).toEqual(["a", "b"]);
    expect(archive.read("a")).toEqual(stored);
    expect(Buffer.compare(archive.read("b"), zeros)).toBe(0);
  });

  test("that claims one entry more than its directory has room for is refused", () => {
    const bytes = zipSync({ a: stored, b: stored });
    const end = new DataView(bytes.buffer, bytes.byteOffset);
    end.setUint16(bytes.length - 12, 3, true);
    expect(() => open(bytes)).toThrow(
      /^byte \d+: expected 3 entries, got 94 bytes$/,
    );
  });

  test("whose names are no UTF-8 is refused", () => {
    const bytes = zipSync({ abc: stored });
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = buffer.lastIndexOf("abc");
    buffer[at] = 0xff;
    expect(() => open(bytes)).toThrow(FormatError);
    expect(() => open(bytes)).toThrow(`byte ${at}: expected a name in UTF-8`);
  });

  test.each([
    ["that ends early", file.slice(0, -30), /^byte \d+: expected the end/],
    ["that is none", new Uint8Array(5), /^byte 0: expected the end record/],
  ])("%s is refused", (_, bytes, message) => {
    expect(() => open(bytes)).toThrow(FormatError);
    expect(() => open(bytes)).toThrow(message);
  });

  test("a size that no bytes inflate to is refused before there is room for it", () => {
    // deflate makes at most 1032 bytes of one
    const packed = zipSync({ a: [zeros, { level: 9 }] });
    const directory = new DataView(packed.buffer, packed.byteOffset);
    const record = Buffer.from(packed).indexOf("PK\u0001\u0002");
    const bytes = directory.getUint32(record + 20, true);
    for (const [size, message] of [
      [1032 * bytes, /expected \d+ inflated bytes, got 50000$/],
      [
        1032 * bytes + 1,
        /^entry "a": expected \d+ bytes, got \d+ in the file$/,
      ],
      [
        0xfffffffe,
        /^entry "a": expected 4294967294 bytes, got \d+ in the file$/,
      ],
    ] as const) {
      directory.setUint32(record + 24, size, true);
      expect(() => open(packed, 2 ** 40).read("a")).toThrow(message);
    }
  });
});
