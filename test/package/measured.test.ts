import { readFileSync } from "node:fs";
import { format } from "prettier";
import { describe, expect, test } from "vitest";
import { tables as accuracyTables } from "../../bench/accuracy/tables.mjs";
import { tables as audioTables } from "../../bench/audio/tables.mjs";
import { replaced } from "../../bench/lib/markdown.mjs";
import { tables as readTables } from "../../bench/read/tables.mjs";

/*
 * Tables of docs/ that a bench writes, with `-- --write`: they tell what bench/results has, figure by figure.
 */
const read = (file: string) =>
  readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");

describe.each([
  ["accuracy", "docs/precision.md", accuracyTables],
  ["audio", "docs/audio.md", audioTables],
  ["read", "docs/tesseract.md", readTables],
] as const)("npm run bench:%s", (name, page, tables) => {
  test(`${page} has its tables`, async () => {
    const results = JSON.parse(read(`bench/results/${name}.json`));
    const text = await format(tables(results), { parser: "markdown" });
    const before = read(page);
    const command = `npm run bench:${name} -- --write`;
    expect(replaced(before, command, text)).toBe(before);
    expect(text).toMatch(/^Measured \d{4}-\d\d-\d\d on .+ cores/);
  });
});
