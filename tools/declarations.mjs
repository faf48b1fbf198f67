// Takes the declarations out of dist/ that no entry reaches: those of the inside, which nobody can import.
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const { exports, types } = JSON.parse(
  readFileSync(join(root, "package.json"), "utf8"),
);

/** Every path of "types" anywhere in exports. @param {any} target @returns {string[]} */
const typesIn = (target) =>
  typeof target === "string"
    ? []
    : Object.entries(target).flatMap(([key, value]) =>
        key === "types" ? [value] : typesIn(value),
      );

const reached = new Set();
const waiting = [types, ...typesIn(exports)].map((name) => join(root, name));
for (let file = waiting.pop(); file; file = waiting.pop()) {
  if (reached.has(file) || !existsSync(file)) continue;
  reached.add(file);
  const text = readFileSync(file, "utf8");
  for (const [, path] of text.matchAll(/["'](\.{1,2}\/[^"']+)\.js["']/g))
    waiting.push(join(dirname(file), `${path}.d.ts`));
}

for (const entry of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const file = join(dist, entry);
  if (file.endsWith(".d.ts") && !reached.has(file)) rmSync(file);
}
const folders = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ parentPath, name }) => join(parentPath, name))
  .sort((a, b) => b.length - a.length);
for (const folder of folders)
  if (!readdirSync(folder).length) rmdirSync(folder);
