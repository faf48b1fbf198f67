import { describe, expect, test } from "vitest";
import { FormatError, load, parse } from "../../src/formats/keras/index.js";
import type { Sequential } from "../../src/index.js";
import { readFixture } from "./files.js";

describe("parse gives the weights by their paths", () => {
  test("of an .h5 file, with its texts", () => {
    const { tensors, metadata, ignored } = parse(readFixture("keras2-lstm.h5"));
    const kernel = tensors["model_weights/dense_4/dense_4/kernel:0"]!;
    expect(kernel.shape).toEqual([4, 2]);
    const { model } = load(readFixture("keras2-lstm.h5"));
    const weight = (model as Sequential).stateDict()["2.weight"]!;
    expect(weight.shape).toEqual([2, 4]);
    expect(kernel.data[1]).toBe(weight.data[4]);
    expect(Object.keys(tensors)).toHaveLength(8);
    expect(metadata["keras_version"]).toBe("2.10.0");
    expect(JSON.parse(metadata["model_config"]!).class_name).toBe("Sequential");
    expect(ignored).toEqual([]);
  });

  test("of a .keras file, and of weights alone", () => {
    const names = Object.keys(parse(readFixture("keras3-gru.keras")).tensors);
    expect(names).toContain("layers/gru/cell/vars/0");
    const { tensors } = parse(readFixture("keras3-only.weights.h5"));
    expect(tensors["layers/dense/vars/0"]?.shape).toEqual([4, 2]);
  });

  test("within what the options say", () => {
    const file = readFixture("keras3-gru.keras");
    expect(() => parse(file, { maxBytes: 100 })).toThrow(FormatError);
    expect(() => parse(file, { config: "" } as never)).toThrow(RangeError);
    expect(() => parse(new Uint8Array(9))).toThrow(
      "byte 0: expected a .keras file (zip) or an .h5 file (HDF5)",
    );
  });
});
