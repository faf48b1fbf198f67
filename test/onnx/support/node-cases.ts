import type { AttributeSpec, NodeSpec, TypeName } from "./build.js";

/*
 * One node each, with its inputs. What onnxruntime makes of them is in ../fixtures/nodes.json, which
 * tools/make_onnx_fixtures.mjs writes.
 */

export interface Input {
  dtype: TypeName;
  shape: readonly number[];
  data: readonly number[];
}

export interface NodeCase {
  name: string;
  opset: number;
  node: NodeSpec;
  /** By name: a, b, c, …; "" in the node for those left out. */
  inputs: Record<string, Input>;
}

const NAMES = "abcdefg";
const cases: NodeCase[] = [];

/** `inputs`: null for one left out; opsets: the case once for each. */
function add(
  type: string,
  what: string,
  opsets: number | readonly number[],
  inputs: readonly (Input | null)[],
  attributes: Record<string, AttributeSpec> = {},
  outputs = 1,
): void {
  const given = inputs.map((input, i) => [NAMES[i]!, input] as const);
  for (const opset of [opsets].flat())
    cases.push({
      name: `${type}-${opset} ${what}`.trim(),
      opset,
      node: {
        type,
        inputs: given.map(([name, input]) => (input ? name : "")),
        outputs: Array.from({ length: outputs }, (_, i) => `out${i}`),
        attributes,
      },
      inputs: Object.fromEntries(
        given.filter((entry): entry is [string, Input] => !!entry[1]),
      ),
    });
}

const of = (
  dtype: TypeName,
  shape: readonly number[],
  data: readonly number[],
): Input => ({ dtype, shape, data });
const ints = (...data: number[]) => of("int64", [data.length], data);
const int32s = (...data: number[]) => of("int32", [data.length], data);
const bools = (shape: readonly number[], ...data: number[]) =>
  of("bool", shape, data);

/** Numbers that look random and are the same everywhere, from -2 to 2, by eighths, so that sums are exact. */
function some(...shape: number[]): Input {
  const count = shape.reduce((a, b) => a * b, 1);
  const data = Array.from(
    { length: count },
    (_, i) => (((i * 37 + 11 * shape.length) % 33) - 16) / 8,
  );
  return of("float32", shape, data);
}

const positive = (...shape: number[]): Input => {
  const { data } = some(...shape);
  return of(
    "float32",
    shape,
    data.map((x) => Math.abs(x) + 0.25),
  );
};

// ───────── arithmetic and functions

for (const type of ["Add", "Sub", "Mul", "Div"]) {
  const right = type === "Div" ? positive : some;
  add(type, "of equal shapes", [7, 13, 14], [some(2, 3), right(2, 3)]);
  add(type, "of a matrix and a row", 7, [some(2, 3), right(3)]);
  add(type, "of a row and a matrix", 14, [some(3), right(2, 3)]);
  add(type, "that stretches both", 14, [some(2, 1, 3), right(4, 1)]);
  add(type, "with a scalar", 14, [some(2, 3), right()]);
  add(type, "of nothing", 14, [some(0, 3), right(3)]);
  const [a, b] = [ints(7, -7, 9007199254740, 3), ints(2, 2, 900, -3)];
  add(type, "of int64", 14, [a, b]);
  add(type, "of int32", 14, [int32s(7, -7, 100000), int32s(2, 2, 20000)]);
}
add("Pow", "of floats", [7, 13, 15], [positive(2, 3), some(3)]);
add("Pow", "of floats to integers", 15, [some(2, 3), int32s(2, 3, 0)]);
add("Pow", "of int64", 15, [ints(2, -3, 10), ints(10, 3, 0)]);
add("Sqrt", "", [7, 13], [positive(2, 3)]);
add("Relu", "", [7, 14], [some(2, 7)]);
add("Relu", "of int32", 14, [int32s(-3, 0, 4)]);
add("LeakyRelu", "", [7, 16], [some(2, 7)]);
add("LeakyRelu", "with a slope", 16, [some(2, 7)], { alpha: { float: 0.3 } });
add("Tanh", "", [7, 13], [some(2, 7)]);
add("Sigmoid", "", [7, 13], [some(2, 7)]);
const wide = of("float32", [6], [-100, -20, -1e-3, 1e-3, 20, 100]);
add("Tanh", "far out", 13, [wide]);
add("Sigmoid", "far out", 13, [wide]);

const low = of("float32", [], [-0.5]);
const high = of("float32", [], [0.75]);
add("Clip", "by attributes", 7, [some(2, 7)], {
  min: { float: -0.5 },
  max: { float: 0.75 },
});
add("Clip", "by one attribute", 7, [some(2, 7)], { min: { float: 0.25 } });
add("Clip", "by inputs", [11, 12, 13], [some(2, 7), low, high]);
add("Clip", "from below", 13, [some(2, 7), low]);
add("Clip", "from above", 13, [some(2, 7), null, high]);
add("Clip", "by nothing", 13, [some(2, 7)]);
add("Clip", "with min above max", 13, [some(2, 7), high, low]);
add("Clip", "of int64", 13, [
  ints(-3, 0, 9),
  of("int64", [], [-1]),
  of("int64", [], [5]),
]);

