import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/tflite/index.js";
import { write } from "./support/write.mjs";

/** x through these operators, one behind another. */
const chainOf = (...operators: string[]) => ({
  tensors: Array.from({ length: operators.length + 1 }, (_, i) => ({
    name: `t${i}`,
    shape: [1, 2],
  })),
  inputs: ["t0"],
  outputs: [`t${operators.length}`],
  operators: operators.map((op, i) => ({
    op,
    inputs: [`t${i}`],
    outputs: [`t${i + 1}`],
  })),
});

const refusalOf = (...subgraphs: object[]): string => {
  try {
    load(write({ subgraphs: subgraphs as never }));
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return (error as FormatError).message;
  }
  return expect.fail("not refused");
};

describe("operators that are not known are refused together, with the way out", () => {
  const keras =
    "or read the model's Keras file (.keras, .h5) or ONNX file instead";

  test.each<[string, string[], string]>([
    [
      "one",
      ["TANH", "Mine"],
      `not supported: Mine; convert the model without this operator; ${keras}`,
    ],
    [
      "several, each once",
      ["Mine", "TANH", "Yours", "Mine"],
      `not supported: Mine (2), Yours; convert the model without these operators; ${keras}`,
    ],
    [
      "of TensorFlow",
      ["FlexErf"],
      `not supported: FlexErf; only TensorFlow can run operators named Flex…: convert the model without SELECT_TF_OPS; ${keras}`,
    ],
    [
      "lists of a recurrent layer",
      ["FlexTensorListReserve", "FlexErf"],
      `not supported: FlexTensorListReserve, FlexErf; only TensorFlow can run these: convert the Keras model again with a batch of 1 (an Input with batch_size=1, or unroll=True in its recurrent layers), which writes the recurrence as one operator or as steps; ${keras}`,
    ],
  ])("%s", (_, operators, message) => {
    expect(refusalOf(chainOf(...operators))).toContain(message);
  });

  test("in branches and loops too, and no others'", () => {
    const branch = {
      tensors: [
        { name: "c", shape: [], type: "BOOL" },
        { name: "x", shape: [1, 2] },
        { name: "y", shape: [1, 2] },
      ],
      inputs: ["c", "x"],
      outputs: ["y"],
      operators: [
        {
          op: "IF",
          inputs: ["c", "x"],
          outputs: ["y"],
          options: { then_subgraph_index: 1, else_subgraph_index: 2 },
        },
      ],
    };
    const message = refusalOf(
      branch,
      chainOf("TANH"),
      chainOf("Mine"),
      chainOf("Unused"),
    );
    expect(message).toContain("not supported: Mine; ");
  });
});
