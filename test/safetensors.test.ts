import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FormatError } from "../src/errors.js";
import { parse, serialize, type StateDict } from "../src/safetensors.js";
import { tensor } from "../src/tensor.js";

/** A file with this header, which may be damaged in any way. */
function file(header: unknown, data: ArrayLike<number> = []): Uint8Array {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const json = Buffer.from(text);
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const entry = (dtype: unknown, shape: unknown, ...data_offsets: unknown[]) => ({
  dtype,
  shape,
  data_offsets,
});

/** The numbers of one tensor with these bytes. */
function decode(
  dtype: string,
  numbers: ArrayBufferView,
  size: number,
): Float32Array {
  const bytes = new Uint8Array(
    numbers.buffer,
    numbers.byteOffset,
    numbers.byteLength,
  );
  const { tensors } = parse(
    file({ x: entry(dtype, [bytes.length / size], 0, bytes.length) }, bytes),
  );
  return tensors["x"]!.data;
}

/** What a file of F32 tensors holds, read number by number without a check. */
function readPlainly(bytes: Uint8Array): StateDict {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, start)).toString());
  const tensors = Object.entries<ReturnType<typeof entry>>(header)
    .filter(([name]) => name !== "__metadata__")
    .map(([name, { shape, data_offsets }]) => {
      const [begin, end] = data_offsets as [number, number];
      const data = Float32Array.from({ length: (end - begin) / 4 }, (_, i) =>
        view.getFloat32(start + begin + 4 * i, true),
      );
      return [name, { shape, data }];
    });
  return Object.fromEntries(tensors);
}

/** Reads `bytes` rightly or refuses them with a FormatError that says why; returns which. */
function readsOrRefuses(bytes: Uint8Array): "read" | "refused" {
  let tensors: StateDict;
  try {
    ({ tensors } = parse(bytes));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    expect(String(error)).toMatch(
      /^FormatError: (byte \d+|header|data|tensor ".*"|__metadata__.*): /s,
    );
    return "refused";
  }
  expect(tensors).toEqual(readPlainly(bytes));
  return "read";
}

const small = serialize(
  {
    weight: tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
    bias: tensor([NaN, -0]),
    empty: { shape: [0, 4], data: new Float32Array() },
  },
  { author: "a test", note: "öß→" },
);

let prototypeBefore: object;
beforeAll(() => {
  prototypeBefore = Object.getOwnPropertyDescriptors(Object.prototype);
});
afterAll(() => {
  expect(Object.getOwnPropertyDescriptors(Object.prototype)).toEqual(
    prototypeBefore,
  );
});

describe("a round trip", () => {
  const names = fc.oneof(
    fc.string(),
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "constructor", "toJSON", "0", "a.b", ""),
  );
  const tensors = fc
    .array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
    .chain((shape) => {
      const length = shape.reduce((product, n) => product * n, 1);
      return fc
        .float32Array({ minLength: length, maxLength: length })
        .map((data) => ({ shape, data }));
    });
  const dict = <T>(values: fc.Arbitrary<T>) =>
    fc
      .array(fc.tuple(names, values), { maxLength: 6 })
      .map((entries) => Object.fromEntries(entries) as Record<string, T>);

  test("keeps every name, shape, bit and metadata value, in order", () => {
    fc.assert(
      fc.property(
        dict(tensors),
        fc.option(dict(fc.string()), { nil: undefined }),
        (given, metadata) => {
          const bytes = serialize(given, metadata);
          const result = parse(bytes);
          expect(Object.entries(result.tensors)).toEqual(Object.entries(given));
          expect(Object.entries(result.metadata)).toEqual(
            Object.entries(metadata ?? {}),
          );
          expect(Object.getPrototypeOf(result.tensors)).toBe(Object.prototype);
          expect(serialize(result.tensors, metadata)).toEqual(bytes);
          expect((new DataView(bytes.buffer).getUint32(0, true) + 8) % 8).toBe(
            0,
          );
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });

  test("keeps the payload of NaN", () => {
    const data = new Float32Array(
      Uint32Array.of(0x7fc00001, 0xffc12345, 0x7fa00000).buffer,
    );
    const { tensors } = parse(serialize({ x: { shape: [3], data } }));
    expect(new Uint32Array(tensors["x"]!.data.buffer)).toEqual(
      new Uint32Array(data.buffer),
    );
  });

  test("writes the numbers that a view shows, not its whole buffer", () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3);
    expect(
      parse(serialize({ x: { shape: [2], data } })).tensors["x"]!.data,
    ).toEqual(Float32Array.of(2, 3));
  });

  test("refuses to write what is no tensor or no text", () => {
    const x = tensor([1]);
    expect(() => serialize([] as never)).toThrow(
      new TypeError("tensors: expected an object, got an array of length 0"),
    );
    expect(() => serialize(new Map() as never)).toThrow(
      new TypeError("tensors: expected an object, got a Map"),
    );
    expect(() => serialize({ x: [1] } as never)).toThrow(
      new TypeError(
        'tensors["x"]: expected a tensor, got an array of length 1',
      ),
    );
    expect(() => serialize({ x: { shape: [2], data: x.data } })).toThrow(
      new RangeError('tensors["x"].data: expected 2 numbers for [2], got 1'),
    );
    expect(() => serialize({ __metadata__: x })).toThrow(
      new RangeError(
        'tensors: expected names other than __metadata__, got "__metadata__"',
      ),
    );
    expect(() => serialize({ x }, { a: 1 } as never)).toThrow(
      new TypeError('metadata["a"]: expected a string, got 1'),
    );
    expect(() => serialize({ x }, "a" as never)).toThrow(
      new TypeError('metadata: expected an object, got "a"'),
    );
  });
});

