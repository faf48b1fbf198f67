import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { load, verify } from "../../src/formats/load/index.js";
import { load as loadSafetensors } from "../../src/formats/safetensors/index.js";
import { load as loadTorch } from "../../src/formats/torch/index.js";
import { Linear, RNN, Sequential } from "../../src/index.js";
import { bytesOf, guitarMlFile, namFile } from "../audio/files.js";
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
    expect([...model!.forward([[3]]).output.data]).toEqual([7]);
  });

  test("nam", () => {
    const { model, report, sampleRate } = load(bytesOf(namFile()));
    expect([report.format, sampleRate]).toEqual(["nam", 48000]);
    const guitarMl = load(bytesOf(guitarMlFile("LSTM")));
    expect(guitarMl.report.format).toBe("guitarml");
    const input = [[0.5], [-0.5]];
    expect(model!.forward(input).output.shape).toEqual([2, 1]);
    expect(guitarMl.model!.forward(input).output.shape).toEqual([2, 1]);
  });

  test("with its options", () => {
    const options = { nonlinearity: "relu" } as const;
    const { layers } = load(readFixture("rnn-relu.pt"), options);
    expect((layers!["rnn"] as RNN).options.nonlinearity).toBe("relu");
    expect(() => load(readFixture("gru.pt"), { maxBytes: -1 })).toThrow(
      RangeError,
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
