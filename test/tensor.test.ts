import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asTensor, tensor, toArray, type Nested } from "../src/tensor.js";

type Values = Parameters<typeof tensor>[0];

const floats = (...values: number[]) => Float32Array.from(values);

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return String(error);
  }
  throw new Error("expected an error");
}

describe("tensor", () => {
  test.each<[string, Values, number[] | undefined, number[]]>([
    ["a number", 7, undefined, []],
    ["a list", [1, 2, 3], undefined, [3]],
    [
      "rows",
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      undefined,
      [2, 3],
    ],
    ["rows that are typed", [floats(1, 2), floats(3, 4)], undefined, [2, 2]],
    ["typed and plain rows mixed", [[1, 2], floats(3, 4)], undefined, [2, 2]],
    [
      "three levels",
      [
        [[1], [2]],
        [[3], [4]],
      ],
      undefined,
      [2, 2, 1],
    ],
    ["a typed array", floats(1, 2, 3), undefined, [3]],
    ["a typed array of another kind", Uint8Array.of(1, 2), undefined, [2]],
    ["an array-like object", { length: 2, 0: 1, 1: 2 }, undefined, [2]],
    ["a flat list with a shape", [1, 2, 3, 4, 5, 6], [2, 1, 3], [2, 1, 3]],
    ["a typed array with a shape", floats(1, 2, 3, 4), [2, 2], [2, 2]],
    ["a number with a shape", 1, [1, 1], [1, 1]],
    ["rows with the shape that they have", [[1], [2]], [2, 1], [2, 1]],
  ])("takes %s", (_, values, shape, expected) => {
    const result = tensor(values, shape);
    expect(result.shape).toEqual(expected);
    const size = expected.reduce((product, n) => product * n, 1);
    expect([...result.data]).toEqual(
      Array.from({ length: size }, (__, i) =>
        size === 1 ? values : i + 1,
      ).flat(),
    );
  });

  test("owns its numbers and its shape", () => {
    const data = floats(1, 2, 3, 4);
    const shape = [2, 2];
    const result = tensor(data, shape);
    const rows = tensor([data]);
    data.fill(9);
    shape[0] = 9;
    expect(result).toEqual({ shape: [2, 2], data: floats(1, 2, 3, 4) });
    expect(rows).toEqual({ shape: [1, 4], data: floats(1, 2, 3, 4) });
  });

  test("rounds to float32, and keeps NaN, infinities and the sign of zero", () => {
    const { data } = tensor([0.1, 1e40, -1e40, 1e-50, NaN, -0]);
    const expected = [Math.fround(0.1), Infinity, -Infinity, 0, NaN, -0];
    expect([...data]).toEqual(expected);
  });

  test("takes arrays of another realm", () => {
    const foreign = runInNewContext("[[1, 2], Float32Array.of(3, 4)]");
    expect(tensor(foreign)).toEqual(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    );
  });

  const inItself: unknown[] = [];
  inItself.push(inItself);

  test.each<[string, unknown, unknown?]>([
    ['TypeError: values: expected numbers, got "abc"', "abc"],
    [
      `TypeError: values: expected numbers, got "${"a".repeat(40)}"`,
      "a".repeat(40),
    ],
    [
      "TypeError: values: expected numbers, got a string of 41 characters",
      "a".repeat(41),
    ],
    [
      "RangeError: values: expected at least one number, got an object",
      { length: 0 },
    ],
    ["TypeError: values: expected numbers, got an object", { length: -1 }],
    [
      "TypeError: values[1][0]: expected an array of length 1, got 3",
      [[[1], [2]], floats(3, 4)],
    ],
    ["TypeError: values: expected numbers, got a function", () => 1],
    ["TypeError: values: expected numbers, got a symbol", Symbol("x")],
    ["TypeError: values: expected numbers, got null", null],
    ["TypeError: values: expected numbers, got undefined", undefined],
    ["TypeError: values: expected numbers, got 5n", 5n],
    ["TypeError: values: expected numbers, got an object", {}],
    ["TypeError: values: expected numbers, got a Map", new Map()],
    [
      "TypeError: values: expected numbers, got a BigInt64Array of length 1",
      BigInt64Array.of(1n),
    ],
    ["TypeError: values: expected numbers, got [1, 2]", tensor([[1, 2]])],
    ['TypeError: values[0]: expected numbers, got "a"', ["a"]],
    ['TypeError: values[1]: expected a number, got "2"', [1, "2"]],
    [
      "TypeError: values[1][1]: expected a number, got null",
      [
        [1, 2],
        [3, null],
      ],
    ],
    ["TypeError: values[0]: expected numbers, got undefined", Array(1)],
    ["TypeError: values[1]: expected an array of length 2, got 3", [[1, 2], 3]],
    [
      "TypeError: values[1]: expected a number, got an array of length 1",
      [1, [2]],
    ],
    [
      "RangeError: values[1]: expected an array of length 2, got an array of length 1",
      [[1, 2], [3]],
    ],
    [
      "RangeError: values[1]: expected an array of length 1, got a Float32Array of length 2",
      [[1], floats(2, 3)],
    ],
    [
      "RangeError: values: expected at least one number, got an array of length 0",
      [],
    ],
    [
      "RangeError: values[0]: expected at least one number, got an array of length 0",
      [[], []],
    ],
    [
      "RangeError: values: expected at least one number, got a Float32Array of length 0",
      floats(),
    ],
    ["RangeError: values: expected at most 32 dimensions, got more", inItself],
    [
      "RangeError: values: expected 4 numbers for [2, 2], got 3",
      [1, 2, 3],
      [2, 2],
    ],
    [
      "RangeError: values: expected 4 numbers for [2, 2], got 5",
      [1, 2, 3, 4, 5],
      [2, 2],
    ],
    [
      "RangeError: values: expected [4], got [2, 2]",
      [
        [1, 2],
        [3, 4],
      ],
      [4],
    ],
    ["RangeError: shape: expected a positive integer, got 0", [1], [1, 0]],
    ["RangeError: shape: expected a positive integer, got -1", [1], [-1]],
    ["RangeError: shape: expected a positive integer, got 1.5", [1], [1.5]],
    ['TypeError: shape: expected a positive integer, got "1"', [1], ["1"]],
    ["TypeError: shape: expected an array of sizes, got 1", [1], 1],
  ])("refuses with %s", (expected, values, shape) => {
    expect(refusal(() => tensor(values as Values, shape as number[]))).toBe(
      expected,
    );
  });
});

