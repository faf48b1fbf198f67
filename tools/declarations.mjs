// Takes the declarations out of dist/ that no entry reaches, name by name: those of the inside, which nobody can import.
// They were half of them, 170 kB. `node tools/declarations.mjs [FOLDER]`: of a folder in the place of dist/.
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { statements } from "./statements.mjs";

/** @typedef {import("./statements.mjs").Statement} Statement */

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = process.argv[2] ?? join(root, "dist");
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

/** By path, those that were looked at. @type {Map<string, Statement[]>} */
const files = new Map();

/** @param {string} path */
function statementsOf(path) {
  const known = files.get(path);
  if (known) return known;
  const found = statements(readFileSync(path, "utf8"));
  files.set(path, found);
  return found;
}

/** The file that a statement of `path` names; null: one of another package. @param {string} path @param {string | null} from */
function target(path, from) {
  if (!from?.startsWith(".")) return null;
  const file = join(dirname(path), from.replace(/\.js$/, ".d.ts"));
  return existsSync(file) ? file : null;
}

/** Keeps what `path` exports by that name, or all that it exports; whether there is any. @param {string | null} path @param {string | null} name @returns {boolean} */
function reach(path, name) {
  if (!path) return false;
  let found = false;
  for (const statement of statementsOf(path)) {
    const { kind, exported, from, list } = statement;
    if (kind === "all") {
      const whole = statement.name !== null;
      if (whole && name !== null && statement.name !== name) continue;
      if (!reach(target(path, from), whole ? null : name)) continue;
      statement.kept = true;
    } else if (kind === "export") {
      const names = name === null ? [...list.keys()] : [name];
      const kept = names.filter((each) => keepListed(path, statement, each));
      if (!kept.length) continue;
    } else if (exported && (name === null || statement.name === name))
      keep(path, statement);
    else continue;
    found = true;
  }
  return found;
}

/** Keeps a name of a list, and what it stands for; whether the list has it. @param {string} path @param {Statement} statement @param {string} name */
function keepListed(path, statement, name) {
  const listed = statement.list.get(name);
  if (!listed) return false;
  if (listed.kept) return true;
  listed.kept = true;
  statement.kept = true;
  if (statement.from) reach(target(path, statement.from), listed.imported);
  else use(path, listed.imported);
  return true;
}

/** Keeps a declaration, and all that it speaks of. @param {string} path @param {Statement} statement */
function keep(path, statement) {
  if (statement.kept) return;
  statement.kept = true;
  const { code } = statement;
  for (const [, from = "", name = ""] of code.matchAll(
    /import\("([^"]+)"\)\.(\w+)/g,
  ))
    reach(target(path, from), name);
  const words = code.replace(/"[^"]*"/g, "").match(/[A-Za-z_$][\w$]*/g);
  for (const word of new Set(words)) use(path, word);
}

/** Keeps what a file's own code means by a name. @param {string} path @param {string} name */
function use(path, name) {
  for (const statement of statementsOf(path))
    if (statement.kind === "import") keepListed(path, statement, name);
    else if (statement.kind === "declaration" && statement.name === name)
      keep(path, statement);
}

for (const entry of [types, ...typesIn(exports)])
  if (entry.startsWith("./dist/"))
    reach(join(dist, entry.slice("./dist/".length)), null);
// what has no name, such as `declare module`, speaks for the rest of its file
let before = -1;
while (before !== files.size) {
  before = files.size;
  for (const [path, all] of files)
    if (all.some(({ kept }) => kept))
      for (const each of all) if (each.kind === "other") keep(path, each);
}

/** @param {Statement} statement */
function textOf({ text, list }) {
  if (!list.size) return text;
  const kept = [...list.values()].filter((each) => each.kept);
  return text.replace(
    /\{.*\}/,
    `{ ${kept.map((each) => each.text).join(", ")} }`,
  );
}

for (const entry of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
  const file = join(dist, entry);
  if (!file.endsWith(".d.ts")) continue;
  const kept = files.get(file)?.filter((statement) => statement.kept) ?? [];
  if (kept.length) writeFileSync(file, kept.map(textOf).join(""));
  else rmSync(file);
}
const folders = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ parentPath, name }) => join(parentPath, name))
  .sort((a, b) => b.length - a.length);
for (const folder of folders)
  if (!readdirSync(folder).length) rmdirSync(folder);
