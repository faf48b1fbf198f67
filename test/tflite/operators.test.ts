import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/tflite/index.js";
import type { Tensor } from "../../src/index.js";
import { write } from "./support/write.mjs";

interface Operator {
  readonly op: string;
  readonly options?: object;
  /** Of x, and behind it constants. */
  readonly shape: readonly number[];
  readonly constants?: readonly {
    readonly type?: string;
    readonly shape: readonly number[];
    readonly data: readonly number[];
  }[];
  readonly output: readonly number[];
  /** Of x and y; float32 by default. */
  readonly type?: string;
  readonly scale?: object;
}

/** One operator on x, as TensorFlow Lite's kernels define it. */
function graphOf(own: Operator) {
  const { op, options = {}, shape, constants = [], output } = own;
  const integers = {
    ...(own.type && { type: own.type }),
    ...(own.scale && { scale: own.scale }),
  };
  const tensors = [
    { name: "x", shape, ...integers },
    ...constants.map((each, i) => ({ name: `c${i}`, ...each })),
    { name: "y", shape: output, ...integers },
  ];
  const inputs = ["x", ...constants.map((_, i) => `c${i}`)];
  const operators = [{ op, options, inputs, outputs: ["y"] }];
  return load(
    write({
      subgraphs: [
        { tensors, inputs: ["x"], outputs: ["y"], operators } as never,
      ],
    }),
  ).model;
}

const numbers = (own: Operator, data: readonly number[]): number[] => {
  const x: Tensor = { shape: own.shape, data: Float32Array.from(data) };
  const { y } = graphOf(own).run({ x });
  expect(y!.shape).toEqual(own.output);
  return [...y!.data];
};

describe("an operator by hand", () => {
  test.each([
    ["0.3, between the steps, to the nearest", 0.3, 0],
    ["0.4", 0.4, 2 / 3],
    ["above", 5, 2 / 3],
    ["below", -5, -4 / 3],
  ])("FAKE_QUANT of two bits: %s", (_, given, expected) => {
    const options = { min: -1, max: 1, num_bits: 2, narrow_range: false };
    const own = { op: "FAKE_QUANT", options, shape: [1], output: [1] };
    expect(numbers(own, [given])[0]).toBeCloseTo(expected, 6);
  });

  test("FAKE_QUANT of a narrow range has as many steps on either side", () => {
    const options = { min: -1, max: 1, num_bits: 2, narrow_range: true };
    const own = { op: "FAKE_QUANT", options, shape: [3], output: [3] };
    expect(numbers(own, [-5, 0.4, 5])).toEqual([-1, 0, 1]);
  });

  test.each([1, -1])("GATHER in each row, batch_dims %i", (batch_dims) => {
    const own = {
      op: "GATHER",
      options: { axis: 1, batch_dims },
      shape: [2, 3],
      constants: [{ type: "INT32", shape: [2, 2], data: [2, 0, 1, 1] }],
      output: [2, 2],
    };
    expect(numbers(own, [1, 2, 3, 4, 5, 6])).toEqual([3, 1, 5, 5]);
  });

  const pads = (...data: number[]) => ({ type: "INT32", shape: [1, 2], data });

  test("MIRROR_PAD, symmetric, has up to all of it twice", () => {
    const own = (...sides: [number, number]) => ({
      op: "MIRROR_PAD",
      options: { mode: 1 },
      shape: [3],
      constants: [pads(...sides)],
      output: [3 + sides[0] + sides[1]],
    });
    expect(numbers(own(3, 1), [1, 2, 3])).toEqual([3, 2, 1, 1, 2, 3, 3]);
    expect(() => graphOf(own(4, 1))).toThrow(FormatError);
    expect(() => graphOf(own(4, 1))).toThrow(
      "expected at most 3 places of padding, got 4 and 1",
    );
  });

  test.each([
    ["a zero", { type: "INT8", scale: { scale: 0.5, zero: 7 } }, 7],
    ["none", { type: "INT8", scale: { scale: 0.5 } }, 0],
    ["no scale", { type: "INT32" }, 0],
  ])(
    "PAD of integers with %s puts the one that stands for 0",
    (_, integers, zero) => {
      const own = {
        op: "PAD",
        shape: [2],
        constants: [pads(1, 2)],
        output: [5],
        ...integers,
      };
      expect(numbers(own, [3, 4])).toEqual([zero, 3, 4, zero, zero]);
    },
  );

  test.each([
    ["from before the beginning", -9, -9, []],
    ["to the largest integer", 2, 2 ** 31 - 1, []],
    ["all of it", 9, -9, [3, 2, 1]],
  ])("STRIDED_SLICE backwards %s is as in Python", (_, from, to, expected) => {
    const one = (data: number) =>
      ({ type: "INT32", shape: [1], data: [data] }) as const;
    const own = {
      op: "STRIDED_SLICE",
      shape: [3],
      constants: [one(from), one(to), one(-1)],
      output: [expected.length],
    };
    expect(numbers(own, [1, 2, 3])).toEqual(expected);
  });

  test("CONV_2D without strides is refused", () => {
    const filter = { shape: [1, 1, 1, 1], data: [1] };
    const own = (options: object) => ({
      op: "CONV_2D",
      options: { padding: "VALID", ...options },
      shape: [1, 1, 2, 1],
      constants: [filter, { shape: [1], data: [0] }],
      output: [1, 1, 2, 1],
    });
    expect(numbers(own({ stride_w: 1, stride_h: 1 }), [5, 6])).toEqual([5, 6]);
    expect(() => graphOf(own({ stride_h: 1 }))).toThrow(
      "expected windows, strides and dilations of at least 1, got 1, 1, 1, 0, 1, 1",
    );
  });
});
