import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { load as loadKeras } from "../../src/formats/keras/index.js";
import { load as loadAny } from "../../src/formats/load/index.js";
import { load as loadNam } from "../../src/formats/nam/index.js";
import { load as loadRtneural } from "../../src/formats/rtneural/index.js";
import { load as loadTfjs } from "../../src/formats/tfjs/index.js";
import {
  bytesOf,
  guitarMlFile,
  namFile,
  rtneuralFile,
  rtneuralLayer,
} from "../audio/files.js";
import { configOf, readFixture } from "../keras/files.js";
import { filesOf } from "../tfjs/files.js";

/** Nested so deep that whatever turns arrays into text or numbers runs out of stack. */
const DEEP = "[".repeat(9000) + "]".repeat(9000);
const MARK = "deep-array";

/** The paths to every value in a JSON value; of a list of numbers the first alone, since all are read in one way. */
function paths(value: unknown, path: (string | number)[] = []) {
  const found: (string | number)[][] = path.length ? [path] : [];
  if (typeof value !== "object" || value === null) return found;
  const entries = Array.isArray(value)
    ? typeof value[0] === "object"
      ? [...value.entries()]
      : [...value.entries()].slice(0, 1)
    : Object.entries(value);
  for (const [key, inner] of entries)
    found.push(...paths(inner, [...path, key]));
  return found;
}

/** The JSON of a file with a deep array in the place of one value. */
function deepAt(file: object, path: readonly (string | number)[]): string {
  const copy = structuredClone(file) as Record<string | number, unknown>;
  let place = copy;
  for (const key of path.slice(0, -1))
    place = place[key] as Record<string | number, unknown>;
  place[path.at(-1)!] = MARK;
  return JSON.stringify(copy).replace(`"${MARK}"`, DEEP);
}

const encode = (text: string) => new TextEncoder().encode(text);
const aida = {
  ...rtneuralFile(1),
  in_skip: 1,
  in_gain: 0,
  metadata: { samplerate: "48000" },
  input_batch: [[1], [2]],
  output_batch: [[1], [2]],
};
const gru = {
  in_shape: [null, null, 1],
  layers: [
    rtneuralLayer("gru", 1, 2),
    { type: "activation", activation: "tanh", shape: [null, null, 2] },
  ],
};
const tfjs = filesOf("lstm");
const modelJson = JSON.parse(new TextDecoder().decode(tfjs["model.json"]));
const config = JSON.parse(configOf("keras2-only.json"));
const weights = readFixture("keras2-only.h5");

describe("JSON nested 9000 deep in any one place is read or refused as a file", () => {
  test.each<[string, object, (json: string) => unknown]>([
    ["rtneural, LSTM", rtneuralFile(), (json) => loadRtneural(encode(json))],
    ["rtneural, GRU", gru, (json) => loadRtneural(encode(json))],
    ["AIDA-X", aida, (json) => loadNam(encode(json))],
    ["nam", namFile({ hidden: 2 }), (json) => loadNam(encode(json))],
    ["GuitarML", guitarMlFile("GRU"), (json) => loadNam(encode(json))],
    ["load", rtneuralFile(), (json) => loadAny(encode(json))],
    [
      "tfjs",
      modelJson,
      (json) => loadTfjs({ ...tfjs, "model.json": encode(json) }),
    ],
    ["a Keras config", config, (json) => loadKeras(weights, { config: json })],
  ])("%s", (_, file, load) => {
    const all = paths(file);
    expect(all.length).toBeGreaterThan(8);
    let refused = 0;
    for (const path of all)
      try {
        load(deepAt(file, path));
      } catch (error) {
        if (!(error instanceof FormatError))
          throw new Error(path.join("."), { cause: error });
        refused++;
      }
    expect(refused).toBeGreaterThan(5);
  });
});

describe("what is no JSON", () => {
  const zip = Uint8Array.of(0x50, 0x4b, 3, 4, 0xff, 0xfe, 0, 1, 2);
  test.each([
    ["nam", loadNam],
    ["rtneural", loadRtneural],
  ])("%s: a binary file is called one", (_, load) => {
    expect(() => load(zip)).toThrow(
      new FormatError(
        "expected JSON in UTF-8, got a binary file that starts with 50 4b 03 04 ff fe 00 01",
        "file",
      ),
    );
  });

  test("a list where a number should stand is called one", () => {
    const file = rtneuralFile();
    (file.layers[1]!.weights[1] as unknown[])[0] = [1];
    expect(() => loadRtneural(bytesOf(file))).toThrow(
      "layers[1].weights[1][0]: expected a number, got an array of length 1",
    );
  });

  test("a convolution's weight in a state dict is refused as what it is", () => {
    const conv = (length: number) =>
      bytesOf({
        "conv.weight": [[[1, 2, 3], Array(length).fill(4)]],
        "conv.bias": [0],
        "fc.weight": [[1]],
      });
    expect(() => loadRtneural(conv(3))).toThrow(FormatError);
    expect(() => loadRtneural(conv(3))).toThrow(
      /conv: a Conv1d 2 → 1 of 3 steps/,
    );
    expect(() => loadRtneural(conv(2))).toThrow(
      '"conv.weight"[0][1]: expected a list of length 3, got an array of length 2',
    );
  });
});
