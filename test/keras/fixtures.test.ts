import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/keras/index.js";
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
      const result = model.forward(input).output;
      expect(result.shape).toEqual(output.shape);
      expectClose(result.data, output.data, tolerances.keras);
    });
  },
);
