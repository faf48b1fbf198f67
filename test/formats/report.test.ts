import { describe, expect, test } from "vitest";
import { makeReport, reportText } from "../../src/formats/report.js";

const fields = {
  format: "onnx",
  producer: "pytorch 2.1",
  version: "17",
  layers: [
    {
      name: "encoder",
      type: "LSTM",
      sizes: { inputSize: 3, hiddenSize: 4 },
      convention: "ONNX: gates i o f c",
    },
    {
      name: "",
      type: "Gemm",
      sizes: {},
      convention: "transB 1",
    },
  ],
  converted: ["float16 to float32: 2 (W, R)"],
  ignored: ["Dropout_3: Dropout"],
  assumptions: ["Dense: linear"],
  warnings: ["GRU_7: linear_before_reset missing"],
};

describe("a report", () => {
  test("is plain data, complete as JSON", () => {
    const report = makeReport(fields);
    expect(report).toEqual(fields);
    expect(JSON.parse(JSON.stringify(report))).toEqual(fields);
    expect(structuredClone(report)).toEqual(fields);
  });

  test("is text for people", () => {
    expect(`${makeReport(fields)}`).toBe(
      [
        "onnx by pytorch 2.1, version 17",
        "  encoder: LSTM, inputSize 3, hiddenSize 4; ONNX: gates i o f c",
        "  (unnamed): Gemm; transB 1",
        "converted:",
        "  float16 to float32: 2 (W, R)",
        "ignored:",
        "  Dropout_3: Dropout",
        "assumptions:",
        "  Dense: linear",
        "warnings:",
        "  GRU_7: linear_before_reset missing",
      ].join("\n"),
    );
  });

  test("says nothing of what the file does not", () => {
    const bare = { producer: null, version: null, layers: [], ignored: [] };
    const none = { converted: [], assumptions: [], warnings: [] };
    const report = { ...fields, ...bare, ...none };
    expect(reportText(report)).toBe("onnx");
  });

  test("keeps names from the file on their lines", () => {
    const ignored = ["a\nwarnings:\u001b[2J\u202eb"];
    const text = reportText({ ...fields, ignored });
    expect(text.split("\n")).toHaveLength(11);
    expect(text).toContain("  a\\u{a}warnings:\\u{1b}[2J\\u{202e}b");
  });
});
