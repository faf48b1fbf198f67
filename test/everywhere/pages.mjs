// The programs of docs/runtimes: each file's name in a line of its own, its code below, and at last what it shows.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "./stage.mjs";

/** @typedef {{ folder: string, entry: string, shows: string }} Program entry: the last of its files, or of those that
 *  end as asked */

const FILE = /^`([\w.]+)`\n\n```\w+\n([^]*?)^```$/gm;
const SHOWS = /^```text\n([^]*?)^```$/m;

/**
 * Writes the files of a page into a folder of the stage.
 *
 * @param {string} name
 * @param {string} stage
 * @param {string} [ending]
 * @returns {Promise<Program>}
 */
export async function programOf(name, stage, ending = "") {
  const text = await readFile(
    join(repository, `docs/runtimes/${name}.md`),
    "utf8",
  );
  const folder = join("docs", name);
  await mkdir(join(stage, folder), { recursive: true });
  let entry = "";
  for (const [, file = "", code = ""] of text.matchAll(FILE)) {
    await writeFile(join(stage, folder, file), code);
    if (file.endsWith(ending)) entry = file;
  }
  const shows = SHOWS.exec(text)?.[1]?.trim();
  if (!entry || !shows)
    throw new Error(`${name}.md: expected a program and what it shows`);
  return { folder, entry, shows };
}
