/*
 * Networks as people write and save them (tools/make_torch_models.py): alone, as options say, and by the way out that a
 * refusal shows.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, type LoadOptions } from "../../src/formats/load/index.js";
import { FormatError } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import { expectClose } from "../support/compare.js";

interface Case {
  readonly name: string;
  readonly options: LoadOptions | null;
  readonly alone: "right" | "assumed" | "refused";
  readonly onnx: string;
}

const folder = new URL("networks/", import.meta.url);
const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));
const cases: Case[] = JSON.parse(
  readFileSync(new URL("cases.json", folder), "utf8"),
);

const JOINED = /^a state dict does not say how forward connects its layers: /;

type Model = ReturnType<typeof load>["model"];

function expectSame(name: string, model: Model) {
  const { tensors } = parse(read(`${name}.safetensors`));
  const [input, wanted] = [tensors["in"]!, tensors["out"]!];
  const got = model.run({ input })["output"]!;
  expect(got.shape).toEqual(wanted.shape);
  expectClose(got.data, wanted.data, 1e-5, name);
}

function refusal(read: () => unknown): FormatError {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  return expect.fail("not refused");
}

describe("without options", () => {
  test.each(cases)("$name: $alone", ({ name, alone, onnx }) => {
    const file = read(`${name}.pt`);
    if (alone === "refused") {
      const { message, report, layers } = refusal(() => load(file));
      expect(message).toContain("load(file, { chain: [");
      expect(onnx).toMatch(/^import torch; torch\.onnx\.export\(/);
      expect(message).toContain(onnx);
      expect(Object.keys(layers!).length).toBeGreaterThan(0);
      expect(report!.warnings.at(-1)).toMatch(/^no model was made: /);
      return;
    }
    const { model, report } = load(file);
    expect(report.warnings.at(-1)).toMatch(JOINED);
    expect(report.assumptions.length).toBeGreaterThan(3);
    if (alone === "right") expectSame(name, model);
  });
});

const said = cases.filter(({ options }) => options);

describe("as options say", () => {
  test.each(said)("$name", ({ name, options }) => {
    const { model, report } = load(read(`${name}.pt`), options!);
    expectSame(name, model);
    if (options!.chain && !options!.layers) expect(report.warnings).toEqual([]);
  });

  test("returnSequences false of both directions is h_n, and says so", () => {
    const { options } = cases.find(
      ({ name }) => name === "bidirectional_hidden",
    )!;
    const { report } = load(read("bidirectional_hidden.pt"), options!);
    expect(report.warnings).toEqual([
      expect.stringMatching(
        /^lstm: returnSequences false gives h_n of both directions.*y\[:, -1\]/,
      ),
    ]);
  });

  test("options.chain that leaves a normalisation out is told so", () => {
    const { report } = load(read("layer_norm.pt"), { chain: ["rnn", "fc"] });
    expect(report.warnings).toEqual([
      "options.chain leaves out norm: a LayerNorm, or another normalisation, of 5 features",
    ]);
  });

  test.each([
    [["lstm", "gelu", "fc"], /^chain\[1\]: expected one of the layers "lstm"/],
    [["lstm", { activation: "gelu" }], /^chain\[1\]: expected one of relu, /],
    [["lstm", { repeat: 0 }], /^chain\[1\]\.repeat: expected a positive/],
    [["lstm", { conv1d: "x" }], /^chain\[1\]\.conv1d: expected one of the lay/],
    [["lstm", {}], /^chain\[1\]: expected the name of a module/],
    [["relu", "lstm"], /^chain\[0\]: expected a module before it, got none/],
    [["fc", "lstm"], /^layers\[1\]: expected inputSize 2/],
    [[], /^chain: expected an array of names of modules and activations/],
  ])("chain %j is refused by its entry", (chain, message) => {
    const start = () =>
      load(read("relu_function.pt"), { chain } as LoadOptions);
    expect(start).toThrow(RangeError);
    expect(start).toThrow(message);
  });

  test("an activation whose number the file does not tell is asked for", () => {
    const { options } = cases.find(({ name }) => name === "saved_whole")!;
    const { model } = load(read("saved_whole.pt"), options!);
    // of the module that was saved whole the file has alpha, 0.5
    expectSame("saved_whole", model);
  });
});

describe("by ONNX, exported by the line that the refusal shows", () => {
  const exported = cases.filter(({ name }) =>
    existsSync(new URL(`${name}.onnx`, folder)),
  );
  test.each(exported)("$name", ({ name }) =>
    expectSame(name, load(read(`${name}.onnx`)).model),
  );
});
