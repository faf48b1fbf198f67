import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/rtneural/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import {
  conformance,
  expectRefused,
  hasConformance,
  readConformance,
} from "./files.js";

// Models that RTNeural's own tests have, with what Keras and PyTorch gave for them.
const models = ["gru", "gru_1d", "gru_torch", "lstm", "lstm_1d", "lstm_torch"];

const samples = (name: string) =>
  Float32Array.from(
    readConformance(`rtneural/${name}_python.csv`)
      .toString()
      .trim()
      .split("\n")
      .map(Number),
  );

describe.skipIf(!hasConformance)(
  "RTNeural's own models (skipped where ../shared is absent)",
  () => {
    test("all of the folder's models are here", () => {
      const folder = new URL("rtneural/", conformance);
      const found = readdirSync(folder).filter((name) =>
        name.endsWith(".json"),
      );
      const names = [...models, "bad_lstm"].map((name) => `${name}.json`);
      expect(found.sort()).toEqual(names.sort());
      expect(models).toHaveLength(6);
    });

    describe.each(backends)("on %s", (backend) => {
      test.each(models)("%s", (name) => {
        const bytes = readConformance(`rtneural/${name}.json`);
        const { model } = load(bytes, { backend });
        const input = samples(`${name}_x`);
        const expected = samples(`${name}_y`);
        expect(expected.length).toBeGreaterThanOrEqual(100);
        const { output } = model.forward({
          shape: [input.length, 1],
          data: input,
        });
        const tolerance = tolerances.conformance;
        expectClose(output.data, expected, tolerance, "whole");
        expectClose(model.stream().run(input), expected, tolerance, "stream");
      });
    });

    test("bad_lstm.json, whose shape and weights disagree, is refused", () => {
      expectRefused(
        load,
        readConformance("rtneural/bad_lstm.json"),
        "layers[0].weights[0][0]: expected a list of length 64, got an array of length 80",
      );
    });
  },
);
