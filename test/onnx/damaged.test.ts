import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import { settings } from "../support/configurations.js";
import { modelBytes } from "./support/build.js";
import { nodeCases } from "./support/node-cases.js";
import { recurrentModel } from "./support/small.js";

/** Loads or is a FormatError with a place, within this many milliseconds; a few are usual, on a busy machine 100. */
const LONGEST = 3000;

/** True when the file was refused. */
function refused(bytes: Uint8Array): boolean {
  const start = performance.now();
  try {
    load(bytes, { backend: "js" });
    return false;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(
      /^(byte \d|node |initializer |input |output|opset|graph|sparse|.*: )/,
    );
    return true;
  } finally {
    expect(performance.now() - start).toBeLessThan(LONGEST);
  }
}

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

  test("with bytes changed loads, or is a FormatError", () => {
    let count = 0;
    const at = fc.nat(bytes.length - 1);
    const edits = fc.array(fc.tuple(at, fc.nat(255)), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(edits, fc.option(at, { freq: 8 }), (list, cut) => {
        const damaged = bytes.slice(0, cut ?? bytes.length);
        for (const [place, value] of list) damaged[place] = value;
        if (refused(damaged)) count++;
      }),
      { ...settings, numRuns: 3000 },
    );
    expect(count).toBeGreaterThan(300);
  });

  test("with pieces put in loads, or is a FormatError", () => {
    fc.assert(
      fc.property(
        fc.nat(bytes.length),
        fc.nat(20),
        fc.uint8Array({ maxLength: 24 }),
        (place, drop, piece) => {
          const rest = bytes.slice(place + drop);
          refused(Uint8Array.of(...bytes.slice(0, place), ...piece, ...rest));
        },
      ),
      { ...settings, numRuns: 1000 },
    );
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
        const damaged = bytes.slice();
        for (const [at, value] of edits) damaged[at % damaged.length] = value;
        refused(damaged);
      },
    ),
    { ...settings, numRuns: 5000 },
  );
});

test("noise is a FormatError, or loads nothing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(refused(bytes)).toBe(true);
    }),
    { ...settings, numRuns: 3000 },
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
