import { describe, expect, test } from "vitest";
import type { Sequential } from "../../src/index.js";
import { FormatError, load } from "../../src/formats/tfjs/index.js";
import { type BuiltLayer, filled, jsonOf, layersModel } from "./build.js";

const layer: BuiltLayer = {
  class_name: "Dense",
  config: { units: 2, activation: "linear", use_bias: false },
};
const spec = { name: "layer0/kernel", shape: [3, 2], dtype: "float32" };

/** A Dense of 3 inputs and 2 units, whose kernel is `bytes` as `weight` describes it. */
const model = (
  bytes: ArrayBufferView,
  weight: object = spec,
  more: object[] = [],
) => ({
  ...layersModel([layer], {
    manifest: [{ paths: ["w.bin"], weights: [weight, ...more] }],
  }),
  "w.bin": new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
});

/** The kernel that was read, row after row of its inputs. */
function kernelOf(files: ReturnType<typeof model>): number[] {
  const { data } = (load(files).model as Sequential).stateDict()["0.weight"]!;
  return [0, 3, 1, 4, 2, 5].map((i) => data[i]!);
}

describe("weights", () => {
  const values = [1, -2, 3, 0.5, 0, 7];
  test("of float32 are as they are", () => {
    expect(kernelOf(model(Float32Array.from(values)))).toEqual(values);
  });

  test.each([
    ["uint8", Uint8Array.of(0, 1, 2, 100, 254, 255)],
    ["uint16", Uint16Array.of(0, 1, 2, 1000, 65534, 65535)],
  ])("of %s are scaled", (dtype, integers) => {
    const quantization = { dtype, scale: 0.013, min: -1.7 };
    const weight = { ...spec, quantization };
    const expected = Array.from(integers, (v) => Math.fround(v * 0.013 - 1.7));
    expect(kernelOf(model(integers, weight))).toEqual(expected);
  });

  test.each([
    ["float32", 4],
    ["float16", 2],
    ["uint16", 2],
    ["uint8", 1],
    ["int32", 4],
    ["bool", 1],
    ["complex64", 8],
  ])(
    "of %s that no layer has are passed over, each of %i bytes",
    (dtype, size) => {
      const more = { name: "step", shape: [3], dtype };
      const bytes = new Uint8Array(24 + 3 * size);
      bytes.set(new Uint8Array(Float32Array.from(values).buffer));
      const files = model(bytes, spec, [more]);
      expect(kernelOf(files)).toEqual(values);
    },
  );

  test("of float16 are widened", () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x4200, 0x3800, 0, 0x4700);
    const weight = { ...spec, quantization: { dtype: "float16" } };
    expect(kernelOf(model(halves, weight))).toEqual(values);
    expect(load(model(halves, weight)).report.converted).toEqual([
      "1 weights: quantised to float16, converted to float32",
    ]);
  });

  test("of an optimizer are passed over", () => {
    const state = {
      name: "adam/m",
      shape: [1],
      dtype: "float32",
      group: "optimizer",
    };
    const bytes = Float32Array.from([...values, 9]);
    const { report } = load(model(bytes, spec, [state]));
    expect(report.ignored).toEqual([]);
    expect(kernelOf(model(bytes, spec, [state]))).toEqual(values);
  });

  test("that were quantised without a smallest number begin at 0", () => {
    const quantization = { dtype: "uint8", scale: 0.5 };
    const bytes = Uint8Array.of(0, 1, 2, 3, 4, 5);
    expect(kernelOf(model(bytes, { ...spec, quantization }))).toEqual([
      0, 0.5, 1, 1.5, 2, 2.5,
    ]);
  });

  test("are refused for fewer bytes than are left for the second of them", () => {
    const second = { name: "layer0/bias", shape: [4], dtype: "float32" };
    const bytes = Float32Array.from([...values, 1]);
    expect(() => load(model(bytes, spec, [second]))).toThrow(
      /weights\[1\]\.shape: expected 16 bytes from 24 on, got 4$/,
    );
  });

  test("whose paths are no texts are refused", () => {
    const files: Record<string, Uint8Array> = model(
      Float32Array.from(values),
      spec,
    );
    const json = new TextDecoder().decode(files["model.json"]);
    const changed = json.replace(/"paths":\[[^\]]*\]/, '"paths":[7]');
    expect(() =>
      load({ ...files, "model.json": new TextEncoder().encode(changed) }),
    ).toThrow(/weightsManifest\[0\]\.paths\[0\]: expected a path, got 7$/);
  });

  const bytes = Float32Array.from(values);
  test.each<[string, ArrayBufferView, object, RegExp]>([
    [
      "fewer bytes than listed",
      bytes.subarray(1),
      spec,
      /^model\.json\.weightsManifest\[0\]\.weights\[0\]\.shape: expected 24 bytes from 0 on, got 20$/,
    ],
    [
      "more bytes than listed",
      Float32Array.of(...values, 1),
      spec,
      /^model\.json\.weightsManifest\[0\]\.paths: expected files of 24 bytes, got 28$/,
    ],
    [
      "a size beyond all",
      bytes,
      { ...spec, shape: [2 ** 52, 2 ** 52] },
      /shape: expected .* bytes from 0 on, got 24$/,
    ],
    [
      "a size that is none",
      bytes,
      { ...spec, shape: [3, -2] },
      /shape: expected sizes, got "\[3, -2\]"$/,
    ],
    [
      "texts",
      bytes,
      { ...spec, dtype: "string" },
      /dtype: expected one of float32, .*, got "string"$/,
    ],
    [
      "integers for a kernel",
      bytes,
      { ...spec, dtype: "int32" },
      /dtype: expected float32, or quantised, got "int32"$/,
    ],
    [
      "another quantisation",
      bytes,
      { ...spec, quantization: { dtype: "int4" } },
      /dtype: expected one of float32, .*, got "int4"$/,
    ],
    [
      "another shape",
      bytes,
      { ...spec, shape: [6] },
      /^weight "layer0\/kernel": expected \[any, 2\], \[inputs, units\], got \[6\]$/,
    ],
  ])("are refused for %s", (_, data, weight, message) => {
    let error: unknown;
    try {
      load(model(data, weight));
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(FormatError);
    expect((error as FormatError).message).toMatch(message);
  });
});

