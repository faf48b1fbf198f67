import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/tfjs/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { caseOf, filesOf, names } from "./files.js";

describe.each(backends)(
  "what TensorFlow.js 4.22 saved and computed, on %s",
  (backend) => {
    test.each(names)("%s", (name) => {
      const { input, output } = caseOf(name);
      const { model } = load(filesOf(name), { backend });
      const result = model.forward(input).output;
      expect(result.shape).toEqual(output.shape);
      expectClose(result.data, output.data, tolerances.tfjsFixtures);
    });
  },
);
