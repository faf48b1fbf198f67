import { readFileSync } from "node:fs";
import type { Metafile } from "esbuild";
import { expect, test } from "vitest";
import { notices, packagesIn } from "../../tools/notices.mjs";
import { billOfMaterials } from "../../tools/sbom.mjs";

/** A build that holds code of these files. */
const build = (...files: string[]): Metafile => ({
  inputs: {},
  outputs: {
    "dist/x.js": {
      bytes: 1,
      imports: [],
      exports: [],
      inputs: Object.fromEntries(
        files.map((file) => [file, { bytesInOutput: 1 }]),
      ),
    },
  },
});

test("the packages of a build are found once each, nested ones too; what left no byte is none", () => {
  const first = build(
    "src/index.ts",
    "node_modules/commander/index.js",
    "node_modules/commander/lib/help.js",
    "node_modules/@assemblyscript/loader/index.js",
    "node_modules/a/node_modules/b/c.js",
  );
  const empty = build("node_modules/fflate/esm/index.mjs");
  empty.outputs["dist/x.js"]!.inputs[
    "node_modules/fflate/esm/index.mjs"
  ]!.bytesInOutput = 0;
  expect(packagesIn([first, build("node_modules/a/x.js"), empty])).toEqual([
    "node_modules/@assemblyscript/loader",
    "node_modules/a",
    "node_modules/a/node_modules/b",
    "node_modules/commander",
  ]);
});

test("every package has its name, version and the whole text of its licence", async () => {
  const text = await notices([
    build(
      "node_modules/commander/index.js",
      "node_modules/@assemblyscript/loader/index.js",
    ),
  ]);
  const read = (path: string) =>
    readFileSync(
      new URL(`../../node_modules/${path}`, import.meta.url),
      "utf8",
    );
  const { version } = JSON.parse(read("commander/package.json"));
  expect(text).toContain(`commander ${version}, MIT, `);
  expect(text).toContain(read("commander/LICENSE").trim());
  expect(text).toContain("@assemblyscript/loader 0.28.20, Apache-2.0, ");
  expect(text).toContain(read("assemblyscript/LICENSE").trim());
});

test("licences that code begins with are taken from there", async () => {
  const text = await notices([build("node_modules/@bufbuild/protobuf/x.js")]);
  expect(text).toContain("(Apache-2.0 AND BSD-3-Clause)");
  expect(text).toContain("Copyright 2021-2026 Buf Technologies, Inc.\n");
  expect(text).toContain("Copyright 2008 Google Inc.  All rights reserved.\n");
  expect(text).not.toContain("export");
});

test("what a licence only refers to is there whole: jsfive is derived from pyfive, whose conditions go with it", async () => {
  const text = await notices([build("node_modules/jsfive/esm/high-level.js")]);
  expect(text).toContain("jsfive is in the public domain.");
  expect(text).toContain("Copyright (c) 2016 Jonathan J. Helmus\n");
  expect(text).toContain(
    "Redistributions in binary form must reproduce the above",
  );
  expect(text).toContain("EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.");
});

test("a package without a licence text fails", async () => {
  await expect(
    notices([build("node_modules/assemblyscript-prettier/index.js")]),
  ).rejects.toThrow(
    "notices: assemblyscript-prettier is bundled, but node_modules/assemblyscript-prettier has no licence file",
  );
});

test("the bill of materials names the same packages, by name, version and licence", async () => {
  const bill = JSON.parse(
    await billOfMaterials([
      build(
        "node_modules/commander/index.js",
        "node_modules/@assemblyscript/loader/index.js",
      ),
    ]),
  );
  const named = bill.components.map(
    (each: { purl: string; licenses: unknown }) => [each.purl, each.licenses],
  );
  const { version } = JSON.parse(
    readFileSync(
      new URL("../../node_modules/commander/package.json", import.meta.url),
      "utf8",
    ),
  );
  expect(named).toEqual([
    [
      "pkg:npm/%40assemblyscript/loader@0.28.20",
      [{ expression: "Apache-2.0" }],
    ],
    [`pkg:npm/commander@${version}`, [{ expression: "MIT" }]],
  ]);
  expect(bill.dependencies[0].dependsOn).toHaveLength(2);
});

test("whoever installs the package installs nothing else", () => {
  const manifest = JSON.parse(
    readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
  );
  expect(manifest).not.toHaveProperty("dependencies");
});
