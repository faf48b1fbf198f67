import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { relaxed } from "../../src/kernel/binaries/relaxed.js";
import { simd } from "../../src/kernel/binaries/simd.js";
import { decodeText } from "../../src/kernel/text.js";

test.each([
  ["simd", simd],
  ["relaxed", relaxed],
])("%s as text is the file to the byte", (name, text) => {
  const url = new URL(`../../build/${name}.wasm`, import.meta.url);
  expect(Buffer.compare(decodeText(text), readFileSync(url))).toBe(0);
  // every character stands in a literal as it is, whatever a bundler quotes it with
  expect(text).not.toMatch(/["'`\\$]|[^\x20-\x7e]/);
});
