import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { load as loadKeras } from "../../src/formats/keras/index.js";
import { load } from "../../src/formats/tfjs/index.js";
import { messageOf } from "../support/refusals.js";
import { type BuiltLayer, filled, layersModel } from "../tfjs/build.js";
import { configOf, readFixture } from "./files.js";

const lstm = (config: object = {}): BuiltLayer => ({
  class_name: "LSTM",
  config: {
    units: 2,
    activation: "tanh",
    recurrent_activation: "sigmoid",
    return_sequences: true,
    ...config,
  },
  weights: {
    kernel: filled(0.5, 3, 8),
    recurrent_kernel: filled(0.5, 2, 8),
    bias: filled(0.5, 8),
  },
});
const other = (class_name: string, config: object = {}): BuiltLayer => ({
  class_name,
  config: { ...config },
});
const dense = (inputs: number, units: number, config = {}): BuiltLayer => ({
  class_name: "Dense",
  config: { units, activation: "linear", ...config },
  weights: { kernel: filled(1, inputs, units), bias: filled(1, units) },
});

const refusal = (...layers: BuiltLayer[]) =>
  messageOf(() => load(layersModel(layers)));

describe("layers that are refused by their names", () => {
  test.each([
    ["Lambda", "Python code, which is never run"],
    ["ConvLSTM2D", "another one"],
    ["Mine", "another one"],
  ])("%s", (className, what) => {
    expect(refusal(lstm(), other(className))).toBe(
      `layer "layer1" (${className}): expected a supported layer, got ${what}; export the model as ONNX instead, in Python: import tf2onnx; tf2onnx.convert.from_keras(model, output_path="model.onnx")`,
    );
  });

  test("each of several, those of models inside and at each step too", () => {
    const inner = {
      class_name: "Sequential",
      config: { layers: [lstm(), other("Lambda", { name: "deep" })] },
    };
    expect(
      refusal(
        lstm(),
        other("Lambda"),
        other("Sequential", inner.config),
        other("TimeDistributed", { layer: other("Mine") }),
      ),
    ).toMatch(
      /^layer "layer1" \(Lambda\): .* \(also unsupported: "deep" \(Lambda\), "layer3" \(Mine\)\); /,
    );
  });

  test.each([
    ["my_package", "LSTM"],
    ["__main__", "Mine"],
    ["kerasx.layers", "LSTM"],
    [5, "LSTM"],
  ])("a class of the module %s", (module, class_name) => {
    const files = layersModel([lstm()], {
      model: {
        class_name: "Sequential",
        config: { layers: [{ class_name, module, config: { name: "x" } }] },
      },
    });
    const owner = typeof module === "string" ? module : "?";
    expect(messageOf(() => load(files))).toMatch(
      `layer "x" (${owner}.${class_name}): expected a supported layer, got a custom one, whose code is not in the file; `,
    );
  });

  const last = { return_sequences: false };
  const steps = { batch_input_shape: [null, 5, 3] };
  test.each<[string, BuiltLayer[], RegExp]>([
    [
      "a recurrent layer behind the last step",
      [lstm({ ...last, ...steps }), lstm()],
      /^layer "layer1" \(LSTM\): expected a sequence \[B, T, features\], got \[\?, 2\]$/,
    ],
    [
      "time_major",
      [lstm({ time_major: true })],
      /^layer "layer0" \(LSTM\): expected the batch axis first/,
    ],
    [
      "nothing that computes",
      [other("Dropout")],
      /^layers: expected at least one layer with weights, got none$/,
    ],
    [
      "softmax in a cell",
      [lstm({ activation: "softmax" })],
      /activation: expected an elementwise activation/,
    ],
    [
      "an unknown activation",
      [lstm({ activation: "gelu" })],
      /activation: expected one of linear, tanh, .*, hard_sigmoid, got "gelu"$/,
    ],
    [
      "an activation with code",
      [
        dense(3, 2, {
          activation: { class_name: "function", config: "mine" },
          ...steps,
        }),
      ],
      /activation: expected one of .*, got "mine"$/,
    ],
    [
      "a Bidirectional Dense",
      [other("Bidirectional", { layer: dense(3, 2) })],
      /expected LSTM, GRU, SimpleRNN, .* in a Bidirectional, got Dense$/,
    ],
    [
      "a TimeDistributed LSTM",
      [
        lstm(steps),
        {
          ...other("TimeDistributed", { layer: lstm() }),
          weights: lstm().weights!,
        },
      ],
      /^layer "layer1" \(LSTM\): expected a sequence \[B, T, features\], got \[\?, 2\]$/,
    ],
    [
      "a cell of one's own",
      [other("RNN", { cell: other("MyCell") })],
      /expected a SimpleRNNCell, LSTMCell or GRUCell, got MyCell$/,
    ],
    [
      "a model whose input nobody tells",
      [lstm(), other("Reshape", { target_shape: [1, -1] })],
      /^layer "layer0_input" \(InputLayer\): expected the shape of its input in the config, got none; call /,
    ],
    [
      "no cells",
      [other("RNN", { cell: other("StackedRNNCells", { cells: [] }) })],
      /expected at least one cell, got none$/,
    ],
    [
      "units that the weights do not have",
      [lstm({ units: 3 })],
      /^weight "layer0\/kernel": expected \[any, 12\], the kernel of 3 units/,
    ],
    [
      "units beyond all bounds",
      [lstm({ units: 1e9 })],
      /^weight "layer0\/kernel": expected \[any, 4000000000\]/,
    ],
    [
      "no units",
      [lstm({ units: 0 })],
      /units: expected an integer of at least 1, got 0$/,
    ],
    [
      "layers that do not fit",
      [lstm(), dense(3, 2)],
      /^weight "layer1\/kernel": expected \[2, 2\], \[inputs, units\], got \[3, 2\]$/,
    ],
    [
      "a weight too few",
      [other("LSTM", lstm().config)],
      /^layer "layer0" \(LSTM\): expected its kernel in weightsManifest, got 0 weights of its name$/,
    ],
    [
      "a weight too many",
      [dense(3, 2, { use_bias: false })],
      /^layer "layer0" \(Dense\): expected no weight "layer0\/bias", got one$/,
    ],
  ])("%s", (_, layers, message) => {
    expect(refusal(...layers)).toMatch(message);
  });

  test("two layers of one name", () => {
    expect(
      refusal(dense(3, 2, { name: "a" }), dense(2, 2, { name: "a" })),
    ).toBe('layers: expected unique names, got two layers "a"');
  });
});

