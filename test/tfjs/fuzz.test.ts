import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/formats/tfjs/index.js";
import {
  damaged,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";
import { damagedJson } from "../support/json.js";
import { type Files, filesOf } from "./files.js";

/** Reads the files or refuses them with a FormatError that names the place; soon. */
function readsOrRefuses(files: Files): "read" | "refused" {
  let result: "read" | "refused" = "read";
  const time = processorTime(() => {
    try {
      load(files, { maxBytes: 1e6 });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(
        /^(model\.json.*|weight .*|a?\s?layer.*|layers|".*"|.*\/.*): ./s,
      );
      expect(error.message.length).toBeLessThan(1500);
      result = "refused";
    }
  });
  expect(time).toBeLessThan(2000);
  return result;
}

function tally(files: fc.Arbitrary<Files>, numRuns: number) {
  const count = { read: 0, refused: 0 };
  fc.assert(
    fc.property(files, (given) => void count[readsOrRefuses(given)]++),
    runs(numRuns),
  );
  return count;
}

expectPrototypesUnchanged();

describe("damaged files are read or refused", () => {
  const names = ["lstm", "functional", "several-cells"];

  test.each(names)("values of the model.json of %s", (name) => {
    const files = filesOf(name);
    const text = new TextDecoder().decode(files["model.json"]);
    const count = tally(
      damagedJson(text).map((json) => ({
        ...files,
        "model.json": new TextEncoder().encode(json),
      })),
      500,
    );
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(100);
  });

  test("bytes of a model.json", () => {
    const files = filesOf("lstm");
    const count = tally(
      damaged([files["model.json"]!]).map((json) => ({
        ...files,
        "model.json": json,
      })),
      500,
    );
    expect(count.refused).toBeGreaterThan(250);
  });

  test("bytes of the weights", () => {
    const files = filesOf("functional");
    const path = "group1-shard2of3.bin";
    const count = tally(
      damaged([files[path]!]).map((bytes) => ({ ...files, [path]: bytes })),
      500,
    );
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(50);
  });
});
