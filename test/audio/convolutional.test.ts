import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/load/index.js";
import { load as loadRTNeural } from "../../src/formats/rtneural/index.js";
import { Graph } from "../../src/graph/index.js";
import { Sequential } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { backends } from "../support/layers.js";
import { bytesOf, expectRefused, rtneuralLayer } from "./files.js";

const folder = new URL(
  "../../../shared/conformance/models/rtneural/",
  import.meta.url,
);
const there = existsSync(folder);
const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));

describe.skipIf(!there)(
  "files with convolutions (skipped where ../shared is absent)",
  () => {
    describe.each(backends)("on %s", (backend) => {
      test.each(["conv", "full_model", "smartamppro_layout"])(
        "%s.json",
        (name) => {
          const { model, report } = load(read(`${name}.json`), { backend });
          expect(report.format).toBe("rtneural");
          const { tensors, metadata } = parse(read(`${name}.safetensors`));
          const [input, expected] = [
            tensors["in/input"]!,
            tensors["out/output"]!,
          ];
          const batched = input.shape.length === 3;
          const given = batched
            ? input
            : { ...input, shape: [1, ...input.shape] };
          const { output } = model.forward(given);
          expect(output.shape).toEqual(
            batched ? expected.shape : [1, ...expected.shape],
          );
          const error = expected.data.reduce(
            (m, x, i) => Math.max(m, Math.abs(x - output.data[i]!)),
            0,
          );
          expect(error).toBeLessThanOrEqual(Number(metadata["tolerance"]));
        },
      );
    });
  },
);

const convolution = {
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
    [0, -100],
  ],
};
const file = (...layers: object[]) => ({ in_shape: [null, null, 2], layers });

describe("a file with a convolution", () => {
  test("is a Sequential that is causal and streams", () => {
    const { model, report } = loadRTNeural(
      bytesOf(file(convolution, rtneuralLayer("gru", 2, 3))),
    );
    expect(report.layers.map(({ type }) => type)).toEqual(["conv1d", "gru"]);
    expect(report.layers[0]!.convention).toMatch(
      /^Keras: kernel \[k, in, out\], causal(, dilation [2-9])?$/,
    );
    expect(model.streamable).toBe(true);
    const alone = load(bytesOf(file(convolution))).model;
    expect(alone).toBeInstanceOf(Sequential);
    const input = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    expect([...alone.forward(input).output.data]).toEqual([5, 0, 8, 0, 15, 0]);
    const again = load(alone.save()).model as Sequential;
    expect(again.stream().run(input.flat())).toEqual(
      Float32Array.of(5, 0, 8, 0, 15, 0),
    );
  });

  test("in_gain goes into its first input, out_gain into its last outputs", () => {
    const linear = { ...convolution, activation: "" };
    const input = [
      [1, 3],
      [2, -1],
      [0, 5],
    ];
    const given = input.map(([x, y]) => [10 * x!, y!]);
    const wanted = load(bytesOf(file(linear))).model.forward(given).output;
    const gains = { ...file(linear), in_gain: 20, out_gain: 6.0205999 };
    const { output } = load(bytesOf(gains)).model.forward(input);
    output.data.forEach((y, i) =>
      expect(y).toBeCloseTo(2 * wanted.data[i]!, 3),
    );
  });

  test.each<[string, object, RegExp]>([
    [
      "another layer",
      { type: "conv2d", shape: [null, null, 2] },
      /^layers\[1\]\.type: expected one of lstm, .*, got "conv2d"$/,
    ],
    [
      "weights of another size",
      { ...convolution, weights: [[[[1]]]] },
      /^layers\[1\]\.weights\[0\]: expected \[2, 2, 2\], \[kernel, inputs, outputs\], got \[1, 1, 1\]$/,
    ],
    [
      "a weight too many",
      { ...convolution, weights: [...convolution.weights, [1]] },
      /^layers\[1\]\.weights: expected \[kernel, bias\] or \[kernel\], got an array of length 3$/,
    ],
    [
      "no weights",
      { ...convolution, weights: [] },
      /^layers\[1\]\.weights: expected \[kernel, bias\] or \[kernel\], got an array of length 0$/,
    ],
    [
      "no kernel size",
      { ...convolution, kernel_size: null },
      /^layers\[1\]\.kernel_size: expected one size of at least 1, got nothing$/,
    ],
  ])("is refused for %s", (_, layer, message) => {
    expectRefused((bytes) => load(bytes), file(convolution, layer), message);
  });

  test("of SmartAmpPro is refused where its LSTM would need what it has not", () => {
    const layer = (kernel: unknown, bias: unknown) => ({
      "kernel:0": kernel,
      "bias:0": bias,
    });
    const amp = {
      input_size: 4,
      conv1d: layer([[[1]], [[1]]], [0]),
      conv1d_stride: 2,
      lstm: { lstm_cell: {}, ...layer([[1, 1, 1, 1]], [0, 0, 0, 0]) },
      dense: layer([[1]], [0]),
    };
    expectRefused(
      (bytes) => load(bytes),
      amp,
      /^lstm: expected strides that leave one step of input_size, got 2/,
    );
    const { model } = load(bytesOf({ ...amp, conv1d_stride: 4 }));
    expect(model).toBeInstanceOf(Graph);
    expect(() => load(bytesOf({ ...amp, dense: { "kernel:0": 3 } }))).toThrow(
      FormatError,
    );
    // a recurrent kernel of these units would take 1.6 GB
    const zeros = Array.from({ length: 40_000 }, () => 0);
    const wide = { ...layer([zeros], zeros), lstm_cell: {} };
    expect(() =>
      load(bytesOf({ ...amp, conv1d_stride: 4, lstm: wide })),
    ).toThrow("lstm: the file expands to more than 67108864 bytes");
  });
});
