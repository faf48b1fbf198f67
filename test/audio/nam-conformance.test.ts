import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/nam/index.js";
import { expectClose } from "../support/compare.js";
import { backends } from "../support/layers.js";
import { tolerances } from "../support/tolerances.js";
import { hasConformance, readConformance } from "./files.js";

// An amplifier of Neural Amp Modeler's own tests, and what it gives for 8192 samples, computed in float64.
describe.skipIf(!hasConformance)(
  "lstm.nam of NeuralAmpModelerCore (skipped where ../shared is absent)",
  () => {
    const buffer = (name: string) => {
      const bytes = readConformance(`nam/${name}`);
      return bytes.buffer.slice(
        bytes.byteOffset,
        bytes.byteOffset + bytes.length,
      );
    };

    test.each(backends)("on %s, whole and as a stream", (backend) => {
      const input = new Float32Array(buffer("input_8192.f32"));
      const expected = new Float64Array(buffer("lstm_out_8192_f64.f64"));
      const bytes = readConformance("nam/lstm.nam");
      const { model, sampleRate } = load(bytes, { backend });
      expect(sampleRate).toBe(48_000);
      expect([input.length, expected.length]).toEqual([8192, 8192]);
      const whole = model.forward({ shape: [8192, 1], data: input }).output;
      expectClose(whole.data, expected, tolerances.nam, "whole");
      const stream = model.stream();
      expectClose(stream.run(input), expected, tolerances.nam, "stream");
      stream.reset();
      expectClose(stream.run(input), expected, tolerances.nam, "again");
    });
  },
);
