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
