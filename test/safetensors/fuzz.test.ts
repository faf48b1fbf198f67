import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectPrototypesUnchanged } from "../support/fuzz.js";
import { file, readsOrRefuses, small } from "./files.js";

expectPrototypesUnchanged();

describe("a damaged file", () => {
  test("may end at any byte", () => {
    for (let end = 0; end < small.length; end++)
      expect(readsOrRefuses(small.slice(0, end))).toBe("refused");
  });

  test("may have any bit flipped", () => {
    const outcomes = { read: 0, refused: 0 };
    for (let bit = 0; bit < small.length * 8; bit++) {
      const bytes = small.slice();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      outcomes[readsOrRefuses(bytes)]++;
    }
    expect(outcomes.read).toBeGreaterThan(32 * 8); // every bit of the numbers
    expect(outcomes.refused).toBeGreaterThan(64 + 300);
  });

  test("may have any bytes replaced", () => {
    const changes = fc.array(
      fc.tuple(fc.nat({ max: small.length - 1 }), fc.nat({ max: 255 })),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(changes, (list) => {
        const bytes = small.slice();
        for (const [index, value] of list) bytes[index] = value;
        readsOrRefuses(bytes);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  test("may have any header", () => {
    const odd = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(-1, 0.5, 2 ** 53, 1e300, "__proto__"),
    );
    const small = fc.nat({ max: 3 });
    const entries = fc.record(
      {
        dtype: fc.oneof({ weight: 9, arbitrary: fc.constant("F32") }, odd),
        shape: fc.oneof(
          { weight: 9, arbitrary: fc.array(small, { maxLength: 3 }) },
          odd,
        ),
        data_offsets: fc.oneof(
          {
            weight: 9,
            arbitrary: fc.tuple(small, small).map(([a, b]) => [4 * a, 4 * b]),
          },
          odd,
        ),
      },
      { noNullPrototype: true },
    );
    const names = fc.constantFrom(
      "a",
      "b",
      "__proto__",
      "__metadata__",
      "constructor",
    );
    const headers = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .array(
            fc.tuple(names, fc.oneof({ weight: 9, arbitrary: entries }, odd)),
            { maxLength: 3 },
          )
          .map(Object.fromEntries)
          .map((h) => JSON.stringify(h)),
      },
      fc.json(),
      fc.string().map((text) => `{${text}`),
    );
    const outcomes = { read: 0, refused: 0 };
    fc.assert(
      fc.property(headers, fc.nat({ max: 3 }), (header, words) => {
        outcomes[
          readsOrRefuses(file(header, new Uint8Array(4 * words).fill(1)))
        ]++;
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(outcomes.read).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(1000);
  });
});
