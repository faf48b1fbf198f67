/** Every JavaScript block of the README is a program that runs, and prints what its `// →` comments say. */
import { readFileSync } from "node:fs";
import * as fs from "node:fs";
import { format } from "node:util";
import { describe, expect, test } from "vitest";
import * as gatewise from "../src/index.js";
import * as safetensors from "../src/formats/safetensors/index.js";

const MODULES: Readonly<Record<string, object>> = {
  gatewise,
  "gatewise/safetensors": safetensors,
  "node:fs": fs,
};

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = [...readme.matchAll(/^```js\n([^]*?)^```$/gm)].map(
  ([, code = ""], index) => {
    const line = readme.slice(0, readme.indexOf(code)).split("\n").length;
    return { code, name: `block ${index + 1}, line ${line}` };
  },
);

/** Runs the block as a module whose imports are ours; what it printed, line by line. */
async function run(code: string): Promise<string[]> {
  const body = code.replace(
    /^import (\{[^}]*\}) from "([^"]*)";$/gm,
    (_, names: string, from: string) => `const ${names} = modules["${from}"];`,
  );
  expect(body, "imports of another form").not.toMatch(/^import/m);
  for (const [, from = ""] of body.matchAll(/= modules\["(.*)"\]/g))
    expect(MODULES).toHaveProperty([from]);
  const printed: string[] = [];
  const log = (...values: unknown[]) => void printed.push(format(...values));
  const run = new Function(
    "modules",
    "console",
    `"use strict"; return (async () => {\n${body}\n})();`,
  ) as (modules: object, console: object) => Promise<void>;
  await run(MODULES, { log });
  return printed;
}

describe("README.md", () => {
  test("has blocks", () => expect(blocks.length).toBeGreaterThan(5));

  test.each(blocks)("$name", async ({ code }) => {
    const promised = [...code.matchAll(/\/\/ → (.*)$/gm)].map(
      ([, text]) => text,
    );
    expect(await run(code)).toEqual(promised);
  });

  test.each(["npm ci && npm start", "npm ci && npm test"])(
    "has the line `%s`",
    (command) => expect(readme.split("\n")).toContain(command),
  );
});
