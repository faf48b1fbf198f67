import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import type { Sequential } from "../../src/index.js";
import { load } from "../../src/formats/keras/index.js";
import { withoutPako } from "../../tools/jsfive.mjs";
import { readFixture } from "./files.js";

// dist has jsfive's sources, without pako; every other test has jsfive's own bundle.
test("the reader that is published reads the same, and has no pako in it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gatewise-"));
  try {
    const outfile = join(folder, "keras.mjs");
    const entry = new URL("../../src/formats/keras/index.ts", import.meta.url);
    const { metafile } = await build({
      entryPoints: [fileURLToPath(entry)],
      outfile,
      bundle: true,
      format: "esm",
      target: "es2022",
      plugins: [withoutPako],
      metafile: true,
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs.filter((path) => path.includes("/jsfive/"))).toContain(
      "node_modules/jsfive/esm/high-level.js",
    );
    expect(inputs.filter((path) => path.includes("/pako/"))).toEqual([]);
    const published = (await import(pathToFileURL(outfile).href)) as {
      load: typeof load;
    };
    for (const name of ["keras3-lstm.keras", "keras2-cudnn.h5"]) {
      const file = readFixture(name);
      const ours = (load(file).model as Sequential).stateDict();
      expect((published.load(file).model as Sequential).stateDict()).toEqual(
        ours,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
