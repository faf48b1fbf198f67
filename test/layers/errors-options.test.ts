import { describe, expect, test } from "vitest";
import {
  Embedding,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import { expectRefusal, type Refusal } from "../support/refusals.js";

// Every option of every constructor: TypeError for the wrong kind of value, RangeError for the wrong value.

type Constructor = new (options: never) => { options: unknown };
type Given = Record<string, unknown>;

const recurrent = { inputSize: 3, hiddenSize: 4 };
const constructors: [name: string, make: Constructor, good: Given][] = [
  ["RNN", RNN, recurrent],
  ["LSTM", LSTM, recurrent],
  ["GRU", GRU, recurrent],
  ["Linear", Linear, { inputSize: 3, outputSize: 2 }],
  ["Embedding", Embedding, { vocabSize: 7, size: 3 }],
];

/** Wrong values of each option, by kind of option. */
const wrongSizes: [unknown, Refusal[2]][] = [
  [0, RangeError],
  [-1, RangeError],
  [1.5, RangeError],
  [NaN, RangeError],
  [Infinity, RangeError],
  ["3", TypeError],
  [3n, TypeError],
  [[3], TypeError],
  [true, TypeError],
];
const missing: [unknown, Refusal[2]][] = [
  [undefined, TypeError],
  [null, TypeError],
];
const wrongFlags: [unknown, Refusal[2]][] = [
  [1, TypeError],
  ["true", TypeError],
  [{}, TypeError],
];
const wrongWords: [unknown, Refusal[2]][] = [
  ["", RangeError],
  ["no such word", RangeError],
  ["toString", RangeError],
  [1, TypeError],
  [true, TypeError],
];
const wrongSeeds: [unknown, Refusal[2]][] = [
  ["1", TypeError],
  [{}, TypeError],
  [NaN, RangeError],
];

/** Activations of a cell that has so many functions. */
const wrongActivations = (functions: number): [unknown, Refusal[2]][] => {
  const with_ = (activation: unknown) =>
    Array.from({ length: functions }, () => activation);
  return [
    ["tanh", TypeError],
    [3, TypeError],
    [with_("tanh").concat("tanh"), RangeError],
    [with_("tanh").concat(with_("tanh")), RangeError], // one direction alone
    [with_("Tanh"), RangeError],
    [with_("softmax"), RangeError],
    [with_("toString"), RangeError],
    [with_(null), TypeError],
    [with_(7), TypeError],
    [with_({}), TypeError],
    [with_({ name: "no such word" }), RangeError],
    [with_({ name: "elu", alpha: "1" }), TypeError],
    [with_({ name: "elu", alpha: NaN }), RangeError],
    [with_({ name: "elu", beta: 1 }), RangeError],
    [with_({ name: "tanh", alpha: 1 }), RangeError],
    [with_({ name: "affine", beta: Infinity }), RangeError],
  ];
};
const wrongClips: [unknown, Refusal[2]][] = [
  [0, RangeError],
  [-1, RangeError],
  [NaN, RangeError],
  ["1", TypeError],
  [true, TypeError],
];

const common: [name: string, values: [unknown, Refusal[2]][]][] = [
  ["inputSize", [...wrongSizes, ...missing]],
  ["hiddenSize", [...wrongSizes, ...missing]],
  ["numLayers", [...wrongSizes, [1025, RangeError], [1e9, RangeError]]],
  ["bias", wrongFlags],
  ["direction", wrongWords],
  ["returnSequences", wrongFlags],
  ["seed", wrongSeeds],
  ["backend", [...wrongWords, ["wasm", RangeError]]],
  ["clip", wrongClips],
  ["learnedState", wrongFlags],
];
const options: Record<
  string,
  [name: string, values: [unknown, Refusal[2]][]][]
> = {
  RNN: [
    ...common,
    ["activations", wrongActivations(1)],
    ["nonlinearity", [...wrongWords, ["sigmoid", RangeError]]],
  ],
  LSTM: [
    ...common,
    ["activations", wrongActivations(3)],
    ["peepholes", wrongFlags],
    ["coupledGates", wrongFlags],
    [
      "projSize",
      [
        [-1, RangeError],
        [1.5, RangeError],
        [4, RangeError],
        [5, RangeError],
        [NaN, RangeError],
        ["2", TypeError],
        ["", TypeError],
        [false, TypeError],
        [true, TypeError],
      ],
    ],
  ],
  GRU: [
    ...common,
    ["activations", wrongActivations(2)],
    ["resetAfter", wrongFlags],
    ["updateGate", wrongWords],
  ],
  Linear: [
    ["inputSize", [...wrongSizes, ...missing]],
    ["outputSize", [...wrongSizes, ...missing]],
    ["bias", wrongFlags],
    ["activation", wrongWords],
    ["seed", wrongSeeds],
  ],
  Embedding: [
    ["vocabSize", [...wrongSizes, ...missing]],
    ["size", [...wrongSizes, ...missing]],
    ["seed", wrongSeeds],
  ],
};

describe.each(constructors)("%s", (name, make, good) => {
  test.each(options[name]!)(
    "refuses wrong values of %s, naming it",
    (option, values) => {
      for (const [value, kind] of values) {
        const call = () => new make({ ...good, [option]: value } as never);
        expectRefusal([
          `${option} = ${String(value)}`,
          call,
          kind,
          // Of an entry of a list, or a part of it, the place in it.
          new RegExp(`^${option}[^:]*: `),
        ]);
      }
    },
  );

  test("names the value that came", () => {
    const [option] = Object.keys(good);
    const call = (value: unknown) => () =>
      new make({ ...good, [option!]: value } as never);
    expectRefusal(["a number", call(-7), RangeError, /, got -7$/]);
    expectRefusal(["a string", call("abc"), TypeError, /, got "abc"$/]);
    expectRefusal(["null", call(null), TypeError, /, got null$/]);
  });

  test("refuses what are no options at all", () => {
    for (const value of [undefined, null, 3, "options", [], [good]])
      expect(() => new make(value as never), String(value)).toThrow(TypeError);
  });

  test("fromStateDict refuses them too", () => {
    const { fromStateDict } = make as unknown as typeof Linear;
    const dict = (new make(good as never) as Linear).stateDict();
    for (const value of [null, 3, "prefix", []])
      expectRefusal([
        String(value),
        () => fromStateDict(dict, value as never),
        TypeError,
        /^options: expected an object, got /,
      ]);
  });

  test("refuses sizes of which no memory holds the weights, naming a parameter", () => {
    const [, size] = Object.keys(good) as [string, string];
    const call = () => new make({ ...good, [size]: 2 ** 30 } as never);
    expectRefusal(["2^30", call, RangeError, /^weight.*: .*, got \[.*\]$/]);
  });

  test("keeps its options from being changed", () => {
    const layer = new make(good as never);
    expect(layer.options).toMatchObject(good);
    expect(Object.isFrozen(layer.options)).toBe(true);
  });
});

describe("Sequential", () => {
  const lstm = (inputSize: number, hiddenSize: number) =>
    new LSTM({ inputSize, hiddenSize });
  const linear = (inputSize: number, outputSize: number) =>
    new Linear({ inputSize, outputSize });
  const of =
    (...layers: unknown[]) =>
    () =>
      new Sequential(layers as never);

  const refusals: Refusal[] = [
    [
      "no list",
      () => new Sequential(lstm(3, 4) as never),
      TypeError,
      /^layers: /,
    ],
    [
      "nothing",
      () => new Sequential(undefined as never),
      TypeError,
      /^layers: .*got undefined$/,
    ],
    ["an empty list", of(), RangeError, /^layers: /],
    ["a number", of(lstm(3, 4), 7), TypeError, /^layers\[1\]: .*got 7$/],
    ["null", of(null), TypeError, /^layers\[0\]: .*got null$/],
    ["the class instead of a layer", of(LSTM), TypeError, /^layers\[0\]: /],
    [
      "a model as a layer",
      of(new Sequential([lstm(3, 4)])),
      TypeError,
      /^layers\[0\]: /,
    ],
    [
      "a Linear that does not fit",
      of(lstm(3, 4), linear(5, 2)),
      RangeError,
      /^layers\[1\].*\b4\b.*, got .*\b5\b/,
    ],
    [
      "a GRU that does not fit",
      of(linear(3, 2), new GRU({ inputSize: 3, hiddenSize: 2 })),
      RangeError,
      /^layers\[1\].*\b2\b.*, got .*\b3\b/,
    ],
    [
      "the third of three",
      of(linear(3, 2), lstm(2, 6), linear(2, 2)),
      RangeError,
      /^layers\[2\].*\b6\b.*, got .*\b2\b/,
    ],
    [
      "half of a bidirectional layer",
      of(new LSTM({ ...recurrent, direction: "bidirectional" }), linear(4, 1)),
      RangeError,
      /^layers\[1\].*\b8\b.*, got .*\b4\b/,
    ],
    [
      "H where P comes",
      of(new LSTM({ ...recurrent, projSize: 2 }), linear(4, 1)),
      RangeError,
      /^layers\[1\].*\b2\b.*, got .*\b4\b/,
    ],
    [
      "an Embedding that does not fit",
      of(new Embedding({ vocabSize: 9, size: 3 }), lstm(9, 4)),
      RangeError,
      /^layers\[1\].*\b3\b.*, got .*\b9\b/,
    ],
    [
      "an Embedding behind another layer",
      of(lstm(3, 9), new Embedding({ vocabSize: 9, size: 3 })),
      RangeError,
      /^layers\[1\]: /,
    ],
  ];
  test.each(refusals)("refuses %s", (...refusal) => expectRefusal(refusal));

  test("refuses a skip that does not fit", () => {
    const skip = (value: unknown, ...layers: unknown[]) =>
      new Sequential(layers as never, { skip: value } as never);
    const last = new GRU({ ...recurrent, returnSequences: false });
    const refused: Refusal[] = [
      ["-1", () => skip(-1, lstm(3, 4)), RangeError, /^skip: /],
      ["0.5", () => skip(0.5, lstm(3, 4)), RangeError, /^skip: /],
      ["a string", () => skip("1", lstm(3, 4)), TypeError, /^skip: /],
      ["past the inputs", () => skip(4, lstm(3, 5)), RangeError, /most 3 .*4$/],
      [
        "past the outputs",
        () => skip(3, lstm(4, 2)),
        RangeError,
        /most 2 .*3$/,
      ],
      [
        "the last step alone",
        () => skip(1, last),
        RangeError,
        /changes the number of steps/,
      ],
      [
        "tokens",
        () => skip(1, new Embedding({ vocabSize: 5, size: 3 }), lstm(3, 4)),
        RangeError,
        /tokens/,
      ],
      [
        "no options",
        () => new Sequential([lstm(3, 4)], 1 as never),
        TypeError,
        /^options: /,
      ],
    ];
    refused.forEach(expectRefusal);
  });
});
