import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { type Graph, loadGraph } from "../../src/graph/index.js";
import { type ModelSpec, modelBytes, type NodeSpec } from "./support/build.js";

/*
 * Lists of tensors (ONNX's sequences) beside lists of JavaScript. What PyTorch writes of them is torch.test.ts's.
 */

const constant = (name: string, ...numbers: number[]) => ({
  name,
  dtype: "int64" as const,
  shape: numbers.length === 1 ? [] : [numbers.length],
  data: numbers.map(BigInt),
});

const build = (
  nodes: readonly NodeSpec[],
  spec: Partial<ModelSpec> = {},
): Graph =>
  load(
    modelBytes({
      nodes,
      inputs: [{ name: "x", shape: ["n", 2] }],
      outputs: [{ name: "y" }],
      ...spec,
    }),
  ).model;

/** What the model gives the first and the second time, and after it was saved and read. */
function run(model: Graph, x: number[][]) {
  const result = model.run({ x }).y!;
  model.run({ x: [...x, [7, 7]] });
  expect(model.run({ x }).y).toEqual(result);
  expect(loadGraph(model.save()).run({ x }).y).toEqual(result);
  return { shape: result.shape, numbers: [...result.data] };
}

const rows = [
  [1, 2],
  [3, 4],
  [5, 6],
];

/** The rows of x, as a list, and a node that makes y of it. */
const ofRows = (...last: NodeSpec[]): NodeSpec[] => [
  {
    type: "SplitToSequence",
    inputs: ["x"],
    outputs: ["list"],
    attributes: { axis: 0, keepdims: 0 },
  },
  ...last,
];

const joined = (list: string, axis: number, newAxis: number): NodeSpec => ({
  type: "ConcatFromSequence",
  inputs: [list],
  outputs: ["y"],
  attributes: { axis, new_axis: newAxis },
});

describe("a list", () => {
  test.each([
    [0, 0, [6], [1, 2, 3, 4, 5, 6]],
    [-1, 0, [6], [1, 2, 3, 4, 5, 6]],
    [0, 1, [3, 2], [1, 2, 3, 4, 5, 6]],
    [1, 1, [2, 3], [1, 3, 5, 2, 4, 6]],
    [-1, 1, [2, 3], [1, 3, 5, 2, 4, 6]],
  ])("is put together along axis %i (new_axis %i)", (axis, isNew, shape, y) => {
    const model = build(ofRows(joined("list", axis, isNew)));
    expect(run(model, rows)).toEqual({ shape, numbers: y });
  });

  test.each([
    [2, [2, 1]],
    [5, [3]],
    [
      [2, 0, 1],
      [2, 0, 1],
    ],
  ])("of parts of a tensor: %j", (split, sizes) => {
    const model = build(
      [
        { type: "SplitToSequence", inputs: ["x", "s"], outputs: ["list"] },
        { type: "SequenceLength", inputs: ["list"], outputs: ["n"] },
        { type: "SequenceAt", inputs: ["list", "last"], outputs: ["y"] },
      ],
      {
        initializers: [
          constant("s", ...[split].flat()),
          constant("last", sizes.length - 1),
        ],
        outputs: [{ name: "y" }, { name: "n", dtype: "int64" }],
      },
    );
    expect(model.run({ x: rows }).n!.data[0]).toBe(sizes.length);
    const last = rows.slice(rows.length - sizes.at(-1)!);
    expect([...model.run({ x: rows }).y!.data]).toEqual(last.flat());
  });

  test.each([
    [undefined, [1, 2, 3, 4, 5, 6, 9, 8]],
    [0, [9, 8, 1, 2, 3, 4, 5, 6]],
    [1, [1, 2, 9, 8, 3, 4, 5, 6]],
    [3, [1, 2, 3, 4, 5, 6, 9, 8]],
    [-1, [1, 2, 3, 4, 9, 8, 5, 6]],
    [-3, [9, 8, 1, 2, 3, 4, 5, 6]],
  ])("takes a tensor in at %j", (position, y) => {
    const model = build(
      ofRows(
        {
          type: "SequenceInsert",
          inputs: ["list", "own", ...(position === undefined ? [] : ["at"])],
          outputs: ["longer"],
        },
        joined("longer", 0, 0),
      ),
      {
        initializers: [
          { name: "own", shape: [2], data: [9, 8] },
          constant("at", position ?? 0),
        ],
      },
    );
    expect(run(model, rows).numbers).toEqual(y);
  });

  test.each([
    [undefined, [1, 2, 3, 4]],
    [0, [3, 4, 5, 6]],
    [-2, [1, 2, 5, 6]],
  ])(
    "loses the tensor at %j, and the list it was made of does not",
    (position, left) => {
      const model = build(
        ofRows(
          {
            type: "SequenceErase",
            inputs: ["list", ...(position === undefined ? [] : ["at"])],
            outputs: ["shorter"],
          },
          {
            type: "ConcatFromSequence",
            inputs: ["list"],
            outputs: ["all"],
            attributes: { axis: 0 },
          },
          { ...joined("shorter", 0, 0), outputs: ["some"] },
          {
            type: "Concat",
            inputs: ["all", "some"],
            outputs: ["y"],
            attributes: { axis: 0 },
          },
        ),
        { initializers: [constant("at", position ?? 0)] },
      );
      expect(run(model, rows).numbers).toEqual([...rows.flat(), ...left]);
    },
  );

  test("that two others begin with", () => {
    const longer = (own: string): NodeSpec => ({
      type: "SequenceInsert",
      inputs: ["list", own],
      outputs: [`list+${own}`],
    });
    const model = build(
      ofRows(
        longer("a"),
        longer("b"),
        { ...joined("list+a", 0, 0), outputs: ["ya"] },
        { ...joined("list+b", 0, 0), outputs: ["yb"] },
        {
          type: "Concat",
          inputs: ["ya", "yb"],
          outputs: ["y"],
          attributes: { axis: 0 },
        },
      ),
      {
        initializers: [
          { name: "a", shape: [1], data: [8] },
          { name: "b", shape: [1], data: [9] },
        ],
      },
    );
    expect(run(model, rows).numbers).toEqual([
      ...rows.flat(),
      8,
      ...rows.flat(),
      9,
    ]);
  });

  test("keeps what its tensors were when a node makes the next one", () => {
    // the node that doubles writes into one array again and again
    const body = {
      graph: {
        inputs: ["i", "going", "h", "list"],
        nodes: [
          { type: "Add", inputs: ["h", "h"], outputs: ["twice"] },
          {
            type: "SequenceInsert",
            inputs: ["list", "twice"],
            outputs: ["longer"],
          },
          { type: "Identity", inputs: ["longer"], outputs: ["same"] },
        ],
        outputs: ["going", "twice", "same"],
      },
    };
    const model = build(
      [
        { type: "SequenceEmpty", inputs: [], outputs: ["none"] },
        {
          type: "Loop",
          inputs: ["n", "", "x", "none"],
          outputs: ["last", "list"],
          attributes: { body },
        },
        joined("list", 0, 0),
      ],
      { initializers: [constant("n", 4)] },
    );
    expect(run(model, [[1, -3]]).numbers).toEqual([
      2, -6, 4, -12, 8, -24, 16, -48,
    ]);
  });

  test("of given tensors goes through an If", () => {
    const branch = (...names: string[]) => ({
      graph: {
        nodes: [
          { type: "SequenceConstruct", inputs: names, outputs: [names.join()] },
        ],
        outputs: [names.join()],
      },
    });
    const model = build(
      [
        {
          type: "If",
          inputs: ["c"],
          outputs: ["list"],
          attributes: {
            then_branch: branch("x", "own"),
            else_branch: branch("own", "x"),
          },
        },
        joined("list", 0, 0),
      ],
      {
        inputs: [
          { name: "x", shape: [1, 2] },
          { name: "c", dtype: "bool", shape: [] },
        ],
        initializers: [{ name: "own", shape: [1, 2], data: [9, 8] }],
      },
    );
    const y = (c: number) => [...model.run({ x: [[1, 2]], c }).y!.data];
    expect([y(1), y(0), y(1)]).toEqual([
      [1, 2, 9, 8],
      [9, 8, 1, 2],
      [1, 2, 9, 8],
    ]);
  });
});

