import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError } from "../../src/errors.js";
import { load, parse } from "../../src/formats/load/index.js";
import {
  bytesOf,
  guitarMlFile,
  namFile,
  rtneuralFile,
} from "../audio/files.js";
import {
  damaged,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";

const ENDINGS = /\.(pt|safetensors|onnx|tflite|keras|h5|nam|json|np[yz])$/;
const LARGEST = 20_000;

/** The fixtures of all readers, by the folder of the reader. */
const folder = new URL("../", import.meta.url);
const fixtures = new Map<string, Uint8Array[]>();
for (const path of readdirSync(folder, { recursive: true }) as string[]) {
  if (!/^[\w-]+\/fixtures\//.test(path) || !ENDINGS.test(path)) continue;
  const bytes = new Uint8Array(readFileSync(new URL(path, folder)));
  if (bytes.length > LARGEST) continue;
  const [reader = ""] = path.split("/");
  const own = fixtures.get(reader) ?? [];
  fixtures.set(reader, [...own, bytes]);
}

fixtures.set("audio", [
  bytesOf(namFile()),
  bytesOf(guitarMlFile("GRU")),
  bytesOf(rtneuralFile()),
]);

/**
 * By `parse`, then by `load`, which counts; soon. Whatever else is thrown than a FormatError with a place is a fault of
 * the reader.
 */
function readsOrRefuses(bytes: Uint8Array): "read" | "refused" {
  let result: "read" | "refused" = "read";
  const time = processorTime(() => {
    for (const read of [parse, load])
      try {
        read(bytes);
        result = "read";
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        expect(error.message).toMatch(/^.+: ./s);
        result = "refused";
      }
  });
  expect(time).toBeLessThan(5000);
  return result;
}

expectPrototypesUnchanged();

describe.each([...fixtures])("damaged files of test/%s", (reader, files) => {
  test("are read or refused", () => {
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(damaged(files), (bytes) => {
        count[readsOrRefuses(bytes)]++;
      }),
      runs(500),
    );
    expect(count.refused).toBeGreaterThan(50);
    if (process.env["FUZZ"]) console.log(reader, count);
  });
});

test("any bytes behind any beginning are read or refused", () => {
  const beginnings = [...fixtures.values()].flatMap((files) =>
    files.slice(0, 3).map((file) => file.slice(0, 12)),
  );
  const bytes = fc
    .tuple(
      fc.constantFrom(new Uint8Array(), ...beginnings),
      fc.integer({ min: 0, max: 12 }),
      fc.uint8Array({ maxLength: 200 }),
    )
    .map(([start, length, rest]) =>
      Uint8Array.from([...start.subarray(0, length), ...rest]),
    );
  fc.assert(
    fc.property(bytes, (file) => void readsOrRefuses(file)),
    runs(3000),
  );
});
