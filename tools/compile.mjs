// Compiles assembly/ for every target of asconfig.json, as `asc --target` does, in one process: the compiler is itself
// a large WebAssembly module, and two processes that each set it up take 11 s of a core where one takes 6.
import { readFile } from "node:fs/promises";
import asc from "assemblyscript/asc";

const config = new URL("../asconfig.json", import.meta.url);
const { targets } = JSON.parse(await readFile(config, "utf8"));

for (const target of Object.keys(targets)) {
  const { error, stderr } = await asc.main(["--target", target]);
  process.stderr.write(stderr.toString());
  if (error) process.exit(1);
}
