// The README as npm shows it, where no file of the repository is beside it: links become absolute when the package is
// packed, and are what they were again after.
//
//     node tools/readme.mjs absolute | relative
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const readme = new URL("../README.md", import.meta.url);
const { repository } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
const source = repository.url.replace(/^git\+|\.git$/g, "");
const [blob, raw] = [`${source}/blob/main/`, `${source}/raw/main/`];

/** @param {string} text */
export const absolute = (text) =>
  text
    .replace(/\]\((?![a-z]+:|#)([^)]+)\)/g, `](${blob}$1)`)
    .replace(/src="(?![a-z]+:)([^"]+)"/g, `src="${raw}$1"`);
/** @param {string} text */
export const relative = (text) =>
  text.replaceAll(`](${blob}`, "](").replaceAll(`src="${raw}`, 'src="');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [to] = process.argv.slice(2);
  if (to !== "absolute" && to !== "relative") {
    console.error("usage: node tools/readme.mjs absolute | relative");
    process.exit(2);
  }
  const text = readFileSync(readme, "utf8");
  writeFileSync(readme, to === "absolute" ? absolute(text) : relative(text));
}