add("Equal", "of int64", [7, 11], [ints(1, 2, 3), ints(1, 3, 3)]);
add("Equal", "that broadcasts", 13, [
  of("float32", [2, 3], [1, 2, 3, 4, 5, 6]),
  of("float32", [3], [1, 5, 3]),
]);
add("Equal", "of truth values", 13, [bools([3], 1, 0, 1), bools([3], 1, 1, 0)]);
add("Not", "", [7, 13], [bools([2, 2], 1, 0, 0, 1)]);
add("Where", "", [9, 16], [bools([2, 2], 1, 0, 0, 1), some(2, 2), some(2, 2)]);
add("Where", "that broadcasts", 16, [
  bools([2, 1], 1, 0),
  some(3),
  of("float32", [], [9]),
]);
add("Where", "of int64", 16, [bools([3], 1, 0, 1), ints(1, 2, 3), ints(-1)]);

// ───────── shapes

for (const shape of [[3, 2], [-1], [0, -1], [1, 3, -1], [6, 1, 1]])
  add("Reshape", `to ${shape.join(" ")}`, 14, [some(2, 3), ints(...shape)]);
add("Reshape", "of other opsets", [7, 13, 21], [some(2, 3), ints(3, 2)]);
add("Reshape", "with zeros allowed", 14, [some(0, 3), ints(3, 0)], {
  allowzero: 1,
});
add("Reshape", "to a scalar", 14, [some(1, 1), ints()]);
add("Flatten", "", [7, 9, 13], [some(2, 3, 4)]);
for (const axis of [0, 2, 3, -1])
  add("Flatten", `at ${axis}`, 13, [some(2, 3, 4)], { axis });
add("Squeeze", "of all", [7, 11, 13], [some(1, 3, 1, 2)]);
add("Squeeze", "of some", [7, 11], [some(1, 3, 1, 2)], { axes: [2] });
add("Squeeze", "from the end", 11, [some(1, 3, 1, 2)], { axes: [-2, 0] });
add("Squeeze", "by input", [13, 21], [some(1, 3, 1, 2), ints(0, -2)]);
add("Unsqueeze", "", [7, 11], [some(2, 3)], { axes: [0, 3] });
add("Unsqueeze", "from the end", 11, [some(2, 3)], { axes: [-1] });
add("Unsqueeze", "by input", [13, 21], [some(2, 3), ints(3, 0, -1)]);
add("Shape", "", [7, 13, 15, 21], [some(2, 3, 4)]);
add("Shape", "of a part", 15, [some(2, 3, 4)], { start: 1 });
add("Shape", "of a part from the end", 15, [some(2, 3, 4)], {
  start: -3,
  end: -1,
});
add("Shape", "of nothing", 15, [some(2, 3, 4)], { start: 2, end: 1 });
add("Size", "", [7, 13], [some(2, 3, 4)]);
add("Identity", "", [7, 13, 16], [some(2, 3)]);
add("Dropout", "", [7, 10, 12, 13], [some(2, 3)]);
add("Dropout", "with its mask", [10, 13], [some(2, 3)], {}, 2);
add("Dropout", "with a ratio", 7, [some(2, 3)], { ratio: { float: 0.9 } });
add("Dropout", "not in training", 13, [
  some(2, 3),
  of("float32", [], [0.9]),
  bools([], 0),
]);

// ───────── movement

add("Transpose", "", [7, 13, 21], [some(2, 3, 4)]);
add("Transpose", "as said", 13, [some(2, 3, 4)], { perm: [1, 0, 2] });
add("Transpose", "as said otherwise", 13, [some(2, 3, 4)], { perm: [2, 0, 1] });
add("Transpose", "of int64", 13, [of("int64", [2, 2], [1, 2, 3, 4])]);
for (const axis of [0, 1, 2, -1, -3])
  add("Concat", `at ${axis}`, 13, [some(2, 3, 2), some(2, 3, 2)], { axis });
add("Concat", "of three", [7, 11], [some(2, 1), some(2, 3), some(2, 2)], {
  axis: 1,
});
add("Concat", "of int64", 13, [ints(1), ints(2, 3), ints()], { axis: 0 });
add("Expand", "", [8, 13], [some(3, 1), ints(2, 3, 4)]);
add("Expand", "to what it is", 13, [some(3, 2), ints(1, 1)]);
add("Expand", "of a scalar", 13, [some(), ints(2, 2)]);

