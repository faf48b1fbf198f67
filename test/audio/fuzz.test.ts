import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { load as loadAny } from "../../src/formats/load/index.js";
import { load as loadNam } from "../../src/formats/nam/index.js";
import { load as loadRtneural } from "../../src/formats/rtneural/index.js";
import { Graph } from "../../src/graph/index.js";
import { Sequential } from "../../src/index.js";
import {
  bytesOf,
  guitarMlFile,
  namFile,
  rtneuralFile,
  rtneuralLayer,
} from "./files.js";

type Load = (bytes: Uint8Array) => { model: unknown };

const gruFile = {
  in_shape: [null, null, 1],
  layers: [
    rtneuralLayer("dense", 1, 3, "tanh"),
    rtneuralLayer("gru", 3, 2),
    rtneuralLayer("dense", 2, 1),
  ],
  in_skip: 0,
  out_gain: 3,
  metadata: { samplerate: "48000" },
  input_batch: [[1], [2]],
  output_batch: [[1], [2]],
};
const pointwiseFile = {
  in_shape: [null, null, 1],
  layers: [
    rtneuralLayer("dense", 1, 2),
    {
      type: "batchnorm",
      epsilon: 0.01,
      shape: [null, null, 2],
      weights: [
        [1, 2],
        [1, 2],
        [3, 4],
        [1, 2],
      ],
    },
    { type: "prelu", shape: [null, null, 2], weights: [[[0.5, 0.25]]] },
  ],
};
const convolutionFile = {
  in_shape: [null, null, 1],
  layers: [
    rtneuralLayer("dense", 1, 2, "tanh"),
    {
      type: "conv1d",
      activation: "relu",
      shape: [null, null, 2],
      kernel_size: [2],
      dilation: [1],
      groups: 1,
      weights: [
        [
          [
            [1, 2],
            [3, 4],
          ],
          [
            [5, 6],
            [7, 8],
          ],
        ],
        [1, 2],
      ],
    },
    { type: "prelu", shape: [null, null, 2], weights: [[[0.5, 0.25]]] },
  ],
};
const dictFile = {
  "lstm.weight_ih_l0": [[1], [2], [3], [4]],
  "lstm.weight_hh_l0": [[1], [2], [3], [4]],
  "lstm.bias_ih_l0": [1, 2, 3, 4],
  "lstm.bias_hh_l0": [1, 2, 3, 4],
  "dense.weight": [[1]],
  "dense.bias": [1],
};
const files: [string, Load, object][] = [
  ["rtneural, LSTM", loadRtneural, rtneuralFile()],
  ["rtneural, GRU", loadRtneural, gruFile],
  ["rtneural, batchnorm and prelu", loadRtneural, pointwiseFile],
  ["rtneural, convolution", loadAny, convolutionFile],
  ["rtneural, state dict", loadRtneural, dictFile],
  ["nam", loadNam, namFile({ hidden: 2 })],
  ["guitarml", loadNam, guitarMlFile("GRU", { hidden: 2 })],
];

/** Gives a model or refuses with a FormatError of one line that begins with a place. */
function readsOrRefuses(load: Load, bytes: Uint8Array): "read" | "refused" {
  try {
    const { model } = load(bytes);
    expect(model instanceof Sequential || model instanceof Graph).toBe(true);
    return "read";
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    expect(error.message).toMatch(
      /^(state dict|byte 0|(layer|node) ".*" \(\w+\)|[\w."[\]]+|".*"[[\]\d]*): .+$/,
    );
    return "refused";
  }
}

/** Every list and object in a value, with the names and places inside it. */
function places(value: unknown): [container: any, key: string | number][] {
  if (typeof value !== "object" || value === null) return [];
  return Object.keys(value).flatMap((key) => [
    [value, key] as [any, string],
    ...places((value as any)[key]),
  ]);
}

/** What may stand where something else should. */
const intruder = fc.oneof(
  fc.constantFrom(
    null,
    0,
    -1,
    1.5,
    1e308,
    2 ** 31,
    2 ** 53,
    4096,
    "",
    "lstm",
    "gru",
    "activation",
    "conv1d",
    "LSTM",
    "WaveNet",
    "__proto__",
    [],
    {},
    [[]],
    [null, null, 1e9],
    true,
  ),
  fc.jsonValue({ maxDepth: 3 }),
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

describe.each(files)("%s: a damaged file", (_, load, file) => {
  const whole = bytesOf(file);

  test("whole it is read", () =>
    expect(readsOrRefuses(load, whole)).toBe("read"));

  test("cut short it is refused", () => {
    for (let length = 0; length < whole.length; length += 3)
      expect(readsOrRefuses(load, whole.subarray(0, length))).toBe("refused");
  });

  test("with bytes changed, removed or put in", () => {
    const count = { read: 0, refused: 0 };
    const edits = fc.array(
      fc.tuple(
        fc.nat(whole.length - 1),
        fc.integer({ min: 0, max: 2 }),
        fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('[]{},:"0-e'))),
      ),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(edits, (given) => {
        const bytes = [...whole];
        for (const [at, removed, byte] of given)
          bytes.splice(at, removed, byte);
        count[readsOrRefuses(load, Uint8Array.from(bytes))]++;
      }),
      { seed: 1, numRuns: 200 },
    );
    expect(count.refused).toBeGreaterThan(40);
  });

  test("with another value, or none, anywhere", () => {
    const count = { read: 0, refused: 0 };
    const all = places(file).length;
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.nat(all - 1), fc.oneof(intruder, fc.constant(undefined))),
          { minLength: 1, maxLength: 2 },
        ),
        (edits) => {
          const copy = structuredClone(file);
          const found = places(copy);
          for (const [at, value] of edits) {
            const [container, key] = found[at]!;
            if (value === undefined && Array.isArray(container))
              container.splice(Number(key), 1);
            else if (value === undefined) delete container[key];
            else container[key] = value;
          }
          count[readsOrRefuses(load, bytesOf(copy))]++;
        },
      ),
      { seed: 2, numRuns: 400 },
    );
    expect(count.refused).toBeGreaterThan(120);
  });

  test("with any one of its fields wrong, each in turn", () => {
    const structure = places(file).filter(
      ([container, key]) =>
        typeof container[key] !== "number" || !Array.isArray(container),
    );
    expect(structure.length).toBeGreaterThan(5);
    for (const [container, key] of structure) {
      const right = container[key];
      for (const wrong of [null, -1, 2 ** 40, "x", [], {}, [[[]]]]) {
        container[key] = wrong;
        readsOrRefuses(load, bytesOf(file));
      }
      container[key] = right;
    }
    expect(readsOrRefuses(load, bytesOf(file))).toBe("read");
  });

  test("with names that objects inherit", () => {
    const text = JSON.stringify(file);
    const spoilt = text.replace(
      "{",
      '{"__proto__": {"layers": 1, "polluted": true}, "constructor": 1, "toString": [], ',
    );
    const bytes = new TextEncoder().encode(spoilt);
    // of a state dict every field is a parameter
    const refused = "dense.bias" in file;
    expect(readsOrRefuses(load, bytes)).toBe(refused ? "refused" : "read");
    expect(({} as any).polluted).toBeUndefined();
  });
});

test("whatever JSON comes, it is refused", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (json) => {
      for (const [, load] of files)
        expect(readsOrRefuses(load, new TextEncoder().encode(json))).toBe(
          "refused",
        );
    }),
    { seed: 3, numRuns: 500 },
  );
});
