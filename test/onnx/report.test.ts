import { describe, expect, test } from "vitest";
import { load } from "../../src/formats/onnx/index.js";
import { modelBytes } from "./support/build.js";
import { recurrentInputs, recurrentModel } from "./support/small.js";

describe("the report", () => {
  test("names the producer, the version, the layers and what was left out", () => {
    const { report } = load(
      recurrentModel(
        "LSTM",
        { clip: { float: 9999 }, nonsense: 1 },
        {
          producer: "pytorch",
          version: "2.6.0",
        },
      ),
    );
    expect(report).toEqual({
      format: "onnx",
      producer: "pytorch 2.6.0",
      assumptions: [],
      version: "IR 8, opset 17",
      layers: [
        {
          name: "cell",
          type: "LSTM",
          sizes: { inputSize: 2, hiddenSize: 3, directions: 1 },
          convention: "forward, time-first, gates i o f c, both biases",
        },
      ],
      converted: [],
      ignored: [
        expect.stringContaining("clip 9999"),
        'node "cell" (LSTM): attribute nonsense',
      ],
      warnings: [],
    });
    expect(`${report}`).toMatch(/^onnx by pytorch 2.6.0, version IR 8/);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  test("tells of floats that are not float32", () => {
    const { report } = load(
      modelBytes({
        nodes: [
          {
            type: "Cast",
            inputs: ["h"],
            outputs: ["x"],
            attributes: { to: 11 },
          },
        ],
        outputs: [{ name: "x" }],
        initializers: [
          { name: "h", dtype: "float16", shape: [1], data: [0x3c00] },
        ],
      }),
    );
    expect(report.converted).toEqual([
      "1 tensor of float16, read as float32",
      expect.stringContaining("casts to float64"),
    ]);
  });
});

describe("a GRU of PyTorch without linear_before_reset", () => {
  const bytes = (attributes = {}, producer = "pytorch") =>
    recurrentModel("GRU", attributes, { producer });
  const inputs = recurrentInputs();

  test("is read as the standard says, with a warning", () => {
    const { model, report } = load(bytes());
    expect(report.warnings).toEqual([
      expect.stringMatching(/node "cell" \(GRU\).*forceLinearBeforeReset/),
    ]);
    const plain = load(bytes({ linear_before_reset: 0 }));
    expect(plain.report.warnings).toEqual([]);
    expect(model.run(inputs)).toEqual(plain.model.run(inputs));
    expect(load(bytes({}, "keras")).report.warnings).toEqual([]);
  });

  test("is read as PyTorch computes it, where asked", () => {
    const { model, report } = load(bytes(), { forceLinearBeforeReset: true });
    expect(report.warnings).toEqual([]);
    expect(report.converted.length).toBe(1);
    const right = load(bytes({ linear_before_reset: 1 })).model;
    expect(model.run(inputs)).toEqual(right.run(inputs));
    // what says 0 means it
    const plain = load(bytes({ linear_before_reset: 0 }));
    const forced = load(bytes({ linear_before_reset: 0 }), {
      forceLinearBeforeReset: true,
    });
    expect(forced.model.run(inputs)).toEqual(plain.model.run(inputs));
  });
});