describe("what model.json says of itself", () => {
  test.each([
    [{ format: "graph-model", modelTopology: { node: [] } }],
    [{ format: "graph-model" }],
    [{ modelTopology: { node: [], versions: {} } }],
  ])("a graph model is refused by that name: %o", (file) => {
    expect(() =>
      load({ "model.json": jsonOf({ weightsManifest: [], ...file }) }),
    ).toThrow(/^model\.json: expected a layers model, got a graph model, /);
  });

  test("whatever else is missing is named", () => {
    const open = (file: object) => () => load({ "model.json": jsonOf(file) });
    expect(open({})).toThrow(
      "model.json.modelTopology: expected an object, got nothing",
    );
    expect(open({ modelTopology: {} })).toThrow(
      "model.json.weightsManifest: expected a list, got nothing",
    );
    expect(open({ modelTopology: {}, weightsManifest: [] })).toThrow(
      "model.json.modelTopology.class_name: expected a string, got nothing",
    );
    expect(() => load({ "model.json": new Uint8Array([1]) })).toThrow(
      /^model\.json: expected JSON/,
    );
  });

  test("who wrote it, and with it what hard_sigmoid is", () => {
    const hard = {
      ...layer,
      config: { ...layer.config, activation: "hard_sigmoid" },
      weights: { kernel: filled(1, 3, 2) },
    };
    const of = (version: string) => {
      const { report, model: built } = load(layersModel([hard], { version }));
      const { data } = built.forward([[1, 0, 0]]).output;
      return [report.producer, report.layers[0]!.convention, data[0]];
    };
    const converter = "TensorFlow.js Converter v4.22.0";
    expect(of("2.15.0")).toEqual([
      `Keras 2.15.0, ${converter}`,
      "kernel [in, units], no bias, hardSigmoid (alpha 0.2, beta 0.5)",
      Math.fround(0.7),
    ]);
    expect(of("3.5.0")).toEqual([
      `Keras 3.5.0, ${converter}`,
      "kernel [in, units], no bias, hardSigmoid (alpha 0.1667, beta 0.5)",
      Math.fround(1 / 6 + 0.5),
    ]);
    expect(of("tfjs-layers 4.22.0")[0]).toBe(
      `TensorFlow.js tfjs-layers 4.22.0, ${converter}`,
    );
  });
});
