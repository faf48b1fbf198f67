// Compiles assembly/ for every target of asconfig.json, and its folders that have one for those of their own, as `asc --target` does,
// in one process: the compiler is itself a large WebAssembly module, and two processes that each set it up take 11 s of a
// core where one takes 6.
import { readdir, readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const root = new URL("../", import.meta.url);

// Whatever a file of assembly/layers/ exports, a binary that runs models exports.
const files = await readdir(new URL("assembly/layers/", root));
const layers = files.map((file) => `assembly/layers/${file}`);
const entries = {
  "asconfig.json": layers,
  "assembly/threads/asconfig.json": layers,
  "assembly/dot/asconfig.json": [],
  "assembly/threads/dot/asconfig.json": [],
  "assembly/train/asconfig.json": [],
  "assembly/arrays/asconfig.json": [],
};

for (const [config, files] of Object.entries(entries)) {
  const { targets } = JSON.parse(await readFile(new URL(config, root), "utf8"));
  for (const target of Object.keys(targets)) {
    const { error, stderr } = await asc.main([
      ...files,
      "--config",
      config,
      "--target",
      target,
    ]);
    process.stderr.write(stderr.toString());
    if (error) process.exit(1);
  }
}
