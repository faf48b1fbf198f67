import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ExternalFiles } from "../../src/formats/onnx/external.js";
import { Fields } from "../../src/formats/onnx/fields.js";
import { load } from "../../src/formats/onnx/index.js";
import { readTensor } from "../../src/formats/onnx/read.js";
import { valueOf } from "../../src/formats/onnx/tensors.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";

// ONNX files of other projects, which this one only reads.
const folder = new URL(
  "../../../shared/conformance/onnx-files/",
  import.meta.url,
);

interface Numbers {
  shape: readonly number[];
  data: ArrayLike<number>;
}
interface Case {
  name: string;
  bytes: Uint8Array;
  inputs: Record<string, Numbers>;
  /** By name, or in the order of the model's outputs. */
  outputs: Record<string, Numbers> | Numbers[];
  tolerance: number;
}

/** A folder with a model and its data as TensorProtos in files of their own. */
function withTensors(set: string, tolerance: number): Case[] {
  const all = new URL(`${set}/`, folder);
  return readdirSync(all).map((name) => {
    const data = new URL(`${name}/test_data_set_0/`, all);
    const bytes = readFileSync(new URL(`${name}/model.onnx`, all));
    const read = (kind: string) =>
      readdirSync(data)
        .filter((file) => file.startsWith(kind))
        .sort()
        .map((file) => {
          const tensor = readTensor(
            new Fields(readFileSync(new URL(file, data))),
          );
          return valueOf(tensor, file, new ExternalFiles());
        });
    const { model } = load(bytes);
    const inputs = read("input").map(
      (value, i) => [model.inputs[i]!.name, value] as const,
    );
    return {
      name,
      bytes,
      inputs: Object.fromEntries(inputs),
      outputs: read("output"),
      tolerance,
    };
  });
}

function burn(): Case[] {
  const read = (file: string) => readFileSync(new URL(`burn/${file}`, folder));
  const cases = JSON.parse(read("cases.json").toString()) as {
    file: string;
    inputs: Record<string, Numbers>;
    outputs: Record<string, Numbers>;
  }[];
  return cases.map(({ file, inputs, outputs }) => ({
    name: file,
    bytes: read(file),
    inputs,
    outputs,
    tolerance: 1e-5,
  }));
}

const sets: [string, number, () => Case[]][] = [
  ["onnx-node-tests", 12, () => withTensors("onnx-node-tests", 1e-6)],
  ["burn", 10, burn],
  ["cntk", 2, () => withTensors("cntk", 1e-6)],
];

describe.skipIf(!existsSync(folder)).each(sets)(
  "ONNX files of %s (skipped where ../shared is absent)",
  (_, count, read) => {
    const cases = existsSync(folder) ? read() : [];

    test(`there are ${count}`, () => expect(cases.length).toBe(count));

    describe.each(backends)("on %s", (backend) => {
      test.each(cases.map((run) => [run.name, run] as const))(
        "%s",
        (_name, { bytes, inputs, outputs, tolerance }) => {
          const { model, report } = load(bytes, { backend });
          expect(report.warnings).toEqual([]);
          const given = Object.entries(inputs).map(
            ([name, { shape, data }]) =>
              [name, { shape, data: Float32Array.from(data) }] as const,
          );
          const results = model.run(Object.fromEntries(given));
          const named = Array.isArray(outputs)
            ? outputs.map(
                (value, i) => [model.outputs[i]!.name, value] as const,
              )
            : Object.entries(outputs);
          for (const [name, { shape, data }] of named) {
            expect(results[name]!.shape).toEqual(shape);
            expectClose(results[name]!.data, data, tolerance, name);
          }
        },
      );
    });
  },
);
