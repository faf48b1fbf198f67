import { describe, expect, test } from "vitest";
import { readTraineddata } from "../../src/formats/tesseract/read.js";
import { load } from "../../src/tesseract/index.js";
import { dense, file, small } from "./small-files.js";
import {
  CHARACTERS,
  type File,
  make,
  type Options,
  traineddata,
} from "./writer.js";

describe("every form of the file is read to the same network", () => {
  const text = (given: Partial<File>) => {
    const { network, characters, spec, blank } = readTraineddata(
      traineddata({ ...file, ...given }),
    );
    return JSON.stringify({ network, characters, spec, blank });
  };

  test.each<[string, Partial<File>]>([
    ["types as numbers", { options: { numbered: true } }],
    ["unicharset and recoder inside the network's part", { apart: false }],
  ])("%s", (_, given) => {
    expect(text(given)).toBe(text({}));
  });

  test.each<[string, Options, Options]>([
    ["float64 and float32", { form: "float64" }, { form: "old float32" }],
    ["int8 with scales of float64 and float32", {}, { form: "old int8" }],
  ])("%s, to rounding", (_, one, other) => {
    const [a, b] = [one, other].map((options) => {
      const { network } = readTraineddata(traineddata({ ...file, options }));
      return network.layers.flatMap(({ matrices }) =>
        matrices.flatMap(({ data }) => [...data]),
      );
    }) as [number[], number[]];
    expect(a.length).toBeGreaterThan(500);
    a.forEach((value, i) => expect(b[i]).toBeCloseTo(value, 6));
  });

  test.each<Options>([
    { form: "float64", training: "plain" },
    { form: "float64", training: "adam" },
    { form: "old float32", training: "plain" },
  ])("a checkpoint with its updates, %j", (options) => {
    const { network } = readTraineddata(
      traineddata({
        ...small,
        options: {
          ...options,
          weights: [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]],
        },
      }),
    );
    expect([...network.layers[1]!.matrices[0]!.data]).toEqual(
      Array.from({ length: 15 }, (_, i) => i + 1),
    );
  });

  test("rates of each layer, and a character without codes of its own", () => {
    const rates = { ...dense(), flags: 64 };
    const { characters } = readTraineddata(
      traineddata({ ...small, layers: rates, recoded: false }),
    );
    expect(characters).toEqual([
      { text: " ", codes: [0] },
      { text: "a", codes: [1] },
    ]);
  });
});

test.each([
  [2, 1],
  [1, 2],
])(
  "an image of two rows is the smallest: height %i, depth %i",
  (height, depth) => {
    const layers = (rows: number, features: number) =>
      make.series(
        make.input(rows, features),
        make.turned("XYTranspose", make.lstm(features, 5, "SummLSTM")),
        make.dense("Softmax", 5, 3),
      );
    const read = (own: File["layers"]) =>
      readTraineddata(traineddata({ ...small, layers: own })).network;
    expect(read(layers(height, depth)).layers[0]!.sizes).toContain(2);
    expect(() => read(layers(1, 1))).toThrow("a grey image of 2 to");
  },
);

test("the report says what is there and what is not used", () => {
  const { report } = load(traineddata(file));
  expect(report.format).toBe("tesseract");
  expect(report.version).toBe("5.0.0:synthetic");
  expect(report.layers.map(({ type }) => type)).toEqual([
    "Series",
    "Input",
    "Series",
    "Convolve",
    "Tanh",
    "Maxpool",
    "XYTranspose",
    "SummLSTM",
    "LSTM",
    "RTLReversed",
    "LSTM",
    "LSTM",
    "Softmax",
  ]);
  expect(report.ignored).toEqual(["part 0 (configuration), 6 bytes"]);
  expect(report.converted).toEqual([
    "activations: rounded to 16 bits, where Tesseract rounds them to 8",
  ]);
  expect(String(report)).toMatch(/SummLSTM, inputs 5, outputs 6/);
  const arabic: File["characters"] = [...CHARACTERS, ["ب", 6]];
  expect(
    load(traineddata({ ...file, characters: arabic })).report.warnings.join(),
  ).toMatch(/right-to-left/);
});

test("a character may be called as a member of all objects is", () => {
  const { characters } = readTraineddata(
    traineddata({ ...file, characters: [...CHARACTERS, ["constructor", 6]] }),
  );
  expect(characters.at(-1)).toEqual({ text: "constructor", codes: [6] });
});

test("matrices are multiplied as the file has them, unless another precision is asked for", () => {
  const made = (form: "int8" | "float64") =>
    traineddata({ ...file, options: { ...file.options, form } });
  const converted = (
    form: "int8" | "float64",
    precision?: "float32" | "int8" | "int8-fast",
  ) => load(made(form), precision && { precision }).report.converted.join();
  expect(converted("int8")).toBe(converted("int8", "int8"));
  expect(converted("int8", "float32")).toMatch(/^int8 weights: .* float32/);
  expect(converted("int8", "int8-fast")).toMatch(/rounded to 7 bits/);
  expect(converted("float64")).toBe("");
  expect(converted("float64", "int8")).toMatch(/^float weights: rounded/);
});
