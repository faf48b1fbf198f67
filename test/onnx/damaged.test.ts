import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import {
  damaged,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";
import { modelBytes } from "./support/build.js";
import { nodeCases } from "./support/node-cases.js";
import { recurrentModel } from "./support/small.js";

/** Processor time of a load, in ms; a few are usual. */
const LONGEST = 1000;

/** True when the file was refused, by a FormatError with a place. */
function refused(bytes: Uint8Array): boolean {
  let result = false;
  const time = processorTime(() => {
    try {
      load(bytes, { backend: "js" });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(
        /^(byte \d|node |initializer |input |output|opset|graph|sparse|.*: )/,
      );
      result = true;
    }
  });
  expect(time).toBeLessThan(LONGEST);
  return result;
}

expectPrototypesUnchanged();

const files: [string, Uint8Array][] = [
  [
    "an LSTM",
    recurrentModel("LSTM", { activations: ["Sigmoid", "Tanh", "Tanh"] }),
  ],
  ["a GRU", recurrentModel("GRU", { linear_before_reset: 1, layout: 0 })],
  [
    "an RNN of both directions without weights",
    recurrentModel(
      "RNN",
      { direction: "bidirectional", clip: { float: 3 } },
      {
        initializers: [],
        inputs: ["X", "W", "R", "B", "lengths", "h0"].map((name) => ({
          name,
          shape: ["n", null, 3],
        })),
      },
    ),
  ],
  [
    "typed fields",
    modelBytes({
      nodes: [
        { type: "Gather", inputs: ["table", "ids"], outputs: ["y"] },
        { type: "Cast", inputs: ["y"], outputs: ["z"], attributes: { to: 7 } },
      ],
      outputs: [{ name: "z" }],
      initializers: [
        { name: "table", shape: [3, 2], data: [1, 2, 3, 4, 5, 6], typed: true },
        { name: "ids", dtype: "int64", shape: [2], data: [2, 0], typed: true },
      ],
    }),
  ],
];

describe.each(files)("the file of %s", (_, bytes) => {
  test("is whole", () => expect(refused(bytes)).toBe(false));

  test("cut anywhere loads, or is a FormatError", () => {
    for (let length = 0; length < bytes.length; length++)
      refused(bytes.slice(0, length));
  });

  test("damaged loads, or is a FormatError", () => {
    let count = 0;
    fc.assert(
      fc.property(damaged([bytes]), (file) => {
        if (refused(file)) count++;
      }),
      runs(1500),
    );
    expect(count).toBeGreaterThan(150);
  });
});

test("files of one constant node, their numbers changed, load or are FormatErrors", () => {
  const models = nodeCases.map(({ opset, node, inputs }) =>
    modelBytes({
      opset,
      nodes: [node],
      outputs: node.outputs.map((name) => ({ name, dtype: null })),
      initializers: Object.entries(inputs).map(([name, value]) => ({
        name,
        ...value,
      })),
    }),
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...models),
      fc.array(
        fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 127, 128, 254, 255)),
        {
          minLength: 1,
          maxLength: 3,
        },
      ),
      (bytes, edits) => {
        const file = bytes.slice();
        for (const [at, value] of edits) file[at % file.length] = value;
        refused(file);
      },
    ),
    runs(3000),
  );
});

test("noise is a FormatError, or loads nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(refused(bytes)).toBe(true);
    }),
    runs(1500),
  );
});

test("groups in groups, and messages in messages, end somewhere", () => {
  expect(refused(new Uint8Array(1_000_000).fill(0x0b))).toBe(true); // group 1 begins, again and again
  // graph (field 7) in graph in graph …, each with a length
  let bytes = new Uint8Array(0);
  for (let i = 0; i < 2000; i++) {
    const length = bytes.length;
    const head = [0x3a, (length & 127) | 128, length >> 7];
    bytes = Uint8Array.of(...head, ...bytes);
  }
  refused(bytes);
});

test("a prototype stays as it is", () => {
  const bytes = modelBytes({
    nodes: [
      {
        type: "Identity",
        inputs: ["__proto__"],
        outputs: ["constructor"],
        attributes: { __proto__: 1, polluted: 1 },
      },
    ],
    inputs: [{ name: "__proto__" }],
    outputs: [{ name: "constructor" }],
  });
  load(bytes).model.run({ ["__proto__"]: [1] });
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});
