import fc from "fast-check";
import { unzipSync, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { FormatError, load, parse } from "../../src/formats/keras/index.js";
import {
  damaged,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";
import { damagedJson } from "../support/json.js";
import { configOf, readFixture } from "./files.js";

/** Reads the file or refuses it with a FormatError that names the place; soon. */
function readsOrRefuses(
  bytes: Uint8Array,
  options: { config?: string } = {},
  reads: "load" | "parse" = "load",
): "read" | "refused" {
  let result: "read" | "refused" = "read";
  const time = processorTime(() => {
    try {
      const limits = { checksums: false, maxBytes: 1e6 };
      if (reads === "parse") parse(bytes, limits);
      else load(bytes, { ...options, ...limits });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      expect(error.message).toMatch(
        /^(byte \d+|zip|entry ".*"|(model\.weights\.h5)?\/.*|model_config.*|(config|metadata)\.json.*|options\.config.*|a?\s?layer.*|layers|".*"): ./s,
      );
      expect(error.message.length).toBeLessThan(1500);
      result = "refused";
    }
  });
  expect(time).toBeLessThan(2000);
  return result;
}

function tally(files: fc.Arbitrary<Uint8Array>, numRuns: number) {
  const count = { read: 0, refused: 0 };
  fc.assert(
    fc.property(files, (bytes) => void count[readsOrRefuses(bytes)]++),
    runs(numRuns),
  );
  return count;
}

expectPrototypesUnchanged();

describe("damaged files are read or refused", () => {
  test("a .keras file, anywhere", () => {
    const files = ["keras3-lstm.keras", "keras2.12.keras"].map(readFixture);
    const count = tally(damaged(files), 500);
    // the search is of use only while both happen
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(100);
  });

  test("an .h5 file, anywhere", () => {
    const files = ["keras2-cudnn.h5", "keras3-legacy.h5"].map(readFixture);
    const count = tally(damaged(files), 500);
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(100);
  });

  test("by parse: an .h5 file, anywhere", () => {
    const count = { read: 0, refused: 0 };
    const files = damaged(
      ["keras2-cudnn.h5", "keras3-only.weights.h5"].map(readFixture),
    );
    fc.assert(
      fc.property(
        files,
        (bytes) => void count[readsOrRefuses(bytes, {}, "parse")]++,
      ),
      runs(300),
    );
    expect(count.read).toBeGreaterThan(30);
    expect(count.refused).toBeGreaterThan(30);
  });

  test("the HDF5 file in a .keras file", () => {
    const entries = unzipSync(readFixture("keras3-lstm.keras"));
    const files = damaged([entries["model.weights.h5"]!]).map((weights) =>
      zipSync({ ...entries, "model.weights.h5": weights }, { level: 0 }),
    );
    const count = tally(files, 400);
    expect(count.read).toBeGreaterThan(50);
    expect(count.refused).toBeGreaterThan(100);
  });

  test.each([
    ["a Sequential", "keras3-lstm.keras", 400],
    ["a functional model with masks", "keras3-functional-mask.keras", 400],
    [
      "a model with attention and states",
      "../models/k3_seq2seq_attention.keras",
      120,
    ],
    [
      "a model whose mask reaches an average",
      "../models/k3_masked_average.keras",
      120,
    ],
  ])("the config of %s", (_, name, times) => {
    const entries = unzipSync(readFixture(name));
    const config = new TextDecoder().decode(entries["config.json"]);
    const files = damagedJson(config).map((text) => {
      const json = new TextEncoder().encode(text);
      return zipSync({ ...entries, "config.json": json }, { level: 0 });
    });
    const count = tally(files, times);
    expect(count.read).toBeGreaterThan(times / 20);
    expect(count.refused).toBeGreaterThan(times / 8);
  });

  test("a config given for weights alone", () => {
    const weights = readFixture("keras2-only.h5");
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(damagedJson(configOf("keras2-only.json")), (config) => {
        count[readsOrRefuses(weights, { config })]++;
      }),
      runs(500),
    );
    expect(count.read).toBeGreaterThan(20);
    expect(count.refused).toBeGreaterThan(50);
  });

  test("any bytes behind the right beginning", () => {
    const starts = [
      [],
      [0x50, 0x4b, 3, 4],
      [...readFixture("keras2-cudnn.h5").subarray(0, 96)],
      [...readFixture("keras2-cudnn.h5").subarray(0, 512)],
    ];
    const files = fc
      .tuple(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }))
      .map(([start, bytes]) => Uint8Array.from([...start, ...bytes]));
    expect(tally(files, 1000).read).toBe(0);
  });
});