describe("toArray", () => {
  test("is the way back from a tensor of any shape", () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    const nested = sizes.chain((shape) =>
      shape.reduceRight<fc.Arbitrary<Nested>>(
        (inner, length) =>
          fc.array(inner, { minLength: length, maxLength: length }),
        fc.float(),
      ),
    );
    fc.assert(
      fc.property(nested, (values) => {
        expect(toArray(tensor(values))).toEqual(values);
      }),
      { seed: 1 },
    );
  });

  test("gives plain arrays, also where a dimension is 0", () => {
    expect(toArray({ shape: [0], data: floats() })).toEqual([]);
    expect(toArray({ shape: [2, 0], data: floats() })).toEqual([[], []]);
    expect(toArray({ shape: [0, 2], data: floats() })).toEqual([]);
    expect(toArray(tensor([floats(1, 2)]))).toStrictEqual([[1, 2]]);
  });

  test("refuses what is no tensor", () => {
    expect(refusal(() => toArray([1] as never))).toBe(
      "TypeError: t: expected a tensor, got an array of length 1",
    );
  });
});

describe("asTensor", () => {
  test("hands a tensor back as it is now, its data not copied, and makes one of arrays", () => {
    const given = tensor([[1, 2]]);
    expect(asTensor(given, "input")).toEqual(given);
    expect(asTensor(given, "input").data).toBe(given.data);
    expect(asTensor([[1, 2]], "input")).toEqual(given);
    const empty = { shape: [3, 0], data: floats() };
    expect(asTensor(empty, "input")).toEqual(empty);
  });

  test("reads each part once: what was checked is what is used", () => {
    let read = 0;
    const shrinking = {
      shape: [2],
      get data() {
        return floats(...[1, 2].slice(read++));
      },
    };
    expect(asTensor(shrinking, "input").data).toEqual(floats(1, 2));
    expect(read).toBe(1);
    let sizes = 0;
    const growing = new Proxy([2], {
      get: (shape, key) =>
        key === "0" ? 2 + 98 * sizes++ : Reflect.get(shape, key),
    });
    const given = { shape: growing, data: floats(1, 2) };
    expect(asTensor(given, "input").shape).toEqual([2]);
  });

  test("takes tensors of another realm, and of a class", () => {
    const foreign = runInNewContext(
      "({ shape: [2], data: Float32Array.of(1, 2) })",
    );
    expect(asTensor(foreign, "input").data).toBe(foreign.data);
    class Own {
      shape = [1];
      get data() {
        return floats(1);
      }
    }
    const own = new Own();
    expect(asTensor(own, "input")).toEqual({ shape: [1], data: floats(1) });
  });

  const disguised = { length: 1, [Symbol.toStringTag]: "Float32Array" };

  test.each<[string, unknown]>([
    ['TypeError: input: expected numbers, got "abc"', "abc"],
    ["TypeError: input: expected numbers, got an object", { shape: [1] }],
    [
      "RangeError: input[1]: expected an array of length 2, got an array of length 1",
      [[1, 2], [3]],
    ],
    [
      "TypeError: input.shape: expected an array of sizes, got 2",
      { shape: 2, data: floats(1, 2) },
    ],
    [
      'TypeError: input.shape: expected an integer of at least 0, got "2"',
      { shape: ["2"], data: floats(1, 2) },
    ],
    [
      "RangeError: input.shape: expected an integer of at least 0, got -1",
      { shape: [-1], data: floats() },
    ],
    [
      "RangeError: input.shape: expected an integer of at least 0, got NaN",
      { shape: [NaN], data: floats() },
    ],
    [
      "TypeError: input.data: expected a Float32Array, got an array of length 2",
      { shape: [2], data: [1, 2] },
    ],
    [
      "TypeError: input.data: expected a Float32Array, got a Float64Array of length 1",
      { shape: [1], data: Float64Array.of(1) },
    ],
    [
      "TypeError: input.data: expected a Float32Array, got a Float32Array",
      { shape: [1], data: disguised },
    ],
    [
      "RangeError: input.data: expected 4 numbers for [2, 2], got 2",
      { shape: [2, 2], data: floats(1, 2) },
    ],
  ])("refuses with %s", (expected, value) => {
    expect(refusal(() => asTensor(value as never, "input"))).toBe(expected);
  });
});

test("toArray holds a tensor to the rank that its caller expects", () => {
  const t = tensor([1, 2, 3, 4], [2, 2]);
  const rows: number[][] = toArray(t, 2);
  expect(rows).toEqual([
    [1, 2],
    [3, 4],
  ]);
  expect(() => toArray(t, 3)).toThrow(
    new RangeError("t: expected 3 dimensions, got [2, 2]"),
  );
});