add("Slice", "by attributes", [7, 9], [some(4, 5)], {
  starts: [1, -3],
  ends: [3, 1000],
});
add("Slice", "by attributes with axes", 9, [some(4, 5)], {
  starts: [1],
  ends: [-1],
  axes: [1],
});
const slices: [string, number[], number[], number[]?, number[]?][] = [
  ["of two axes", [1, 0], [3, 4]],
  ["of one axis", [1], [4], [1]],
  ["with steps", [0, 1], [4, 5], [0, 1], [2, 3]],
  ["backwards", [-1, 3], [-1000, 0], [0, 1], [-1, -2]],
  ["from the end", [-3], [-1], [-1], [1]],
  ["past the end", [2], [2 ** 31], [0], [1]],
  ["of nothing", [3], [1], [0], [1]],
  ["before the beginning", [-100], [2], [0], [1]],
  ["with a step past everything", [1], [4], [0], [100]],
  ["backwards from before the beginning", [-9], [-9], [1], [-3]],
  ["backwards of nothing", [2], [3], [0], [-1]],
  ["backwards to the largest integer", [9], [2 ** 31 - 1], [1], [-2]],
];
for (const [what, ...lists] of slices)
  add(
    "Slice",
    what,
    [10, 13],
    [some(4, 5), ...lists.map((list) => ints(...list!))],
  );
add("Slice", "by int32", 13, [
  some(4, 5),
  int32s(1),
  int32s(2147483647),
  int32s(0),
]);
add("Slice", "of int64", 13, [ints(1, 2, 3, 4), ints(1), ints(3)]);

add("Split", "in equal parts", [7, 11, 13], [some(4, 6)], { axis: 1 }, 3);
add("Split", "by attribute", [7, 11], [some(4, 2)], { split: [1, 3] }, 2);
add("Split", "by input", [13, 18], [some(4, 2), ints(1, 0, 3)], {}, 3);
add("Split", "from the end", 13, [some(4, 6)], { axis: -1 }, 2);
add("Split", "in a number of parts", 18, [some(4, 6)], { num_outputs: 2 }, 2);
add("Split", "in uneven parts", 18, [some(7, 2)], { num_outputs: 3 }, 3);

add("Gather", "of rows", [7, 11, 13], [some(4, 3), ints(2, 0, 2)]);
add("Gather", "of columns", 13, [some(4, 3), ints(2, -1)], { axis: 1 });
add("Gather", "by a matrix", 13, [
  some(4, 3),
  of("int64", [2, 2], [3, -4, 0, 1]),
]);
add("Gather", "of one", 13, [some(4, 3), of("int64", [], [1])]);
add("Gather", "by int32 in the middle", 13, [some(2, 4, 3), int32s(1, 3)], {
  axis: -2,
});
add("Gather", "of a size", 13, [ints(5, 6, 7), of("int64", [], [1])]);

// ───────── constants

const filled = (tensor: Input): Record<string, AttributeSpec> => ({
  value: { tensor },
});
add("Constant", "", [7, 9, 11, 13], [], filled(some(2, 3)));
add("Constant", "of int64", 13, [], filled(ints(1, -2)));
add("Constant", "of a float", 12, [], { value_float: { float: 0.5 } });
add("Constant", "of floats", 12, [], { value_floats: { floats: [1, 2.5] } });
add("Constant", "of an integer", 12, [], { value_int: 7 });
add("Constant", "of integers", 12, [], { value_ints: [7, -8] });
add("ConstantOfShape", "", [9, 21], [ints(2, 3)]);
add("ConstantOfShape", "of a scalar", 9, [ints()]);
add("ConstantOfShape", "of int64", 9, [ints(3)], filled(ints(-5)));
add("ConstantOfShape", "of truth", 9, [ints(2)], filled(bools([1], 1)));
add("ConstantOfShape", "of nothing", 9, [ints(0, 2)]);

const TYPE_NUMBERS = { float32: 1, int64: 7, int32: 6, bool: 9 };
for (const [name, to] of Object.entries(TYPE_NUMBERS)) {
  add("Cast", `of floats to ${name}`, [9, 13], [some(2, 5)], { to });
  add("Cast", `of int64 to ${name}`, 13, [ints(-3, 0, 5, 70000)], { to });
  add("Cast", `of truth to ${name}`, 19, [bools([2], 1, 0)], { to });
}
add("Cast", "of int64 to uint8", 13, [ints(0, 5, 255)], { to: 2 });
const past = ints(-1, 300, -200, 2 ** 31, 2 ** 40 + 7, -(2 ** 52) - 3);
for (const to of [2, 3, 4, 5, 6, 12])
  add("Cast", `of int64 past the ends of ${to}`, 13, [past], { to });
add("Cast", "of float64", 13, [of("float64", [2], [0.1, 3])], { to: 1 });

