import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { NoiseSuppression } from "../../src/audio/index.js";
import { type Graph, load } from "../../src/formats/load/index.js";
import { Random } from "../support/random.js";

const folder = new URL("../../../shared/conformance/models/", import.meta.url);
const open = (path: string) => readFileSync(new URL(path, folder));
const noise = new Random(1).floats(8000).map((x) => 0.1 * x);

const clean = (...paths: string[]): Float32Array =>
  new NoiseSuppression({
    model: paths.map((path) => load(open(path)).model) as Graph[],
  }).clean(noise);

describe.skipIf(!existsSync(folder))("DTLN's two files", () => {
  test("suppress noise as its ONNX files do, the second quantised", () => {
    const lite = clean(
      "tflite/dtln_model_1.tflite",
      "tflite/dtln_model_quant_2.tflite",
    );
    const onnx = clean("onnx/dtln_model_1.onnx", "onnx/dtln_model_2.onnx");
    expect(lite.length).toBe(onnx.length);
    const energy = (list: Float32Array) =>
      list.reduce((sum, x) => sum + x * x, 0);
    const difference = energy(lite.map((x, i) => x - (onnx[i] as number)));
    // int8 weights differ by a per cent of a per cent of the energy that came in
    expect(difference / energy(noise)).toBeLessThan(2e-3);
    expect(energy(onnx) / energy(noise)).toBeGreaterThan(
      difference / energy(noise),
    );
  });

  test("as bytes they are named, with the way", () => {
    const model = [open("tflite/dtln_model_1.tflite")];
    expect(() => new NoiseSuppression({ model })).toThrow("gatewise/tflite");
  });
});
