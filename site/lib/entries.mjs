// The library as published: `gatewise/x` → the file of ../dist that package.json's exports name.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../", import.meta.url);
const { exports } = JSON.parse(
  readFileSync(new URL("package.json", root), "utf8"),
);

/** For pages, which are no Node. @param {any} target @returns {string} */
const fileOf = (target) =>
  typeof target === "string" ? target : fileOf(target.default);

export const entries = Object.entries(exports).map(([name, target]) => ({
  find: new RegExp(
    `^${name.replace(".", "gatewise").replaceAll(".", "\\.")}(?=$|\\?)`,
  ),
  replacement: fileURLToPath(new URL(fileOf(target), root)),
}));