add("Resize", "to fewer of opset 10", 10, [
  some(1, 1, 5, 4),
  of("float32", [4], [1, 1, 0.6, 0.5]),
]);
add("Resize", "to more of opset 10", 10, [
  some(1, 1, 3, 2),
  of("float32", [4], [1, 1, 1.5, 2.5]),
]);
for (const data of [
  [0, 0],
  [-1, 3, 0.5],
  [2, 4],
])
  add(
    "DynamicQuantizeLinear",
    `of ${data.join(" ")}`,
    11,
    [of("float32", [data.length], data)],
    {},
    3,
  );

// ───────── products

add("MatMul", "of matrices", [7, 9, 13], [some(2, 3), some(3, 4)]);
add("MatMul", "of batches", 13, [some(5, 2, 3), some(5, 3, 4)]);
add("MatMul", "of batches that broadcast", 13, [
  some(2, 1, 2, 3),
  some(5, 3, 4),
]);
add("MatMul", "of a batch and a matrix", 13, [some(5, 2, 3), some(3, 4)]);
add("MatMul", "of a matrix and a batch", 13, [some(2, 3), some(5, 3, 4)]);
add("MatMul", "of vectors", 13, [some(3), some(3)]);
add("MatMul", "of a matrix and a vector", 13, [some(2, 3), some(3)]);
add("MatMul", "of a vector and a matrix", 13, [some(3), some(3, 4)]);
add("MatMul", "of a vector and a batch", 13, [some(3), some(5, 3, 4)]);
add("MatMul", "of a batch and a vector", 13, [some(5, 2, 3), some(3)]);
const trans = { transA: 1, transB: 1 };
const scaled = { alpha: { float: 0.5 }, beta: { float: 2 } };
add("Gemm", "with a row", [7, 9, 11, 13], [some(2, 3), some(3, 4), some(4)]);
add("Gemm", "of turned matrices", 13, [some(3, 2), some(4, 3)], trans);
add(
  "Gemm",
  "with a turned matrix and a row",
  13,
  [some(2, 3), some(4, 3), some(4)],
  { transB: 1 },
);
add("Gemm", "without C", 11, [some(2, 3), some(3, 4)]);
add("Gemm", "scaled", 13, [some(2, 3), some(3, 4), some(2, 4)], scaled);
add("Gemm", "with a column", 13, [some(2, 3), some(3, 4), some(2, 1)]);
add("Gemm", "with a scalar", 13, [some(2, 3), some(3, 4), some()], scaled);
add("Gemm", "with a matrix of one row", 13, [
  some(2, 3),
  some(3, 4),
  some(1, 4),
]);

// ───────── along axes

for (const type of ["Softmax", "LogSoftmax"]) {
  add(type, "", [7, 11, 12, 13], [some(2, 3, 4)]);
  for (const axis of [0, 1, 2])
    add(type, `at ${axis}`, [7, 13], [some(2, 3, 4)], { axis });
  add(type, "from the end", [11, 13], [some(2, 3, 4)], { axis: -2 });
  add(type, "of large numbers", 13, [
    of("float32", [2, 3], [1000, 1001, 1002, -1000, -1001, -2000]),
  ]);
}
for (const [type, last] of [
  ["ReduceMean", 18],
  ["ReduceSum", 13],
] as const) {
  const x = some(2, 3, 4);
  add(type, "of all", [7, 11, 13, 18], [x]);
  add(type, "of all without axes", [11, 18], [x], { keepdims: 0 });
  for (const axes of [[0], [1], [2], [0, 2], [1, 2]])
    add(type, `of ${axes.join(" ")}`, [7, 11], [x], { axes });
  add(type, "from the end", 11, [x], { axes: [-2], keepdims: 0 });
  for (const axes of [[1], [-1], [0, 2]])
    add(type, `by input of ${axes.join(" ")}`, last, [x, ints(...axes)], {
      keepdims: 0,
    });
  add(type, "by no axes", last, [x, ints()]);
  add(type, "of none", last, [x, ints()], { noop_with_empty_axes: 1 });
  add(type, "of int32", last, [of("int32", [2, 2], [1, 2, 3, -7]), ints(1)]);
}
const ties = of("float32", [2, 4], [1, 3, 3, 2, 5, 5, 5, 5]);
add("ArgMax", "", [7, 11, 12, 13], [some(3, 4)]);
add("ArgMax", "of rows", 13, [some(3, 4)], { axis: 1 });
add("ArgMax", "in the middle", 13, [some(2, 3, 4)], { axis: -2, keepdims: 0 });
add("ArgMax", "of equals", 13, [ties], { axis: 1 });
add("ArgMax", "of equals, the last", 13, [ties], {
  axis: 1,
  select_last_index: 1,
});
add("ArgMax", "of int32", 13, [int32s(3, 9, 9)]);

export const nodeCases: readonly NodeCase[] = cases;