describe("refused", () => {
  const refuses = (nodes: NodeSpec[], words: RegExp, ...at: number[]) =>
    expect(() =>
      build(nodes, {
        initializers: [constant("at", ...(at.length ? at : [0]))],
      }).run({ x: rows }),
    ).toThrow(words);

  test("a list where a tensor is wanted, and the other way round", () => {
    refuses(
      ofRows({ type: "Neg", inputs: ["list"], outputs: ["y"] }),
      /Neg\): expected tensors, got a list of them/,
    );
    refuses(
      ofRows({
        type: "Concat",
        inputs: ["list"],
        outputs: ["y"],
        attributes: { axis: 0 },
      }),
      /Concat\): expected tensors, got a list of them/,
    );
    refuses(
      [{ type: "SequenceAt", inputs: ["x", "at"], outputs: ["y"] }],
      /SequenceAt\): expected a list of tensors, got a tensor/,
    );
  });

  test("a list as an output", () =>
    refuses(
      ofRows({ type: "Identity", inputs: ["list"], outputs: ["y"] }),
      /outputs\["y"\]: expected a tensor, got a list of 3/,
    ));

  test.each([3, -4])("a position that there is not: %i", (at) =>
    refuses(
      ofRows({ type: "SequenceAt", inputs: ["list", "at"], outputs: ["y"] }),
      /SequenceAt\): expected a position in a list of 3, got/,
      at,
    ),
  );

  test("an empty list put together", () =>
    refuses(
      [
        { type: "SequenceEmpty", inputs: [], outputs: ["none"] },
        joined("none", 0, 0),
      ],
      /a list of at least one tensor, got an empty one/,
    ));

  test("parts that are not the whole", () =>
    refuses(
      [
        { type: "SplitToSequence", inputs: ["x", "at"], outputs: ["list"] },
        joined("list", 0, 0),
      ],
      /SplitToSequence\): expected parts of 3, got 1, 1/,
      1,
      1,
    ));

  test("a loop that appends for ever", () => {
    const body = {
      graph: {
        inputs: ["i", "going", "list"],
        nodes: [
          {
            type: "SequenceInsert",
            inputs: ["list", "x"],
            outputs: ["longer"],
          },
        ],
        outputs: ["going", "longer"],
      },
    };
    const bytes = modelBytes({
      nodes: [
        { type: "SequenceEmpty", inputs: [], outputs: ["none"] },
        {
          type: "Loop",
          inputs: ["", "", "none"],
          outputs: ["list"],
          attributes: { body },
        },
        joined("list", 0, 0),
      ],
      inputs: [{ name: "x", shape: ["n", 2] }],
      outputs: [{ name: "y" }],
    });
    const run = (limits: { maxBytes?: number; maxSteps?: number }) =>
      load(bytes, limits).model.run({ x: rows });
    expect(() => run({ maxBytes: 2 ** 20 })).toThrow(/at most 1048576 bytes/);
    expect(() => run({ maxSteps: 1000 })).toThrow(/at most 1000 steps/);
  });
});
