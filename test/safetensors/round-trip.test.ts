import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse, serialize } from "../../src/safetensors.js";
import { tensor } from "../../src/tensor.js";
import { expectSameDict } from "../support/compare.js";
import { expectPrototypesUnchanged } from "../support/fuzz.js";
import { readPlainly } from "./files.js";

expectPrototypesUnchanged();

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

  test("refuses a tensor with the name of another one's scales", () => {
    const integers = { values: new Int8Array(2), scales: new Float32Array(1) };
    const weight = { shape: [1, 2], data: new Float32Array(2), integers };
    expect(() => serialize({ weight, weight_scale: tensor([1]) })).toThrow(
      /^tensors: expected .*, got "weight_scale"$/,
    );
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

describe.each(["fixtures/torch/", "../../shared/goldens/torch/"])(
  "the files of PyTorch in %s",
  (folder) => {
    const path = fileURLToPath(new URL(`../${folder}`, import.meta.url));
    const files = existsSync(path)
      ? readdirSync(path).filter((name) => name.endsWith(".safetensors"))
      : [];

    test.runIf(files.length > 0)(
      "are read to the bit, and written back",
      () => {
        for (const name of files) {
          const bytes = readFileSync(path + name);
          const { tensors, metadata } = parse(bytes);
          expectSameDict(tensors, readPlainly(bytes));
          expect(JSON.parse(metadata["case"]!)).toHaveProperty("layer");
          const again = parse(serialize(tensors, metadata));
          expectSameDict(again.tensors, tensors);
          expect(again.metadata).toEqual(metadata);
        }
      },
    );
  },
);
