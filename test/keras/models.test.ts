import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/keras/index.js";
import { load as loadAny } from "../../src/formats/load/index.js";
import type { Graph } from "../../src/graph/index.js";
import { GRU, Linear, Sequential, type Tensor } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { backends } from "../support/layers.js";

// Whole models with the outputs that a float64 interpreter of Keras's equations gives.
const folder = new URL(
  "../../../shared/conformance/models/keras/",
  import.meta.url,
);
const there = existsSync(folder);
const files = there ? readdirSync(folder) : [];
const models = files.filter(
  (name) =>
    /\.(h5|keras)$/.test(name) &&
    files.includes(name.replace(/\.\w+$/, ".safetensors")) &&
    !name.startsWith("dtln"),
);
const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));

/** Inputs and expected outputs by name, and the tolerance relative to the largest expected. */
export function expectationsOf(bytes: Uint8Array) {
  const { tensors, metadata } = parse(bytes);
  const named = (kind: string) =>
    Object.fromEntries(
      Object.entries(tensors)
        .filter(([name]) => name.startsWith(`${kind}/`))
        .map(([name, tensor]) => [name.slice(kind.length + 1), tensor]),
    );
  return {
    inputs: named("in"),
    outputs: named("out"),
    tolerance: Number(metadata["tolerance"]),
  };
}

export function expectWithin(
  got: Tensor | undefined,
  expected: Tensor,
  tolerance: number,
): number {
  expect(got?.shape).toEqual(expected.shape);
  const largest = expected.data.reduce((m, x) => Math.max(m, Math.abs(x)), 1);
  const error = expected.data.reduce(
    (m, x, i) => Math.max(m, Math.abs(x - got!.data[i]!)),
    0,
  );
  expect(error / largest).toBeLessThanOrEqual(tolerance);
  return error / largest;
}

function errorOf(call: () => unknown): FormatError {
  try {
    call();
  } catch (error) {
    return error as FormatError;
  }
  throw new Error("expected an error");
}

const run = (model: Sequential | Graph, inputs: Record<string, Tensor>) => {
  if (!(model instanceof Sequential)) return model.run(inputs);
  const [only] = Object.values(inputs);
  return { "": model.forward(only!).output };
};

// Three of them, which are ours (CC0), are here as well.
const own = new URL("models/", import.meta.url);
const ownModels = readdirSync(own).filter(
  (name) => !name.endsWith(".safetensors"),
);

test.each(ownModels)("%s, in the repository", (name) => {
  const bytes = (file: string) =>
    new Uint8Array(readFileSync(new URL(file, own)));
  const { model } = load(bytes(name));
  expect(model).not.toBeInstanceOf(Sequential);
  const { inputs, outputs, tolerance } = expectationsOf(
    bytes(name.replace(/\.\w+$/, ".safetensors")),
  );
  const again = loadAny((model as Graph).save()).model as Graph;
  for (const graph of [model as Graph, again]) {
    const results = graph.run(inputs);
    for (const [output, expected] of Object.entries(outputs))
      expectWithin(results[output], expected, tolerance);
  }
});

describe.skipIf(!there)(
  "whole Keras models (skipped where ../shared is absent)",
  () => {
    test("there are thirteen", () => expect(models).toHaveLength(13));

    describe.each(backends)("on %s", (backend) => {
      test.each(models)("%s", (name) => {
        const { model } = load(read(name), { backend });
        const cases = read(name.replace(/\.\w+$/, ".safetensors"));
        const { inputs, outputs, tolerance } = expectationsOf(cases);
        const results = run(model, inputs);
        for (const [output, expected] of Object.entries(outputs)) {
          const got = results[output] ?? results[""];
          const error = expectWithin(got, expected, tolerance);
          if (process.env["SHOW"]) console.log(backend, name, output, error);
        }
      });
    });

    test.each([
      [
        "k2_custom_attention_refused.h5",
        /^layer "attention" \(AttentionWeightedAverage\): .*tf2onnx/,
      ],
      [
        "k3_lambda_refused.keras",
        /^layer "lambda" \(Lambda\): .*Python code, which is never run; .*model\.export\("model\.onnx", format="onnx"\)$/,
      ],
    ])("%s is refused by name, with the way out", (name, message) => {
      expect(() => load(read(name))).toThrow(FormatError);
      expect(() => load(read(name))).toThrow(message);
      const error = errorOf(() => load(read(name)));
      const { report, layers = {} } = error;
      expect(report?.layers.map((layer) => layer.type)).toEqual(
        Object.values(layers).map((layer) =>
          layer instanceof Linear
            ? "Dense"
            : layer instanceof GRU
              ? "GRU"
              : "LSTM",
        ),
      );
      expect(Object.keys(layers)).toHaveLength(2);
    });

    test("weights alone: both halves of DTLN by configs of ours", () => {
      const file = read("dtln_model.h5");
      const { inputs, outputs, tolerance } = expectationsOf(
        read("dtln_model.safetensors"),
      );
      const model = (name: string, layers: object[], input: number) =>
        load(file, {
          config: JSON.stringify({
            class_name: "Functional",
            config: {
              layers: [
                {
                  class_name: "InputLayer",
                  name: "in",
                  config: {
                    name: "in",
                    batch_input_shape: [null, null, input],
                  },
                  inbound_nodes: [],
                },
                ...layers,
              ],
              input_layers: [["in", 0, 0]],
              output_layers: [[name, 0, 0]],
            },
          }),
        }).model;
      const layer = (
        class_name: string,
        name: string,
        config: object,
        ...from: string[]
      ) => ({
        class_name,
        name,
        config: { name, ...config },
        inbound_nodes: [from.map((each) => [each, 0, 0, {}])],
      });
      const lstm = (name: string, from: string) =>
        layer(
          "LSTM",
          name,
          {
            units: 128,
            activation: "tanh",
            recurrent_activation: "sigmoid",
            return_sequences: true,
          },
          from,
        );
      const first = model(
        "dense",
        [
          lstm("lstm", "in"),
          lstm("lstm_1", "lstm"),
          layer(
            "Dense",
            "dense",
            { units: 257, activation: "sigmoid" },
            "lstm_1",
          ),
        ],
        257,
      );
      expect(first).toBeInstanceOf(Sequential);
      const mask = (first as Sequential).forward(inputs["magnitudes"]!).output;
      expectWithin(mask, outputs["mask"]!, tolerance);
      const convolution = (name: string, filters: number, from: string) =>
        layer(
          "Conv1D",
          name,
          {
            filters,
            kernel_size: [1],
            activation: "linear",
            use_bias: false,
          },
          from,
        );
      const second = model(
        "conv1d_1",
        [
          convolution("conv1d", 256, "in"),
          layer(
            "LayerNormalization",
            "layer_normalization",
            { axis: [-1], epsilon: 1e-7 },
            "conv1d",
          ),
          lstm("lstm_2", "layer_normalization"),
          lstm("lstm_3", "lstm_2"),
          layer(
            "Dense",
            "dense_1",
            { units: 256, activation: "sigmoid" },
            "lstm_3",
          ),
          layer("Multiply", "multiply", {}, "conv1d", "dense_1"),
          convolution("conv1d_1", 512, "multiply"),
        ],
        512,
      ) as Graph;
      const frames = second.run({ in: inputs["frames"]! })["conv1d_1"];
      expectWithin(frames, outputs["frames"]!, tolerance);
    });
  },
);
