/*
 * Files by PyTorch whose networks compute more than a state dict tells, with what PyTorch gave: each is right, or
 * refused with what was found and the ways out; never another network without a word.
 */
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load, type LoadOptions } from "../../src/formats/load/index.js";
import { FormatError } from "../../src/index.js";
import { parse } from "../../src/safetensors.js";
import type { Tensor } from "../../src/tensor.js";
import { expectClose } from "../support/compare.js";

const folder = new URL(
  "../../../shared/conformance/models/torch/",
  import.meta.url,
);

interface Case {
  readonly id: string;
  readonly file: string;
  readonly verdict: string;
  readonly options: LoadOptions;
}

const cases: Case[] = existsSync(folder)
  ? JSON.parse(readFileSync(new URL("cases.json", folder), "utf8"))
  : [];

const read = (name: string) =>
  new Uint8Array(readFileSync(new URL(name, folder)));

/** What PyTorch gave, beside what we give: its last step where PyTorch has no more. */
function expectSame(id: string, model: { forward(input: Tensor): unknown }) {
  const { tensors } = parse(read(`${id}.safetensors`));
  const [, input] = Object.entries(tensors).find(([key]) =>
    key.startsWith("in/"),
  )!;
  const [, wanted] = Object.entries(tensors).find(([key]) =>
    key.startsWith("out/"),
  )!;
  const { output } = model.forward(input) as { output: Tensor };
  const [batch, steps, size] = output.shape as [number, number, number];
  const last = wanted.shape.length < output.shape.length;
  const got = last
    ? Float32Array.from(
        { length: batch * size },
        (_, i) =>
          output.data[
            (Math.floor(i / size) * steps + steps - 1) * size + (i % size)
          ] as number,
      )
    : output.data;
  expect(got.length).toBe(wanted.data.length);
  expectClose(got, wanted.data, 1e-5, id);
}

const JOINED = /^a state dict does not say how forward connects its layers: /;

describe.runIf(cases.length)(
  "PyTorch's files of conformance/models (skipped where ../shared is absent)",
  () => {
    test.each(cases)("$id: $verdict", ({ id, file, verdict }) => {
      if (/^right(-last)?$|^parameters$/.test(verdict) || id === "rnn_relu") {
        const { model, report } = load(read(file));
        expect(report.assumptions).not.toEqual([]);
        expect(report.warnings.at(-1)).toMatch(JOINED);
        if (id === "rnn_relu")
          expect(report.warnings[0]).toContain("options.nonlinearity");
        else expectSame(id, model as never);
        return;
      }
      const error = refusal(() => load(read(file)));
      expect(error.report!.warnings.at(-1)).toMatch(/^no model was made: /);
      expect(Object.keys(error.layers!)).not.toEqual([]);
      expect(error.message).toContain("chain: [");
      expect(error.message).toContain("torch.onnx.export(model.eval(), ");
    });

    const said = cases.filter(({ options }) => Object.keys(options).length);
    test.each(said)("$id, as its options say", ({ id, file, options }) => {
      const { model, report } = load(read(file), options);
      expectSame(id, model as never);
      if (options.chain) expect(report.warnings).toEqual([]);
    });
  },
);

function refusal(load: () => unknown): FormatError {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return error as FormatError;
  }
  return expect.fail("not refused");
}
