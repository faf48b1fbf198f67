import { describe, expect, test } from "vitest";
import { load, toOnnx } from "../../src/formats/onnx/index.js";
import * as gatewise from "../../src/index.js";
import { quantize } from "../../src/quantize/index.js";
import {
  exportInput,
  quantizedCases,
  widened,
} from "../onnx/support/export-cases.mjs";
import { expectClose } from "../support/compare.js";

/** As in test/onnx/export.test.ts: sums in another order. */
const TOLERANCE = 2e-6;

const cases = Object.entries(quantizedCases(gatewise, quantize));

describe.each(cases)("%s", (_, make) => {
  const model = make();
  const bytes = toOnnx(model);

  test("a file whose float32 numbers are the integers times their scales", () => {
    const { model: read, report } = load(bytes);
    expect(report.warnings).toEqual([]);
    const input = exportInput(model, 2, 7);
    const { output } = read.forward(input);
    const expected = widened(gatewise, model).forward(input).output;
    expect(output.shape).toEqual(expected.shape);
    expectClose(output.data, expected.data, TOLERANCE);
  });
});

test("the file is 3.8 times smaller", () => {
  const { GRU, Linear, LSTM, Sequential } = gatewise;
  const model = new Sequential([
    new LSTM({ inputSize: 128, hiddenSize: 256, direction: "bidirectional" }),
    new GRU({ inputSize: 512, hiddenSize: 128 }),
    new Linear({ inputSize: 128, outputSize: 64 }),
  ]);
  const ratio = toOnnx(model).length / toOnnx(quantize(model).model).length;
  expect(ratio).toBeGreaterThan(3.8);
});
