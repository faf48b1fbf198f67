// Puts the owner's name where OWNER stands: the one place is package.json, from which the README's links to the demo,
// the packed README and the site take theirs.
//
//     node tools/owner.mjs your-name [https://your.site/]
import { readFileSync, writeFileSync } from "node:fs";

const [name, site] = process.argv.slice(2);
if (!name || !/^[\w-]+$/.test(name)) {
  console.error("usage: node tools/owner.mjs NAME [SITE]");
  process.exit(2);
}
const file = (/** @type {string} */ path) =>
  new URL(`../${path}`, import.meta.url);
const before = JSON.parse(readFileSync(file("package.json"), "utf8"));
const old = { name: before.author, site: before.homepage };
const homepage = site ?? `https://${name.toLowerCase()}.github.io/gatewise/`;
for (const path of ["package.json", "README.md"]) {
  const text = readFileSync(file(path), "utf8")
    .replaceAll(old.site, homepage)
    .replaceAll(`github.com/${old.name}/`, `github.com/${name}/`)
    .replace(`"author": "${old.name}"`, `"author": "${name}"`);
  writeFileSync(file(path), text);
}
