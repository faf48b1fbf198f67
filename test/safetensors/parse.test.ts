import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { parse } from "../../src/safetensors.js";
import { tensor } from "../../src/tensor.js";
import { expectPrototypesUnchanged } from "../support/fuzz.js";
import { entry, file, small } from "./files.js";

expectPrototypesUnchanged();

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

  test("reads tensors of no numbers behind one that begins where they do", () => {
    const { tensors } = parse(
      file(
        {
          b: entry("F32", [1], 4, 8),
          a: entry("F32", [1], 0, 4),
          none: entry("F32", [0, 2], 0, 0),
        },
        new Uint8Array(Float32Array.of(5, 6).buffer),
      ),
    );
    expect(tensors).toEqual({
      b: tensor([6]),
      a: tensor([5]),
      none: { shape: [0, 2], data: new Float32Array(0) },
    });
  });

  test("refuses integers without a scale for each row", () => {
    const integers = (scales: object, bytes: number) => () =>
      parse(
        file({ w: entry("I8", [2, 4], 0, 8), ...scales }, Array(bytes).fill(0)),
      );
    const message = 'tensor "w": expected a tensor w_scale of F32 [2], got ';
    expect(integers({}, 8)).toThrow(message);
    expect(integers({ w_scale: entry("F32", [3], 8, 20) }, 20)).toThrow(
      message,
    );
    expect(integers({ w_scale: entry("I8", [2], 8, 10) }, 10)).toThrow(
      FormatError,
    );
    const { tensors } = integers({ w_scale: entry("F32", [2], 8, 16) }, 16)();
    expect(Object.keys(tensors)).toEqual(["w"]);
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
