import { describe, expect, test } from "vitest";
import { load, parse, reportText } from "../../src/formats/torch/index.js";
import {
  FormatError,
  GRU,
  Linear,
  LSTM,
  RNN,
  Sequential,
} from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { type Expected, readable, readExpected, readFixture } from "./files.js";
import { dictFile, tensorAs } from "./pickles.js";

/** What a model that options.chain does not describe is told with. */
const TAKEN =
  "a state dict does not say how forward connects its layers: assumed every step's output, no activation after fc, nothing added; check with verify, or say so with options.chain";

/** The error of a file whose layers make no model. */
function refusal(read: () => unknown): FormatError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  return expect.fail("not refused");
}

const networks = readable
  .map((name): [string, Expected] => [name, readExpected(name)])
  .filter(([, { modules }]) => modules !== undefined);

describe.each(backends)("what PyTorch computes, on %s", (backend) => {
  test.each(networks)("%s", (name, { input, output, modules }) => {
    const nonlinearity = name === "rnn-relu" ? "relu" : "tanh";
    // cells under names of their own are no chain unless it is said
    const chain = modules!.map(([own]) => own);
    const said = name === "cells" ? { chain } : {};
    const options = { nonlinearity, backend, ...said } as const;
    const { model, report } = load(readFixture(`${name}.pt`), options);
    const found = report.layers.map((layer) => [layer.name, layer.type]);
    expect(found).toEqual(modules);
    const result = model.forward(input!);
    expect(result.output.shape).toEqual(output!.shape);
    expectClose(
      result.output.data,
      output!.data,
      tolerances.reference(0),
      "output",
    );
  });
});

test("a layer can be made of the tensors alone", () => {
  const { input, output } = readExpected("lstm");
  const { tensors } = parse(readFixture("lstm.pt"));
  const lstm = LSTM.fromStateDict(tensors, { prefix: "rnn." });
  expect(lstm.options).toMatchObject({
    inputSize: 3,
    hiddenSize: 5,
    numLayers: 2,
    direction: "bidirectional",
  });
  const result = lstm.forward(input!);
  expectClose(result.output.data, output!.data, tolerances.reference(0));
});

describe("the report", () => {
  test("of a checkpoint", () => {
    const { report } = load(readFixture("checkpoint.pt"));
    expect(JSON.parse(JSON.stringify(report))).toEqual({
      format: "torch",
      producer: "PyTorch",
      version: "3",
      layers: [
        {
          name: "rnn",
          type: "RNN",
          sizes: { inputSize: 3, hiddenSize: 4, numLayers: 1, directions: 1 },
          convention: "PyTorch: two biases, tanh",
        },
        {
          name: "fc",
          type: "Linear",
          sizes: { inputSize: 4, outputSize: 2 },
          convention: "PyTorch: weight [out, in], bias",
        },
      ],
      converted: ["read from model_state_dict"],
      ignored: [
        "epoch: 12",
        "optimizer_state_dict: the state of an optimizer",
        expect.stringMatching(/^scheduler: a dict of \d+$/),
        "loss: 0.25",
        "losses: a list of 3",
        "random: a tensor",
        "settings: a dict of 4",
      ],
      assumptions: [
        "the input is [B, T, 3] or [T, 3], as with batch_first=True",
        "rnn, fc: one after the other, nothing in between",
        "every step's output is used, not only the last",
        "no activation after fc",
        "no residual connections, no layer skipped",
      ],
      warnings: [
        'rnn: nonlinearity assumed to be tanh, which a state dict does not say; set it in options.nonlinearity or options.layers ("relu")',
        TAKEN,
      ],
    });
  });

  test("of a Lightning checkpoint", () => {
    const { model, report } = load(readFixture("lightning-full.pt"));
    expect(model.layers).toHaveLength(2);
    expect(report.layers.map(({ name }) => name)).toEqual([
      "model.gru",
      "model.head",
    ]);
    expect(report.converted).toEqual(["read from state_dict"]);
    expect(report.ignored).toEqual([
      "epoch: 3",
      "global_step: 128",
      'pytorch-lightning_version: "2.1.0"',
      "loops: a dict of 1",
      "callbacks: a dict of 1",
      "optimizer_states: the states of 1 optimizers",
      "lr_schedulers: a list of 0",
      'hparams_name: "kwargs"',
      "hyper_parameters: a dict of 2",
    ]);
    expect(report.warnings).toEqual([
      TAKEN.replace("after fc", "after model.head"),
    ]);
  });

  test("as text", () => {
    const { report } = load(readFixture("half.pt"));
    expect(String(report)).toBe(reportText(report));
    expect(String(report)).toBe(
      [
        "torch by PyTorch, version 3",
        "  rnn: LSTM, inputSize 3, hiddenSize 5, numLayers 1, directions 1; PyTorch: gates i f g o, two biases",
        "  fc: Linear, inputSize 5, outputSize 2; PyTorch: weight [out, in], bias",
        "converted:",
        "  float16 to float32: 6 (rnn.weight_ih_l0, rnn.weight_hh_l0, rnn.bias_ih_l0, rnn.bias_hh_l0, fc.weight, fc.bias)",
        "assumptions:",
        "  the input is [B, T, 3] or [T, 3], as with batch_first=True",
        "  rnn, fc: one after the other, nothing in between",
        "  every step's output is used, not only the last",
        "  no activation after fc",
        "  no residual connections, no layer skipped",
        "warnings:",
        `  ${TAKEN}`,
      ].join("\n"),
    );
  });

  test("says how a projection and a GRU are read", () => {
    const { report: projection } = load(readFixture("lstm-projection.pt"));
    expect(projection.layers[0]!.sizes).toMatchObject({ projSize: 4 });
    const { report: gru } = load(readFixture("gru.pt"));
    expect(gru.layers[0]!.convention).toBe(
      "PyTorch: gates r z n, no bias, reset after, update gate keeps",
    );
  });
});

