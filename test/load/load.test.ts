import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { load, verify } from "../../src/formats/load/index.js";
import { load as loadOnnx, type Graph } from "../../src/formats/onnx/index.js";
import { load as loadSafetensors } from "../../src/formats/safetensors/index.js";
import { load as loadTorch } from "../../src/formats/torch/index.js";
import { Linear, RNN, Sequential } from "../../src/index.js";
import { bytesOf, guitarMlFile, namFile } from "../audio/files.js";
import { modelBytes } from "../onnx/support/build.js";
import { readExpected, readFixture } from "../torch/files.js";

const words = new Uint8Array(
  readFileSync(
    new URL("../../examples/words/words.safetensors", import.meta.url),
  ),
);

const rtneural = Buffer.from(
  JSON.stringify({
    in_shape: [null, null, 1],
    layers: [
      {
        type: "dense",
        activation: "",
        shape: [null, null, 1],
        weights: [[[2]], [1]],
      },
    ],
  }),
);

/** y = x · [[1, 1], [1, 2]], or by a matrix in another file. */
const graph = (external?: string) =>
  modelBytes({
    nodes: [{ type: "MatMul", inputs: ["x", "w"], outputs: ["y"] }],
    inputs: [{ name: "x", shape: ["n", 2] }],
    outputs: [{ name: "y" }],
    initializers: [
      {
        name: "w",
        shape: [2, 2],
        data: external ? [] : [1, 1, 1, 2],
        ...(external && { external }),
      },
    ],
  });
const onnx = graph();

describe("a file is read by the entry of its format", () => {
  test("safetensors", () => {
    const { report } = load(words);
    expect(report).toEqual(loadSafetensors(words).report);
  });

  test.each(["checkpoint", "old-lstm"])("torch, %s", (name) => {
    const file = readFixture(`${name}.pt`);
    const { model, report } = load(file);
    expect(report).toEqual(loadTorch(file).report);
    const { input, output } = readExpected(name);
    verify(model!, [{ input: input!, output: output! }], { tolerance: 1e-6 });
  });

  test("rtneural", () => {
    const { model, report, sampleRate } = load(rtneural);
    expect(report.format).toBe("rtneural");
    expect(sampleRate).toBeNull();
    const { output } = (model as Sequential).forward([[3]]);
    expect([...output.data]).toEqual([7]);
  });

  test("nam", () => {
    const { model, report, sampleRate } = load(bytesOf(namFile()));
    expect([report.format, sampleRate]).toEqual(["nam", 48000]);
    const guitarMl = load(bytesOf(guitarMlFile("LSTM")));
    expect(guitarMl.report.format).toBe("guitarml");
    for (const chain of [model, guitarMl.model]) {
      const { output } = (chain as Sequential).forward([[0.5], [-0.5]]);
      expect(output.shape).toEqual([2, 1]);
    }
  });

  test("onnx", () => {
    const { model, report } = load(onnx);
    expect(report).toEqual(loadOnnx(onnx).report);
    const inputs = { x: [[1, 2]] };
    const outputs = { y: [[3, 5]] };
    verify(model!, [{ inputs, outputs }]);
    const saved = load((model as Graph).save());
    expect(saved.report.format).toBe("safetensors");
    expect(saved.report.layers).toEqual(report.layers);
    verify(saved.model!, [{ inputs, outputs }]);
  });

  test("with its options", () => {
    const options = { nonlinearity: "relu" } as const;
    const { layers } = load(readFixture("rnn-relu.pt"), options);
    expect((layers!["rnn"] as RNN).options.nonlinearity).toBe("relu");
    expect(() => load(readFixture("gru.pt"), { maxBytes: -1 })).toThrow(
      RangeError,
    );
  });

  test("not with those of other formats, nor with unknown ones", () => {
    const options = { forceLinearBeforeReset: true, fastTanh: true } as const;
    expect(load(words, options).report).toEqual(load(words).report);
    const misspelt = { nonlinarity: "relu" } as never;
    expect(() => load(words, misspelt)).toThrow(RangeError);
    expect(() => load(words, misspelt)).toThrow(
      /^options: expected only prefix, chain, .*, got "nonlinarity"$/,
    );
  });

  test("as an ArrayBuffer or a Buffer", () => {
    const buffer = words.slice().buffer;
    expect(load(buffer).report).toEqual(load(words).report);
    expect(load(Buffer.from(words)).report).toEqual(load(words).report);
  });
});

describe("files by their names", () => {
  test("one of which is the model", () => {
    const files = { "README.md": Buffer.from("# words"), "w.st": words };
    expect(load(files).report).toEqual(load(words).report);
  });

  test("one of which has an ONNX model's numbers", () => {
    const data = Float32Array.of(1, 0, 1, 2);
    const files = { "a.onnx": graph("a.data"), "a.data": data.buffer };
    const case1 = { inputs: { x: [[1, 2]] }, outputs: { y: [[3, 4]] } };
    verify(load(files).model!, [case1]);
    expect(() => load({ "a.onnx": files["a.onnx"] })).toThrow(FormatError);
    expect(() => load(files["a.onnx"])).toThrow(/"a.data".*options.files/);
    const { "a.onnx": file, ...others } = files;
    verify(load(file, { files: others }).model!, [case1]);
  });

  test("two of which are models", () => {
    const one = new Sequential([new Linear({ inputSize: 1, outputSize: 1 })]);
    const files = { "a.safetensors": one.save(), "b.json": rtneural };
    expect(() => load(files)).toThrow(RangeError);
    expect(() => load(files)).toThrow(
      "files: expected one model and its weights, got a.safetensors (safetensors), b.json (rtneural)",
    );
  });

  test("none of which is", () => {
    const files = { "a.html": Buffer.from("<html>"), b: new Uint8Array(3) };
    expect(() => load(files)).toThrow(FormatError);
    expect(() => load(files)).toThrow(
      /^"a\.html": byte 0: .*a web page.*; "b": byte 0: .*starts with 00 00 00$/,
    );
    expect(() => load({})).toThrow(RangeError);
  });
});

test.each([null, undefined, "model.pt", 5, [[80, 75]], { a: "text" }])(
  "%s is no file",
  (file) => expect(() => load(file as never)).toThrow(TypeError),
);

test("options are an object", () => {
  expect(() => load(words, null as never)).toThrow(TypeError);
});
