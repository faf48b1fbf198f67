import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError, parse } from "../../src/formats/torch/index.js";
import { ascii, changed, expectRefused, placesOf, repeated } from "./damage.js";
import { readFixture } from "./files.js";
import {
  dictFile,
  numbers,
  op,
  pickle,
  tensorAs,
  torchFile,
} from "./pickles.js";

const good = dictFile({ w: tensorAs() });

describe("files that are something else", () => {
  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "byte 0: expected a file of torch.save"],
    ["one byte", Uint8Array.of(0x80), "byte 1: expected 1 byte, got 0"],
    ["text", Buffer.from("hello"), "byte 0: the memo has no value"],
    ["PK and zeros", repeated(ascii("PK"), 2000), "end record"],
    [
      "a tar file",
      changed(new Uint8Array(512), (_, bytes) =>
        bytes.set(ascii("ustar"), 257),
      ),
      "byte 0: expected a file of torch.save, got a tar file",
    ],
    [
      "a zip file",
      zipSync({ "b.txt": ascii("b") as never }),
      "zip: expected one data.pkl",
    ],
    [
      "some pickle",
      pickle(op.int(1)),
      "byte 0: expected the magic number of torch.save, got 1",
    ],
  ])("%s", (_, file, message) => expectRefused(file, message));

  test("two models in one", () => {
    const entry = [pickle(op.dict()), { level: 0 }] as const;
    const file = zipSync({ "a/data.pkl": entry, "b/data.pkl": entry } as never);
    expectRefused(file, "expected one data.pkl in a folder, got 2 among");
  });

  test("big-endian numbers", () => {
    const file = zipSync({
      "a/data.pkl": pickle(op.dict()),
      "a/byteorder": Buffer.from("big"),
    });
    expectRefused(
      file,
      'entry "a/byteorder": expected little-endian numbers, got big-endian ones',
    );
  });

  test.each([
    [op.dict(), "expected a state dict, got a dict of 0 without tensors"],
    [tensorAs(), "expected a state dict, got a tensor"],
    [op.int(5), "expected a state dict, got 5 without tensors"],
    [op.none, "expected a state dict, got None without tensors"],
  ])("no state dict", (parts, message) => {
    expectRefused(torchFile(pickle(parts)), message);
  });
});

describe("zip files", () => {
  const data = "a/data/0";

  test("that end early", () => {
    for (let length = 4; length < good.length; length += 7)
      expect(() => parse(good.slice(0, length))).toThrow(FormatError);
  });

  test("whose entries overlap", () => {
    const { record } = placesOf(good, "a/data.pkl");
    const next = placesOf(good, "a/version").header;
    const start = good.indexOf(0x80); // of the pickle
    const file = changed(good, (view) => {
      view.setUint32(record + 20, next - start, true);
      view.setUint32(record + 24, next - start, true);
    });
    expectRefused(file, `entry "${data}": expected a header from byte`);
  });

  test("with one name twice", () => {
    const file = dictFile({ w: tensorAs() }, { 0: numbers(), 1: numbers() });
    const { record, header } = placesOf(file, "a/data/1");
    const twice = changed(file, (view) => {
      view.setUint8(record + 46 + 7, 0x30);
      view.setUint8(header + 30 + 7, 0x30);
    });
    expectRefused(twice, `entry "${data}": the name occurs twice`);
  });

  const fields: [string, number, number, string | RegExp][] = [
    [
      "more bytes than there are",
      20,
      1e6,
      `entry "${data}": expected 1000000 bytes before byte`,
    ],
    [
      "more inflated bytes than packed",
      24,
      1e9,
      `expected 1000000000 bytes, got 24 in the file`,
    ],
    [
      "fewer bytes than the tensor has",
      24,
      20,
      `entry "${data}": expected 20 bytes, got 24`,
    ],
    [
      "a header elsewhere",
      42,
      3,
      `entry "${data}": expected its header at byte 3`,
    ],
    [
      "a header after the file",
      42,
      0xfffffff0,
      "expected its header at byte 4294967280",
    ],
    [
      "a size in an extra field that is not there",
      24,
      0xffffffff,
      "expected a size in the zip64 field",
    ],
    [
      "a name that is longer than the directory",
      28,
      60000,
      "the entry leaves the zip directory",
    ],
    ["another method", 10, 12, /compression method 12|leaves/],
    ["encryption", 8, 1, `entry "${data}": the entry is encrypted`],
  ];
  test.each(fields)("that claim %s", (_, field, value, message) => {
    const { record } = placesOf(good, data);
    const wide = ![8, 10, 28].includes(field);
    const file = changed(good, (view) =>
      wide
        ? view.setUint32(record + field, value, true)
        : view.setUint16(record + field, value, true),
    );
    expectRefused(file, message);
  });

  test.each([
    ["more entries", 10, 65535, /expected 65535 entries, got \d+ bytes/],
    ["a longer directory", 12, 1e9, /expected a directory before byte \d+/],
    ["a directory after the file", 16, 1e9, /expected a directory before byte/],
    ["a comment", 20, 10, "expected the end record of a zip file"],
  ])("whose end claims %s", (_, field, value, message) => {
    const file = changed(good, (view) => {
      const end = good.length - 22 + field;
      if (field === 12 || field === 16) view.setUint32(end, value, true);
      else view.setUint16(end, value, true);
    });
    expectRefused(file, message);
  });

  test("whose zip64 record claims what no file has", () => {
    const file = readFixture("lstm.pt");
    const end = file.length - 22 - 20 - 56;
    for (const field of [32, 40, 48])
      for (const value of [2n ** 53n, 2n ** 64n - 1n, 2n ** 40n])
        expectRefused(
          changed(file, (view) => view.setBigUint64(end + field, value, true)),
          /^byte \d+: [^-]+$/, // no number below 0
        );
  });
});