describe("layers whose graph the file does not tell", () => {
  test("two that may run side by side", () => {
    const file = readFixture("pair.pt");
    const { layers, report } = refusal(() => load(file));
    expect(Object.keys(layers!)).toEqual(["left", "right"]);
    expect(layers!["left"]).toBeInstanceOf(LSTM);
    expect(report!.warnings).toEqual([
      "no model was made: two recurrent layers under different names, left (LSTM 4 → 4) and right (LSTM 4 → 4): one may start from the other's state, use only its last step, or run in parallel",
    ]);
    const chained = load(file, { chain: ["right", "left"] });
    expect(chained.model.layers[0]).toBe(chained.layers["right"]);
    const one = load(file, { prefix: "left." });
    expect(one.model.layers).toHaveLength(1);
  });

  test("a Linear inside whose activation is not in the file", () => {
    const file = readFixture("head.pt");
    const { report } = refusal(() => load(file));
    expect(report!.warnings).toEqual([
      "no model was made: modules without weights that may compute something: head.1; only forward shows where",
    ]);
    const named = load(file, {
      layers: { "head.0": { activation: "relu" } },
    });
    expect(named.model).toBeInstanceOf(Sequential);
    expect((named.layers["head.0"] as Linear).options.activation).toBe("relu");
  });

  test("a module that is no layer here", () => {
    const file = readFixture("batch-norm.pt");
    const { layers, report } = refusal(() => load(file));
    expect(layers!["rnn"]).toBeInstanceOf(GRU);
    expect(report!.ignored).toEqual([
      "norm.num_batches_tracked: int64 []",
      "norm: a BatchNorm1d of 4 features",
    ]);
    expect(report!.warnings[0]).toBe(
      "no model was made: norm: a BatchNorm1d of 4 features; only forward shows where it belongs",
    );
  });
});

describe("options", () => {
  const file = readFixture("checkpoint.pt");

  test("say what the file does not", () => {
    const { layers } = load(file, {
      layers: { rnn: { nonlinearity: "relu", returnSequences: false } },
    });
    expect((layers["rnn"] as RNN).options).toMatchObject({
      nonlinearity: "relu",
      returnSequences: false,
    });
  });

  test.each([
    [{ layers: { lstm: {} } }, /^layers: expected one of the layers/],
    [
      { layers: { fc: { resetAfter: true } } },
      /^layers\["fc"\]: expected type/,
    ],
    [{ layers: { rnn: { nonlinearity: "elu" } } }, /^nonlinearity: expected/],
    [{ chain: ["rnn", "out"] }, /^chain\[1\]: expected one of the layers/],
    [{ chain: ["fc", "rnn"] }, /^layers\[1\]: expected inputSize 2/],
    [{ backend: "gpu" }, /^backend: expected/],
    [{ maxBytes: -1 }, /^maxBytes: expected/],
    [{ nonlinarity: "relu" }, /^options: expected only .*"nonlinarity"$/],
  ])("are checked: %j", (options, message) => {
    expect(() => load(file, options as never)).toThrow(RangeError);
    expect(() => load(file, options as never)).toThrow(message);
  });

  test.each([
    null,
    { layers: [] },
    { layers: { rnn: 1 } },
    { prefix: 1 },
    { chain: "rnn" },
    { stateDict: 1 },
    { checksums: "no" },
  ])("of the wrong kind are refused: %j", (options) => {
    expect(() => load(file, options as never)).toThrow(TypeError);
  });

  test("that leave no layer", () => {
    expect(() => load(file, { prefix: "decoder." })).toThrow(
      "state dict: expected weights of RNN, LSTM, GRU, Linear or Embedding, got no tensors",
    );
  });
});

