import { readFileSync, writeFileSync } from "node:fs";
import { format } from "prettier";
import { replaced } from "./markdown.mjs";

/**
 * Prints tables of results; with `write` also writes bench/results/NAME.json and the tables into a page of docs/.
 *
 * @param {object} results
 * @param {{ tables: string, name: string, page: string, write: boolean }} what
 *   page: its path from docs/; tables: as markdown, however it is laid out
 */
export async function publish(results, { tables, name, page, write }) {
  const text = await format(tables, { parser: "markdown" });
  console.log(`\n${text}`);
  if (!write) return;
  const json = new URL(`../results/${name}.json`, import.meta.url);
  writeFileSync(json, `${JSON.stringify(results, null, 1)}\n`);
  const docs = new URL(`../../docs/${page}`, import.meta.url);
  const command = `npm run bench:${name} -- --write`;
  writeFileSync(docs, replaced(readFileSync(docs, "utf8"), command, text));
}
