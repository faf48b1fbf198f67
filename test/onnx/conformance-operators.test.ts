import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { FormatError } from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import {
  type AttributeSpec,
  modelBytes,
  type NodeSpec,
  type TypeName,
} from "./support/build.js";

// RNN, LSTM and GRU runs of onnxruntime's and ONNX's own tests, which this project only reads.
const folder = new URL(
  "../../../shared/conformance/onnx-operators/",
  import.meta.url,
);

interface Printed {
  shape: number[];
  dtype: TypeName;
  data: number[];
}
interface Case {
  name: string;
  op: "RNN" | "LSTM" | "GRU";
  expect?: "success" | "failure";
  attrs: Record<string, number | string | number[] | string[]>;
  inputs: Record<string, Printed>;
  outputs: Record<string, Printed>;
}

const INPUTS = "X W R B sequence_lens initial_h initial_c P".split(" ");
const OUTPUTS = ["Y", "Y_h", "Y_c"];
const FLOATS = ["activation_alpha", "activation_beta"];

/** Weights as initializers, as exporters write them, or as inputs of the graph, as the operators' own tests do. */
function modelOf({ op, attrs, inputs, outputs }: Case, constant: boolean) {
  const isConstant = (name: string) => constant && "WRBP".includes(name);
  const used = INPUTS.filter((name) => inputs[name]);
  const last = Math.max(...used.map((name) => INPUTS.indexOf(name)));
  const attributes = Object.entries(attrs).map(([name, value]) => {
    if (name === "clip") return [name, { float: value as number }];
    if (FLOATS.includes(name)) return [name, { floats: value as number[] }];
    return [name, value];
  }) as [string, AttributeSpec][];
  const node: NodeSpec = {
    type: op,
    inputs: INPUTS.slice(0, last + 1).map((name) => (inputs[name] ? name : "")),
    outputs: (op === "LSTM" ? OUTPUTS : OUTPUTS.slice(0, 2)).map((name) =>
      outputs[name] ? name : "",
    ),
    attributes: Object.fromEntries(attributes),
  };
  const value = (name: string, { shape, dtype }: Printed) => ({
    name,
    shape,
    dtype,
  });
  return modelBytes({
    opset: 14,
    nodes: [node],
    inputs: used
      .filter((name) => !isConstant(name))
      .map((name) => value(name, inputs[name]!)),
    outputs: Object.entries(outputs).map(([name, out]) => value(name, out)),
    initializers: used
      .filter(isConstant)
      .map((name) => ({ name, ...inputs[name]! })),
  });
}

/** The inputs that are left to give. */
function givenTo(inputs: Case["inputs"], constant: boolean) {
  return Object.fromEntries(
    Object.entries(inputs)
      .filter(([name]) => !constant || !"WRBP".includes(name))
      .map(([name, { shape, data }]) => [name, { shape, data }]),
  );
}

const files = [
  {
    file: "onnxruntime.json",
    count: 147,
    // two cases are printed to 4 digits
    tolerance: (name: string) =>
      /(Shorter|Zero)SeqInMiddle#1$/.test(name) ? 1e-4 : 1e-5,
  },
  { file: "onnx-node-tests.json", count: 18, tolerance: () => 1e-6 },
];

describe.skipIf(!existsSync(folder)).each(files)(
  "operator runs of $file (skipped where ../shared is absent)",
  ({ file, count, tolerance }) => {
    const place = new URL(file, folder);
    const cases = existsSync(place)
      ? (JSON.parse(readFileSync(place, "utf8")) as Case[])
      : [];

    test(`there are ${count}`, () => expect(cases.length).toBe(count));

    describe.each(backends)("on %s", (backend) => {
      describe.each([
        ["constant weights", true],
        ["weights as inputs", false],
      ] as const)("%s", (_, constant) => {
        const good = cases.filter((run) => run.expect !== "failure");
        test.each(good.map((run) => [run.name, run] as const))(
          "%s",
          (name, run) => {
            const { model } = load(modelOf(run, constant), { backend });
            const results = model.run(givenTo(run.inputs, constant));
            expect(Object.keys(results)).toEqual(Object.keys(run.outputs));
            for (const [key, { shape, data }] of Object.entries(run.outputs)) {
              expect(results[key]!.shape).toEqual(shape);
              expectClose(results[key]!.data, data, tolerance(name), key);
            }
          },
        );

        const bad = cases.filter((run) => run.expect === "failure");
        test.each(bad.map((run) => [run.name, run] as const))(
          "%s is refused",
          (_name, run) => {
            const refused = () =>
              load(modelOf(run, constant), { backend }).model.run(
                givenTo(run.inputs, constant),
              );
            const atLoad = /activation/.test(run.name);
            expect(refused).toThrow(atLoad ? FormatError : RangeError);
            expect(refused).toThrow(
              atLoad ? /Invalid_activation/ : /sequence_lens/,
            );
          },
        );
      });
    });
  },
);
