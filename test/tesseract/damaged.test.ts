import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FormatError, load } from "../../src/tesseract/index.js";
import {
  damaged,
  expectPrototypesUnchanged,
  processorTime,
  runs,
} from "../support/fuzz.js";
import { file, small } from "./small-files.js";
import { type Form, NETWORKS, traineddata } from "./writer.js";

describe("damaged files", () => {
  expectPrototypesUnchanged();
  const forms: Form[] = ["int8", "float64", "old int8", "old float32"];
  const files = [
    ...forms.map((form) => traineddata({ ...file, options: { form } })),
    ...Object.values(NETWORKS).map((each) =>
      traineddata({ ...file, layers: each, apart: false }),
    ),
    traineddata({ ...small, recoded: false, options: { numbered: true } }),
  ];

  /** Read, or refused with a FormatError that names a place, soon. */
  function readsOrRefuses(bytes: Uint8Array): "read" | "refused" {
    let result: "read" | "refused" = "read";
    const time = processorTime(() => {
      try {
        load(bytes).recognizer.dispose();
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        expect(error.message).toMatch(/^.+: ./s);
        result = "refused";
      }
    });
    expect(time).toBeLessThan(5000);
    return result;
  }

  test("are read or refused", () => {
    const count = { read: 0, refused: 0 };
    fc.assert(
      fc.property(damaged(files), (bytes) => {
        count[readsOrRefuses(bytes)]++;
      }),
      runs(500),
    );
    expect(count.refused).toBeGreaterThan(100);
  });

  test("cut off anywhere are refused", () => {
    const [bytes] = [traineddata(small)];
    for (let length = 0; length < bytes.length - 15; length += 5)
      expect(readsOrRefuses(bytes.slice(0, length)), `${length}`).toBe(
        "refused",
      );
  });
});
