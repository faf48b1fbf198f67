import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ACTIVATIONS, DEFINITIONS } from "../../src/kernel/activations.js";
import { LAYER, NUMBERS, RECURRENT } from "../../src/kernel/fields.js";
import { CONV1D } from "../../src/kernel/js/conv1d.js";
import { LAYER_NORM } from "../../src/kernel/js/layer-norm.js";
import { PAD, PAD_RUN } from "../../src/kernel/js/pad.js";
import { PLANES } from "../../src/kernel/js/planes.js";
import { POINTWISE, POINTWISE_NAMES } from "../../src/kernel/js/pointwise.js";
import { ROW, ROWS } from "../../src/kernel/js/rows.js";
import { RUN } from "../../src/kernel/run.js";

/*
 * The kernel's sources and src/kernel/ each name what a record holds: the same names in the same order, four bytes each,
 * or a field is read where another one was written.
 */

const sourceOf = (file: string) =>
  readFileSync(new URL(`../../assembly/${file}`, import.meta.url), "utf8");

/** The fields of a class of assembly/, those of the class that it extends first. */
function fieldsOf(source: string, name: string): string[] {
  const found = new RegExp(
    `class ${name}(?: extends (\\w+))? \\{([^]*?)\\n\\}`,
  ).exec(source);
  const [, parent, body] = found ?? [];
  if (body === undefined) throw new Error(`no class ${name}`);
  const fields = body.matchAll(/^ {2}(\w+): (\w+);/gm);
  const inherited = () =>
    fieldsOf(
      new RegExp(`class ${parent}\\b`).test(source)
        ? source
        : sourceOf("layer.ts"),
      parent as string,
    );
  return [
    ...(parent === undefined ? [] : inherited()),
    ...Array.from(fields, ([, field = "", type = ""]) => {
      expect(["usize", "i32", "f32"], field).toContain(type);
      return field;
    }),
  ];
}

/** The numbers of a file's constants by their names. */
const constantsOf = (source: string): Record<string, number> =>
  Object.fromEntries(
    Array.from(
      source.matchAll(/^(?:export )?const ([A-Z_]+) = (\d+);/gm),
      ([, name = "", number]) => [name, Number(number)],
    ),
  );

test.each([
  ["layer.ts", "Layer", LAYER],
  ["layer.ts", "Recurrent", RECURRENT],
  ["run.ts", "Run", RUN],
  ["layers/conv1d.ts", "Conv1d", CONV1D],
  ["layers/layer-norm.ts", "LayerNorm", LAYER_NORM],
  ["arrays/planes.ts", "Planes", PLANES],
  ["arrays/pad.ts", "Pad", PAD],
  ["arrays/pad.ts", "PadRun", PAD_RUN],
  ["arrays/pointwise.ts", "Pointwise", POINTWISE],
  ["arrays/rows.ts", "Rows", ROWS],
  ["arrays/rows.ts", "RowOf", ROW],
])("%s: %s has the same fields on both sides", (file, name, fields) => {
  expect(fieldsOf(sourceOf(file), name)).toEqual(fields);
});

describe("numbers", () => {
  test("of the kinds of cell", () => {
    expect(constantsOf(sourceOf("layer.ts"))).toEqual(NUMBERS);
  });

  test("of the standard activations", () => {
    const numbers = constantsOf(sourceOf("linear.ts"));
    const { TANH, SIGMOID, RELU, SOFTMAX } = numbers;
    const own = ["tanh", "sigmoid", "relu", "softmax"] as const;
    const ours = own.map((name) => ACTIVATIONS.indexOf(name));
    expect([TANH, SIGMOID, RELU, SOFTMAX]).toEqual(ours);
  });

  test("of what is computed number by number", () => {
    const numbers = constantsOf(sourceOf("arrays/pointwise.ts"));
    POINTWISE_NAMES.forEach((name, number) =>
      expect(numbers[name.toUpperCase()], name).toBe(number),
    );
  });

  test("of all others", () => {
    const numbers = constantsOf(sourceOf("all-activations.ts"));
    const names: Record<string, string> = {
      leakyRelu: "LEAKY",
      thresholdedRelu: "THRESHOLDED",
      hardSigmoid: "HARD_SIGMOID",
      scaledTanh: "TANH",
      selu: "ELU",
      namTanh: "NAM",
      namSigmoid: "NAM",
      rnnoiseTanh: "RNNOISE",
      rnnoiseSigmoid: "RNNOISE",
    };
    for (const [name, { number }] of Object.entries(DEFINITIONS)) {
      if (name === "linear") continue; // what no case of the switch is for
      const constant = names[name] ?? name.toUpperCase();
      expect(number, name).toBe(numbers[constant]);
    }
  });
});
