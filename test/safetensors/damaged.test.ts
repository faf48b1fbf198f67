import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { parse } from "../../src/safetensors.js";
import { expectPrototypesUnchanged } from "../support/fuzz.js";
import { entry, file, readsOrRefuses } from "./files.js";

expectPrototypesUnchanged();

describe("a damaged file", () => {
  const four = [0, 0, 128, 63];
  const x = entry("F32", [1], 0, 4);
  const length = (n: bigint) => {
    const bytes = file({}, [1, 2, 3]);
    new DataView(bytes.buffer).setBigUint64(0, n, true);
    return bytes;
  };

  test.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "byte 0: expected 8 bytes, got 0"],
    [
      "no header",
      new Uint8Array(8),
      "byte 8: expected a header that starts with {",
    ],
    [
      "a header longer than the file",
      length(6n),
      "byte 0: expected a header of at most 5 bytes, got 6",
    ],
    [
      "a header of 2^64 - 1 bytes",
      length(2n ** 64n - 1n),
      "byte 0: expected a header of at most 5 bytes, got 18446744073709552000",
    ],
    [
      "a header that starts with a space",
      file(" {}"),
      "byte 8: expected a header that starts with {",
    ],
    [
      "a list as header",
      file("[]"),
      "byte 8: expected a header that starts with {",
    ],
    ["a header that is no JSON", file("{x}"), "header: expected JSON, got "],
    ["a header that ends early", file('{"x":'), "header: expected JSON, got "],
    [
      "an entry that is no object",
      file({ x: 1 }),
      'tensor "x": expected an object, got 1',
    ],
    [
      "an entry that is null",
      file({ x: null }),
      'tensor "x": expected an object, got null',
    ],
    [
      "an entry that is a list",
      file({ x: [] }),
      'tensor "x": expected an object, got an array of length 0',
    ],
    [
      "an entry of another form",
      file({ x: { ...x, strides: 1 } }, four),
      'tensor "x": expected only dtype, shape and data_offsets, got an object',
    ],
    [
      "an unknown dtype",
      file({ x: entry("I64", [1], 0, 8) }, [...four, ...four]),
      'tensor "x": expected dtype F32, F16, BF16 or F64, got "I64"',
    ],
    [
      "a dtype that objects inherit",
      file({ x: entry("toString", [1], 0, 4) }, four),
      'tensor "x": expected dtype F32, F16, BF16 or F64, got "toString"',
    ],
    [
      "no dtype",
      file({ x: { shape: [1], data_offsets: [0, 4] } }, four),
      'tensor "x": expected dtype F32, F16, BF16 or F64, got undefined',
    ],
    [
      "a shape that is no list",
      file({ x: entry("F32", 1, 0, 4) }, four),
      'tensor "x": expected a shape of integers of at least 0, got 1',
    ],
    [
      "a negative dimension",
      file({ x: entry("F32", [-1, -1], 0, 4) }, four),
      'tensor "x": expected a shape of integers',
    ],
    [
      "a broken dimension",
      file({ x: entry("F32", [0.5, 2], 0, 4) }, four),
      'tensor "x": expected a shape of integers',
    ],
    [
      "a dimension beyond 2^53",
      file({ x: entry("F32", [2 ** 53], 0, 4) }, four),
      'tensor "x": expected a shape of integers',
    ],
    [
      "a size that overflows",
      file({ x: entry("F32", [2 ** 40, 2 ** 40], 0, 4) }, four),
      'tensor "x": [1099511627776, 1099511627776] is too large',
    ],
    [
      "a size that overflows before a 0",
      file({ x: entry("F32", [2 ** 52, 4, 0], 0, 0) }),
      'tensor "x": [4503599627370496, 4, 0] is too large',
    ],
    [
      "offsets that are no pair",
      file({ x: entry("F32", [1], 0) }, four),
      'tensor "x": expected data_offsets [begin, end], got an array of length 1',
    ],
    [
      "offsets of text",
      file({ x: entry("F32", [1], "0", "4") }, four),
      'tensor "x": expected data_offsets [begin, end]',
    ],
    [
      "offsets the wrong way round",
      file({ x: entry("F32", [1], 4, 0) }, four),
      'tensor "x": expected 4 bytes for F32 [1], got data_offsets [4, 0]',
    ],
    [
      "offsets that do not match the shape",
      file({ x: entry("F32", [2], 0, 4) }, four),
      'tensor "x": expected 8 bytes for F32 [2], got data_offsets [0, 4]',
    ],
    [
      "offsets beyond the file",
      file({ x: entry("F32", [2], 0, 8) }, four),
      'tensor "x": expected bytes from 0 and up to 4, got data_offsets [0, 8]',
    ],
    [
      "tensors that overlap",
      file({ x: entry("F32", [1], 0, 4), y: x }, four),
      'tensor "y": expected bytes from 4 and up to 4, got data_offsets [0, 4]',
    ],
    [
      "a hole",
      file({ x, y: entry("F32", [1], 8, 12) }, [...four, ...four, ...four]),
      'tensor "y": expected bytes from 4 and up to 12, got data_offsets [8, 12]',
    ],
    [
      "bytes before the first tensor",
      file({ x: entry("F32", [1], 4, 8) }, [...four, ...four]),
      'tensor "x": expected bytes from 0',
    ],
    [
      "bytes after the last tensor",
      file({ x }, [...four, 0]),
      "data: expected the end of the file after 4 bytes of tensors, got 5",
    ],
    [
      "metadata that is no object",
      file({ __metadata__: "a" }),
      "__metadata__: expected an object",
    ],
    [
      "metadata that is no text",
      file({ __metadata__: { a: 1 } }),
      '__metadata__["a"]: expected a string, got 1',
    ],
    [
      "a tensor that occurs twice",
      file(`{"x":${JSON.stringify(x)},"x":${JSON.stringify(x)}}`, four),
      "header: a name occurs twice",
    ],
    [
      "metadata that occurs twice",
      file('{"__metadata__":{"a":"1","a":"2"}}'),
      "header: a name occurs twice",
    ],
    [
      "a shape that occurs twice",
      file(
        '{"x":{"dtype":"F32","shape":[9],"shape":[1],"data_offsets":[0,4]}}',
        four,
      ),
      "header: a name occurs twice",
    ],
  ])("with %s is refused, and the place is named", (_, bytes, expected) => {
    expect(() => parse(bytes)).toThrow(FormatError);
    expect(() => parse(bytes)).toThrow(expected);
  });

  test("with bytes that are no UTF-8 is refused", () => {
    const bytes = file('{"?":{}}');
    bytes[10] = 0xff;
    expect(() => parse(bytes)).toThrow(
      new FormatError("expected UTF-8", "header"),
    );
  });

  test("with a header nested a hundred thousand deep or a megabyte long is refused like any other", () => {
    const deep = 100_000;
    expect(
      readsOrRefuses(file('{"a":'.repeat(deep) + "1" + "}".repeat(deep))),
    ).toBe("refused");
    expect(
      readsOrRefuses(file(`{"a":${"[".repeat(deep)}${"]".repeat(deep)}}`)),
    ).toBe("refused");
    expect(
      readsOrRefuses(file({ __metadata__: { a: "\\:".repeat(1_000_000) } })),
    ).toBe("read");
  });
});