describe("parse", () => {
  test("takes a Uint8Array at any offset, a Buffer, an ArrayBuffer, shared memory, and those of another realm", () => {
    const expected = parse(small);
    expect(expected.tensors["weight"]).toEqual(
      tensor([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    );
    expect(expected.metadata).toEqual({ author: "a test", note: "öß→" });
    for (let offset = 0; offset < 8; offset++) {
      const moved = new Uint8Array(small.length + 20).fill(0xff);
      moved.set(small, offset);
      expect(parse(moved.subarray(offset, offset + small.length))).toEqual(
        expected,
      );
    }
    const shared = new Uint8Array(new SharedArrayBuffer(small.length));
    shared.set(small);
    const foreign = runInNewContext("bytes => Uint8Array.from(bytes)")(small);
    for (const bytes of [
      Buffer.from(small),
      small.slice().buffer,
      shared,
      foreign,
      foreign.buffer,
    ])
      expect(parse(bytes)).toEqual(expected);
  });

  test("gives numbers of their own", () => {
    const bytes = Buffer.from(small);
    const { tensors } = parse(bytes);
    const before = structuredClone(tensors);
    bytes.fill(0);
    expect(tensors).toEqual(before);
    expect(
      new Set(Object.values(tensors).map(({ data }) => data.buffer)).size,
    ).toBe(3);
  });

  test.each([
    null,
    undefined,
    "abc",
    5,
    [1, 2],
    {},
    new Float32Array(20),
    new DataView(new ArrayBuffer(20)),
    new SharedArrayBuffer(20),
  ])("refuses %o, which is not bytes, with a TypeError", (value) => {
    expect(() => parse(value as never)).toThrow(TypeError);
    expect(() => parse(value as never)).toThrow(
      /^bytes: expected a Uint8Array or an ArrayBuffer, got /,
    );
  });

  test("reads tensors whose numbers start anywhere, in any order", () => {
    const data = new Uint8Array([
      ...new Uint8Array(Uint16Array.of(0x3c00).buffer),
      ...new Uint8Array(Float32Array.of(5, 6).buffer),
    ]);
    const { tensors } = parse(
      file(
        { late: entry("F32", [2], 2, 10), early: entry("F16", [], 0, 2) },
        data,
      ),
    );
    expect(tensors).toEqual({ late: tensor([5, 6]), early: tensor(1) });
  });

  test("reads every float16", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const expected = Float32Array.from(bits, (half) => {
      const sign = half >> 15 ? -1 : 1;
      const exponent = (half >> 10) & 31;
      const fraction = (half & 1023) / 1024;
      if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
      return exponent === 0
        ? sign * fraction * 2 ** -14
        : sign * (1 + fraction) * 2 ** (exponent - 15);
    });
    expect(decode("F16", bits, 2)).toEqual(expected);
    expect([
      ...decode(
        "F16",
        Uint16Array.of(0x0001, 0x03ff, 0x0400, 0x7bff, 0x8000, 0xfc00),
        2,
      ),
    ]).toEqual([
      5.960464477539063e-8,
      6.097555160522461e-5,
      6.103515625e-5,
      65504,
      -0,
      -Infinity,
    ]);
  });

  test("reads every bfloat16", () => {
    const bits = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const expected = Float32Array.from(bits, (half) => {
      const sign = half >> 15 ? -1 : 1;
      const exponent = (half >> 7) & 255;
      const fraction = (half & 127) / 128;
      if (exponent === 255) return fraction === 0 ? sign * Infinity : NaN;
      return exponent === 0
        ? sign * fraction * 2 ** -126
        : sign * (1 + fraction) * 2 ** (exponent - 127);
    });
    expect(decode("BF16", bits, 2)).toEqual(expected);
  });

  test("rounds float64 to the nearest float32", () => {
    const listed = [
      0,
      -0,
      0.1,
      1e300,
      -1e300,
      1e-300,
      2 ** -149,
      1.5 * 2 ** -149,
      2 ** -150,
      3.4028235677973366e38,
      Infinity,
      -Infinity,
      NaN,
      1 + 2 ** -24,
      1 + 2 ** -23,
    ];
    expect([...decode("F64", Float64Array.from(listed), 8)]).toEqual(
      listed.map(Math.fround),
    );
    fc.assert(
      fc.property(fc.float64Array(), (numbers) => {
        expect([...decode("F64", numbers, 8)]).toEqual(
          [...numbers].map(Math.fround),
        );
      }),
      { seed: 1 },
    );
  });

  test("takes a tensor named __proto__ as a name like any other", () => {
    const bytes = file(
      '{"__proto__":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"__metadata__":{"__proto__":"x"}}',
      [0, 0, 128, 63],
    );
    const { tensors, metadata } = parse(bytes);
    expect(Object.getPrototypeOf(tensors)).toBe(Object.prototype);
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
    expect(Object.entries(tensors)[0]![1]).toEqual(tensor([1]));
    expect(Object.entries(metadata)).toEqual([["__proto__", "x"]]);
  });
});

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
      'tensor "x": expected dtype, shape and data_offsets alone, got an object',
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

  test("with a header nested a million deep or a megabyte long is refused like any other", () => {
    const deep = 1_000_000;
    expect(
      readsOrRefuses(file('{"a":'.repeat(deep) + "1" + "}".repeat(deep))),
    ).toBe("refused");
    expect(
      readsOrRefuses(file(`{"a":${"[".repeat(deep)}${"]".repeat(deep)}}`)),
    ).toBe("refused");
    expect(
      readsOrRefuses(file({ __metadata__: { a: "\\:".repeat(deep) } })),
    ).toBe("read");
  });

  test("may end at any byte", () => {
    for (let end = 0; end < small.length; end++)
      expect(readsOrRefuses(small.slice(0, end))).toBe("refused");
  });

  test("may have any bit flipped", () => {
    const outcomes = { read: 0, refused: 0 };
    for (let bit = 0; bit < small.length * 8; bit++) {
      const bytes = small.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      outcomes[readsOrRefuses(bytes)]++;
    }
    expect(outcomes.read).toBeGreaterThan(32 * 8); // every bit of the numbers
    expect(outcomes.refused).toBeGreaterThan(64 + 300);
  });

  test("may have any bytes replaced", () => {
    const changes = fc.array(
      fc.tuple(fc.nat({ max: small.length - 1 }), fc.nat({ max: 255 })),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = small.slice();
        for (const [index, value] of list) bytes[index] = value;
        readsOrRefuses(bytes);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  test("may have any header", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, "__proto__"),
    );
    const small = fc.nat({ max: 3 });
    const entries = fc.record(
      {
        dtype: fc.oneof({ weight: 9, arbitrary: fc.constant("F32") }, odd),
        shape: fc.oneof(
          { weight: 9, arbitrary: fc.array(small, { maxLength: 3 }) },
          odd,
        ),
        data_offsets: fc.oneof(
          {
            weight: 9,
            arbitrary: fc.tuple(small, small).map(([a, b]) => [4 * a, 4 * b]),
          },
          odd,
        ),
      },
      { noNullPrototype: true },
    );
    const names = fc.constantFrom(
      "a",
      "b",
      "__proto__",
      "__metadata__",
      "constructor",
    );
    const headers = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .array(
            fc.tuple(names, fc.oneof({ weight: 9, arbitrary: entries }, odd)),
            { maxLength: 3 },
          )
          .map(Object.fromEntries)
          .map((h) => JSON.stringify(h)),
      },
      fc.json(),
      fc.string().map((text) => `{${text}`),
    );
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(headers, fc.nat({ max: 3 }), (header, words) => {
        outcomes[
          readsOrRefuses(file(header, new Uint8Array(4 * words).fill(1)))
        ]++;
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(outcomes.read).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(1000);
  });
});

describe.each(["fixtures/torch/", "../../shared/goldens/torch/"])(
  "the files of PyTorch in %s",
  (folder) => {
    const path = fileURLToPath(new URL(folder, import.meta.url));
    const files = existsSync(path)
      ? readdirSync(path).filter((name) => name.endsWith(".safetensors"))
      : [];

    test.runIf(files.length > 0)(
      "are read to the bit, and written back",
      () => {
        for (const name of files) {
          const bytes = readFileSync(path + name);
          const { tensors, metadata } = parse(bytes);
          expect(tensors).toEqual(readPlainly(bytes));
          expect(JSON.parse(metadata["case"]!)).toHaveProperty("layer");
          expect(parse(serialize(tensors, metadata))).toEqual({
            tensors,
            metadata,
          });
        }
      },
    );
  },
);