describe("files that are refused", () => {
  const encode = (text: string) => new TextEncoder().encode(text);
  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", new Uint8Array(), /^byte 0: expected a \.keras file/],
    ["text", encode("hello"), /^byte 0: expected a \.keras file/],
    [
      "a zip file of something else",
      zipSync({ "a.txt": encode("a") }),
      /^entry "config\.json": the zip file has no such entry$/,
    ],
    [
      "a .keras file without weights",
      zipSync({ "config.json": encode("{}"), "metadata.json": encode("{}") }),
      /^zip: expected model\.weights\.h5, got config\.json, metadata\.json$/,
    ],
    [
      "a config that is no JSON",
      zipSync({ "config.json": encode("{") }),
      /^config\.json: expected JSON in UTF-8/,
    ],
    [
      "weights alone",
      readFixture("keras2-only.h5"),
      /^model_config: the file has only weights: set options\.config/,
    ],
  ])("%s", (_, file, message) => {
    expect(messageOf(() => loadKeras(file))).toMatch(message);
  });

  test("zip bombs", () => {
    const zeros = (size: number) => new Uint8Array(size);
    const bomb = (config: Uint8Array, weights: Uint8Array) =>
      zipSync({
        "config.json": config,
        "metadata.json": encode('{"keras_version":"3.9.2"}'),
        "model.weights.h5": weights,
      });
    const config = encode(configOf("keras3-only.json"));
    const large = bomb(config, zeros(68_000_000));
    expect(large.length).toBeLessThan(100_000);
    expect(messageOf(() => loadKeras(large))).toMatch(
      /^entry "model\.weights\.h5": the file expands to more than 67108864 bytes/,
    );
    const deep = bomb(zeros(5_000_000).fill(0x5b), zeros(10));
    expect(messageOf(() => loadKeras(deep))).toBe(
      "config.json: expected at most 4194304 bytes, got 5000000",
    );
  });

  test("a config for other weights", () => {
    const config = configOf("keras3-only.json");
    const file = readFixture("keras2-only.h5");
    expect(messageOf(() => loadKeras(file, { config }))).toMatch(
      /^\/lstm \(LSTM\): expected its kernel in weight_names, got 0 names$/,
    );
  });

  test("options of the wrong kind, with what they should be", () => {
    const file = readFixture("keras3-gru.keras");
    const wrong = [
      [{ config: {} }, "config: expected the string from"],
      [{ backend: "gpu" }, 'backend: expected "auto"'],
      [{ maxBytes: -1 }, "maxBytes: expected an integer of at least 0"],
      [{ checksums: 1 }, "checksums: expected true or false"],
      [5, "options: expected an object"],
      [
        { maxbytes: 1 },
        "options: expected only config, backend, maxBytes, checksums",
      ],
    ] as const;
    for (const [options, message] of wrong)
      expect(() => loadKeras(file, options as never)).toThrow(message);
    expect(() => loadKeras("file" as never)).toThrow(TypeError);
    expect(() => loadKeras(file, { maxBytes: 100 })).toThrow(
      /expands to more than 100 bytes, the limit; raise it with options\.maxBytes$/,
    );
  });
});
