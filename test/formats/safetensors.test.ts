import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  FormatError,
  load,
  parse,
  reportText,
  serialize,
} from "../../src/formats/safetensors/index.js";
import {
  BatchNorm,
  Embedding,
  GRU,
  Linear,
  LSTM,
  Masking,
  Sequential,
  type StateDict,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { damaged, expectPrototypesUnchanged, runs } from "../support/fuzz.js";
import { backends } from "../support/layers.js";
import { everything } from "../support/models.js";
import { tolerances } from "../support/tolerances.js";
import { readable, readExpected, readFixture } from "../torch/files.js";

const example = (name: string) =>
  readFileSync(new URL(`../../examples/${name}.safetensors`, import.meta.url));

/** A file with this header. */
function file(header: object, data: Uint8Array = new Uint8Array()): Uint8Array {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

const renamed = (dict: StateDict, change: (name: string) => string) =>
  Object.fromEntries(
    Object.entries(dict).map(([name, value]) => [change(name), value]),
  );

describe.each(backends)("what PyTorch computes, on %s", (backend) => {
  const networks = readable.filter((name) => readExpected(name).modules);
  test.each(networks)("%s", (name) => {
    const { input, output, modules } = readExpected(name);
    const nonlinearity = name === "rnn-relu" ? "relu" : "tanh";
    const bytes = readFixture(`${name}.safetensors`);
    // cells under names of their own are no chain unless it is said
    const chain = modules!.map(([own]) => own);
    const said = name === "cells" ? { chain } : {};
    const given = { prefix: "dict.", nonlinearity, backend } as const;
    const options = { ...given, ...said };
    const { model, report } = load(bytes, options);
    const found = report.layers.map((layer) => [layer.name, layer.type]);
    expect(found).toEqual(modules!.map(([at, type]) => [`dict.${at}`, type]));
    const result = model!.forward(input!).output;
    expect(result.shape).toEqual(output!.shape);
    expectClose(result.data, output!.data, tolerances.reference(0), "output");
  });
});

describe("a bare state dict", () => {
  test("becomes a model where its layers are an obvious chain", () => {
    const { model, layers, report } = load(example("words/words"));
    expect(Object.keys(layers)).toEqual(["0", "1", "2"]);
    expect(layers["0"]).toBeInstanceOf(Embedding);
    expect(layers["1"]).toBeInstanceOf(GRU);
    expect(model!.layers).toEqual(Object.values(layers));
    expect(report).toMatchObject({ format: "safetensors", version: null });
    expect(report.warnings).toEqual([
      expect.stringContaining("every step's output, no activation after 2"),
    ]);
  });

  test.each([
    ["under a prefix", (name: string) => `net.encoder.${name}`],
    ["of DataParallel", (name: string) => `module.${name}`],
    ["of Lightning", (name: string) => `model.${name}`],
    ["of torch.compile", (name: string) => `_orig_mod.${name}`],
    ["by itself", (name: string) => name.replace("rnn.", "")],
    ["of a cell", (name: string) => name.replace("_l0", "")],
  ])("%s is found by its names", (_, change) => {
    const lstm = new LSTM({ inputSize: 3, hiddenSize: 4 });
    const dict = renamed(lstm.stateDict(), (name) => change(`rnn.${name}`));
    const { model } = load(serialize(dict));
    const input = [[0.5, -1, 0.25]];
    expect(model!.forward(input).output).toEqual(lstm.forward(input).output);
  });

  test.each([
    new LSTM({ inputSize: 3, hiddenSize: 4, numLayers: 2, peepholes: true }),
    new LSTM({
      inputSize: 3,
      hiddenSize: 4,
      direction: "bidirectional",
      peepholes: true,
      learnedState: true,
    }),
    new LSTM({ inputSize: 3, hiddenSize: 4, projSize: 2, learnedState: true }),
    new GRU({ inputSize: 3, hiddenSize: 4, numLayers: 2, learnedState: true }),
  ])("of ours has peepholes and learned states, %#", (layer) => {
    const dict = renamed(layer.stateDict(), (name) => `rnn.${name}`);
    const { model, layers, report } = load(serialize(dict));
    const input = [
      [0.5, -1, 0.25],
      [1, 0, -2],
    ];
    expect(model!.forward(input).output).toEqual(layer.forward(input).output);
    const { options } = layer;
    expect(layers["rnn"]!.savedOptions).toEqual(layer.savedOptions);
    const { convention } = report.layers[0]!;
    expect(convention.includes(", learnedState")).toBe(options.learnedState);
    const peepholes = layer instanceof LSTM && layer.options.peepholes;
    expect(convention.includes(", peepholes")).toBe(peepholes);
    const wrong = renamed(dict, (name) => name.replace("hidden0", "hidden1"));
    if (options.learnedState)
      expect(() => load(serialize(wrong))).toThrow(FormatError);
  });

  test("may hold other numbers: floats are converted, the rest is left out", () => {
    const header = {
      "rnn.weight_ih_l0": {
        dtype: "F16",
        shape: [4, 1],
        data_offsets: [0, 8],
      },
      "rnn.weight_hh_l0": {
        dtype: "BF16",
        shape: [4, 1],
        data_offsets: [8, 16],
      },
      steps: { dtype: "I64", shape: [], data_offsets: [16, 24] },
      flags: { dtype: "BOOL", shape: [3], data_offsets: [24, 27] },
      __metadata__: { format: "pt" },
    };
    const bytes = file(header, new Uint8Array(27));
    const { layers, report } = load(bytes);
    expect(layers["rnn"]).toBeInstanceOf(LSTM);
    expect(report).toMatchObject({
      producer: "PyTorch",
      converted: [
        "float16 to float32: 1 (rnn.weight_ih_l0)",
        "bfloat16 to float32: 1 (rnn.weight_hh_l0)",
      ],
      ignored: ["steps: I64 []", "flags: BOOL [3]"],
    });
    expect(() => parse(bytes)).toThrow(
      'tensor "steps": expected dtype F32, F16, BF16 or F64, got "I64"',
    );
  });

  test("without layers is refused", () => {
    expect(() => load(file({}))).toThrow(FormatError);
    expect(() => load(file({}))).toThrow(/^state dict: expected weights of/);
    const norm = { "norm.weight": { shape: [1], data: new Float32Array(1) } };
    expect(() => load(serialize(norm))).toThrow(
      "got norm: no known layer has weight [1]",
    );
  });

  // The names and shapes that PyTorch 1.13 gives nn.LSTM(2, 1) and nn.Linear(1, 1) under each.
  test.each([
    [
      "weight_norm",
      "",
      ["weight_ih_l0_g", "weight_ih_l0_v", "bias_ih_l0"],
      "remove_weight_norm",
    ],
    [
      "weight_norm of one matrix",
      "rnn.",
      ["weight_ih_l0", "weight_hh_l0_g", "weight_hh_l0_v"],
      "remove_weight_norm",
    ],
    [
      "weight_norm of a Linear",
      "fc.",
      ["bias", "weight_g", "weight_v"],
      "remove_weight_norm",
    ],
    [
      "spectral_norm",
      "fc.",
      ["bias", "weight_orig", "weight_u", "weight_v"],
      "remove_spectral_norm",
    ],
    ["pruning", "fc.", ["bias", "weight_orig", "weight_mask"], "prune.remove"],
    [
      "a parametrization",
      "fc.parametrizations.weight.",
      ["original0", "original1"],
      "parametrize.remove_parametrizations",
    ],
  ])(
    "says what makes plain weights of those under %s",
    (_, prefix, names, call) => {
      const value = { shape: [4, 2], data: new Float32Array(8) };
      const dict = Object.fromEntries(
        names.map((name) => [prefix + name, value]),
      );
      const place = prefix.slice(0, -1) || "(unnamed)";
      const list = names.map((name) => `${name} [4, 2]`).join(", ");
      expect(() => load(serialize(dict))).toThrow(
        `got ${place}: no known layer has ${list}; torch.nn.utils.${call} makes them plain weights before saving`,
      );
    },
  );

  test("takes bytes and options of their kinds alone", () => {
    expect(() => load("model.safetensors" as never)).toThrow(TypeError);
    expect(() => load(example("words/words"), null as never)).toThrow(
      TypeError,
    );
    const chain = { chain: ["0", "3"] };
    expect(() => load(example("words/words"), chain)).toThrow(RangeError);
  });
});

describe("a model that Sequential.save wrote", () => {
  const saved = new Sequential(everything).save({ note: "mine" });

  test("is loaded as it was", () => {
    const { model, layers, report } = load(saved);
    const ours = Sequential.load(saved);
    expect(model!.layers.map(({ savedOptions }) => savedOptions)).toEqual(
      ours.layers.map(({ savedOptions }) => savedOptions),
    );
    expect(model!.stateDict()).toEqual(ours.stateDict());
    expect(Object.values(layers)).toEqual(model!.layers);
    expect(report.layers).toHaveLength(everything.length);
    expect(report).toMatchObject({ producer: "gatewise", version: "1" });
  });

  test("is described with all that is not usual", () => {
    const model = new Sequential([
      new GRU({
        inputSize: 2,
        hiddenSize: 3,
        resetAfter: false,
        updateGate: "replace",
        direction: "reverse",
        returnSequences: false,
      }),
      new Linear({ inputSize: 3, outputSize: 1, activation: "sigmoid" }),
    ]);
    expect(reportText(load(model.save()).report)).toBe(
      [
        "safetensors by gatewise, version 1",
        "  0: GRU, inputSize 2, hiddenSize 3, numLayers 1, directions 1; PyTorch: gates r z n, two biases, reset before, update gate replaces, backwards, returnSequences false",
        "  1: Linear, inputSize 3, outputSize 1; PyTorch: weight [out, in], bias, sigmoid",
      ].join("\n"),
    );
  });

  test("says what it masks", () => {
    const gru = new GRU({ inputSize: 2, hiddenSize: 3, maskRule: "previous" });
    const masking = new Sequential([new Masking({ maskValue: -1 }), gru]);
    const tokens = { vocabSize: 5, size: 2, maskZero: true };
    const embedding = new Sequential([new Embedding(tokens), gru]);
    const said = [masking, embedding].map(
      (model) => load(model.save()).report.layers,
    );
    expect(said.map(([first]) => first!.convention)).toEqual([
      "steps of -1 alone masked",
      "PyTorch: a row a token, token 0 masked",
    ]);
    expect(said[0]![1]!.convention).toContain(", maskRule previous");
  });

  test("adds its inputs where it did", () => {
    const linear = new Linear({ inputSize: 2, outputSize: 2 });
    const model = new Sequential([linear], { skip: 1 });
    const loaded = load(model.save());
    const input = [[1, 2]];
    expect(loaded.model!.forward(input)).toEqual(model.forward(input));
    expect(loaded.report.converted).toEqual([
      "skip 1: that many inputs added to the output",
    ]);
  });

  test("is refused where the metadata is damaged", () => {
    const { tensors } = parse(saved);
    const bytes = serialize(tensors, { gatewise: "{}" });
    expect(() => load(bytes)).toThrow(/^metadata.gatewise: /);
  });
});

describe("damaged files are read or refused", () => {
  expectPrototypesUnchanged();
  const files = [
    new Sequential(everything).save(),
    readFixture("tagger.safetensors"),
    readFixture("gru.safetensors"),
    new Uint8Array(example("words/words")).slice(0, 2000),
  ];

  test("anywhere in the file", () => {
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(damaged(files), (bytes) => {
        try {
          load(bytes);
          count.read++;
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          expect(error.message).toMatch(
            /^(byte \d+|header|data|tensors?|tensor ".*"|__metadata__.*|metadata\.gatewise|state dict): ./s,
          );
          count.refused++;
        }
      }),
      runs(3000),
    );
    // the search is of use only while both happen
    expect(count.read).toBeGreaterThan(100);
    expect(count.refused).toBeGreaterThan(1500);
  });
});

describe("int8", () => {
  const linear = new Linear({ inputSize: 2, outputSize: 3, precision: "int8" });
  const bytes = new Sequential([linear]).save();

  test("a saved model's weights are not reported as ignored", () => {
    const { model, report } = load(bytes);
    expect(report.ignored).toEqual([]);
    expect(report.converted).toEqual([]);
    expect(model.save()).toEqual(bytes);
  });

  test("a state dict's are widened by their scales", () => {
    const { model, report } = load(serialize(parse(bytes).tensors));
    expect(report.converted).toEqual([
      "I8 with scales to float32: 1 (0.weight)",
    ]);
    const { weight } = linear.stateDict();
    expect(model.layers[0]!.stateDict()["weight"]!.data).toEqual(weight!.data);
  });
});

describe("options.chain", () => {
  const under = (prefix: string, layer: { stateDict(): StateDict }) =>
    renamed(layer.stateDict(), (name) => `${prefix}.${name}`);
  const file = serialize({
    ...under("lstm", new LSTM({ inputSize: 2, hiddenSize: 3 })),
    ...under("bn", new BatchNorm({ size: 3 })),
    ...under("fc", new Linear({ inputSize: 3, outputSize: 1 })),
  });

  test("has no relu6, which is not relu", () => {
    expect(() => load(file, { chain: ["lstm", "relu6", "fc"] })).toThrow(
      'chain[1]: expected one of the layers "lstm", "bn", "fc", got "relu6"',
    );
    expect(`${load(file, { chain: ["lstm", "relu2", "fc"] }).model}`).toMatch(
      "Activation(3 → 3, relu)",
    );
  });

  test("checks what is said of a BatchNorm", () => {
    const chain = ["lstm", "bn", "fc"];
    const wrong = (bn: object) => () => load(file, { chain, layers: { bn } });
    expect(wrong({ epsilon: "1e-3" })).toThrow(TypeError);
    expect(wrong({ activation: "relu" })).toThrow(
      'layers["bn"]: expected epsilon, the options of BatchNorm1d, got activation',
    );
    expect(() => load(file, { chain, layers: { norm: {} } })).toThrow(
      'layers: expected one of the layers "lstm", "bn", "fc", got "norm"',
    );
  });
});
