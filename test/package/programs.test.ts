/**
 * Every JavaScript and TypeScript block of the README, and every one of docs/ that promises output, is a program that runs and prints
 * what its `// →` comments say.
 */
import * as fs from "node:fs";
import { format } from "node:util";
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import * as gatewise from "../../src/index.js";
import { blocksOf, pages } from "../support/programs.js";

const root = new URL("../../", import.meta.url);

/** The modules that a block may import: the core, Node's files, and every format and room that has an entry. */
async function find(name: string): Promise<object> {
  if (name === "gatewise") return gatewise;
  if (name === "node:fs") return fs;
  const entry = name.slice("gatewise/".length);
  const folder = entry === "train" ? "training" : entry;
  const has = (path: string) =>
    fs.existsSync(new URL(`src/${path}/index.ts`, root));
  expect(has(folder) || has(`formats/${folder}`), name).toBe(true);
  const { exports } = JSON.parse(text("package.json"));
  expect(exports).toHaveProperty([name.replace("gatewise", ".")]);
  return has(folder)
    ? import(`../../src/${folder}/index.ts`)
    : import(`../../src/formats/${folder}/index.ts`);
}

const text = (file: string) => fs.readFileSync(new URL(file, root), "utf8");

/** Runs the block as a module whose imports are ours; what it printed, line by line. */
async function run(code: string): Promise<string[]> {
  const { code: script } = transformSync(code, {
    loader: "ts",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const body = script.replace(
    /^import (\{[^}]*\}) from "([^"]*)";$/gm,
    (_, names: string, from: string) =>
      `const ${names.replaceAll(" as ", ": ")} = await find("${from}");`,
  );
  expect(body, "imports of another form").not.toMatch(/^import/m);
  const printed: string[] = [];
  const log = (...values: unknown[]) => {
    printed.push(...format(...values).split("\n"));
  };
  const program = new Function(
    "find",
    "console",
    `"use strict"; return (async () => {\n${body}\n})();`,
  ) as (find: unknown, console: object) => Promise<void>;
  await program(find, { log });
  return printed;
}

async function expectPromised(code: string): Promise<void> {
  const promised = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line);
  expect(await run(code)).toEqual(promised);
}

describe("README.md", () => {
  test.each(["npm ci && npm start", "npm ci && npm test"])(
    "has the line `%s`",
    (command) => expect(text("README.md").split("\n")).toContain(command),
  );

  test("is read in one sitting", () =>
    expect(text("README.md").split("\n").length).toBeLessThanOrEqual(151));
});

const programs = pages.map((page) => ({
  page,
  blocks: blocksOf(page, "js", "ts").filter(
    ({ code }) => page === "README.md" || code.includes("// → "),
  ),
}));

describe.each(programs)("$page", ({ page, blocks }) => {
  const needsOne =
    page === "README.md" || /formats\/(?!matrix|onnx-operators)/.test(page);
  test.runIf(needsOne)("has a program", () =>
    expect(blocks.length, page).toBeGreaterThan(0),
  );

  test.each(blocks)("$place", ({ code }) => expectPromised(code));
});