describe("zip bombs", () => {
  const size = 40_000_000;
  const zeros = new Uint8Array(size);
  const shape = { count: size / 4, shape: [size / 4], strides: [1] };
  const bomb = dictFile({ w: tensorAs(shape) }, { 0: zeros }, 9);

  test("a file of 40 kB that inflates to 40 MB is read", () => {
    expect(bomb.length).toBeLessThan(60_000);
    const limited = () => parse(bomb, { maxBytes: 1e7 });
    expect(limited).toThrow(
      /expands to more than 10000000 bytes, the limit; raise it with options.maxBytes$/,
    );
    expect(() => parse(bomb)).toThrow(/expands to more than 67108864 bytes/);
    const { tensors } = parse(bomb, { maxBytes: 2 * size });
    expect(tensors["w"]!.data.length).toBe(size / 4);
  });

  test("a file that inflates to more than it declares", () => {
    const { record } = placesOf(bomb, "a/data/0");
    const file = changed(bomb, (view) =>
      view.setUint32(record + 24, 1000, true),
    );
    expectRefused(
      file,
      'entry "a/data/0": expected 1000 inflated bytes, got more',
    );
  });

  test("a file that inflates to less", () => {
    const { record } = placesOf(bomb, "a/data/0");
    const file = changed(bomb, (view) =>
      view.setUint32(record + 24, size + 4, true),
    );
    expect(() => parse(file, { maxBytes: 3 * size })).toThrow(
      `expected ${size + 4} inflated bytes, got ${size}`,
    );
  });

  test("a pickle that inflates to more than any has", () => {
    const file = zipSync({ "a/data.pkl": [zeros, { level: 9 }] });
    expectRefused(file, "expected an instruction of a pickle, got 0x0");
  });

  test("damage in what is deflated", () => {
    const small = dictFile(
      { w: tensorAs({ count: 1000, shape: [1000], strides: [1] }) },
      { 0: numbers(...Array.from({ length: 1000 }, (_, i) => i % 50)) },
      9,
    );
    const at = placesOf(small, "a/data/0").header + 38;
    const end = placesOf(small, "a/version").header;
    for (let i = at; i < end; i++)
      expectRefused(
        changed(small, (_, bytes) => (bytes[i]! ^= 0x55)),
        /^entry "a\/data\/0": (expected|the checksum)/,
      );
  });
});