describe("kinds of layers by shapes alone", () => {
  const matrix = (rows: number, columns: number) =>
    tensorAs({ count: 1, shape: [rows, columns], strides: [0, 0] });
  const vector = (rows: number) =>
    tensorAs({ count: 1, shape: [rows], strides: [0] });
  const build = (
    tensors: Record<string, number[]>,
    options?: Parameters<typeof load>[1],
  ) => load(dictFile(tensors, { 0: new Uint8Array(4) }), options);
  const types = (tensors: Record<string, number[]>) => {
    const chain = [...new Set(Object.keys(tensors).map(moduleOf))];
    return build(tensors, { chain }).report.layers.map(({ type }) => type);
  };
  const moduleOf = (name: string) => name.split(".").slice(0, -1).join(".");
  const gru = {
    "rnn.weight_ih_l0": matrix(12, 8),
    "rnn.weight_hh_l0": matrix(12, 4),
  };

  test("cells", () => {
    expect(types({ weight_ih: matrix(4, 8), weight_hh: matrix(4, 4) })).toEqual(
      ["RNN"],
    );
    expect(
      types({ "a.weight_ih": matrix(16, 8), "a.weight_hh": matrix(16, 4) }),
    ).toEqual(["LSTM"]);
  });

  test("a matrix alone before or behind a recurrent layer", () => {
    expect(types({ "first.weight": matrix(20, 8), ...gru })).toEqual([
      "Embedding",
      "GRU",
    ]);
    expect(types({ ...gru, "last.weight": matrix(20, 4) })).toEqual([
      "GRU",
      "Linear",
    ]);
    expect(types({ "first.weight": matrix(8, 20), ...gru })).toEqual([
      "Linear",
      "GRU",
    ]);
    expect(types({ "token_emb.weight": matrix(8, 8), ...gru })).toEqual([
      "Embedding",
      "GRU",
    ]);
  });

  test("a matrix alone that could be both", () => {
    const square = { "first.weight": matrix(8, 8), ...gru };
    const { report } = refusal(() => build(square));
    expect(report!.warnings[0]).toBe(
      "no model was made: first: a single matrix may be an Embedding or a Linear without bias: say which in options.layers; only forward shows where it belongs",
    );
    const options = { layers: { first: { type: "Embedding" } } } as const;
    expect(build(square, options).model.layers).toHaveLength(2);
  });

  test.each([
    [{ weight_ih_l0: matrix(10, 8), weight_hh_l0: matrix(10, 5) }, /1, 3 or 4/],
    [{ weight_ih_l0: matrix(4, 8) }, /do not match 1, 3 or 4 gates/],
    [
      { weight_ih_l0: matrix(65536, 1), weight_hh_l0: matrix(1, 16384) },
      /weight_hh_l0: expected \[65536, 16384\] for this LSTM, got \[1, 16384\]/,
    ],
    [
      {
        weight_ih_l0: matrix(4, 8),
        weight_hh_l0: matrix(4, 4),
        bias_ih_l0: vector(4),
      },
      /bias_hh_l0: expected \[4\] for this RNN, got nothing/,
    ],
    [
      {
        weight_ih_l0: matrix(4, 8),
        weight_hh_l0: matrix(4, 4),
        weight_hh_l0_raw: matrix(4, 4),
      },
      /expected only the parameters of one RNN, got .*weight_hh_l0_raw/,
    ],
    [
      {
        "conv.weight": tensorAs({
          count: 1,
          shape: [2, 2, 2, 2],
          strides: [0, 0, 0, 0],
        }),
      },
      /no known layer has weight \[2, 2, 2, 2\]/,
    ],
  ])("what is none is refused", (tensors, message) => {
    expect(() => build(tensors)).toThrow(message);
  });
});
