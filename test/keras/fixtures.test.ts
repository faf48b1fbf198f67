import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/keras/index.js";
import { Sequential } from "../../src/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { caseOf, names, optionsFor, readFixture } from "./files.js";

describe.each(backends)(
  "files in Keras's layouts give what its equations say, on %s",
  (backend) => {
    test.each(names)("%s", (name) => {
      const { input, output } = caseOf(name);
      const options = { backend, ...optionsFor(name) };
      const { model } = load(readFixture(name), options);
      // all of them are chains
      expect(model).toBeInstanceOf(Sequential);
      const result = model.forward(input).output;
      expect(result.shape).toEqual(output.shape);
      expectClose(result.data, output.data, tolerances.keras);
    });
  },
);

test.each<[string, (string | undefined)[]]>([
  ["keras3-lstm.keras", [undefined, undefined]],
  ["keras3-gru.keras", [undefined, undefined]],
  ["keras3-masking.keras", [undefined, undefined, "nonlinearity tanh"]],
  ["keras2-old.h5", ["hardSigmoid", "nonlinearity relu"]],
])(
  "%s: standard cells are layers without functions of their own, which run faster",
  (name, expected) => {
    const { model } = load(readFixture(name), optionsFor(name));
    const functions = (model as Sequential).layers.flatMap((layer) => {
      if (!("hiddenSize" in layer.options)) return [];
      const { activations, nonlinearity } = layer.options as unknown as {
        activations: readonly (string | { name: string })[];
        nonlinearity?: string;
      };
      const [first] = activations;
      if (first === undefined)
        return [nonlinearity && `nonlinearity ${nonlinearity}`];
      return [typeof first === "object" ? first.name : first];
    });
    expect(functions).toEqual(expected);
  },
);
