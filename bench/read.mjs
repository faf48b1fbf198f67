/**
 * npm run bench:read: gatewise/tesseract beside tesseract.js (bench/peers) in Node, Chromium and Firefox, and beside native
 * Tesseract, each with the same file: characters wrong and time a line, on the lines of ../shared and on the page of
 * examples/read; cold start, and what a page downloads.
 *
 *     npm run bench:read -- --only=node      one of node, chromium, firefox
 *     npm run bench:read -- --write          writes bench/results/read.json, and its tables into docs/tesseract.md
 *
 * What is not installed is left out by name.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { busyHost, versionIn } from "./lib/host.mjs";
import { publish } from "./lib/results.mjs";
import { hosts } from "./lib/pages.mjs";
import { browser } from "./read/browser.mjs";
import { linesIn, models, pictures, wrongIn } from "./read/files.mjs";
import { node } from "./read/node.mjs";
import { tables } from "./read/tables.mjs";

const ROUNDS = 5;
const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    write: { type: "boolean", default: false },
  },
});
const folder = mkdtempSync(join(tmpdir(), "gatewise-read-"));
const all = {
  node: async () => node(folder),
  ...Object.fromEntries(
    hosts().map((one) => [one.name.toLowerCase(), () => browser(one, folder)]),
  ),
};
if (options.only && !Object.hasOwn(all, options.only)) {
  console.error(
    `--only: expected one of ${Object.keys(all).join()}, got ${options.only}`,
  );
  process.exit(1);
}

/** @type {import("./read/tables.mjs").Results} */
const results = {
  host: busyHost(),
  peer: versionIn(new URL("peers/node_modules/tesseract.js/", import.meta.url)),
  rows: [],
  ready: [],
  downloads: {},
};

/** @param {import("./read/node.mjs").Place} place @param {readonly string[]} names of models */
async function measure(place, names) {
  for (const model of names) {
    const { downloads, ...ready } = await place.ready(model, ROUNDS);
    results.ready.push({ place: place.name, model, ...ready });
    if (downloads) results.downloads[model] = downloads;
    for (const [kind, list] of Object.entries(pictures())) {
      if (!list.length) continue;
      const read = await place.read(model, list, kind === "page");
      for (const [reader, { texts, each }] of Object.entries(read))
        results.rows.push({
          place: place.name,
          model,
          pictures: kind,
          reader,
          wrong: wrongIn(list, texts),
          of: list.reduce((sum, { text }) => sum + text.length, 0),
          line: each / linesIn(list),
        });
    }
  }
}

try {
  const files = models();
  for (const [name, bytes] of Object.entries(files))
    writeFileSync(join(folder, `${name}.traineddata`), bytes);
  if (!pictures().lines.length)
    console.log("../shared: not there, its lines are left out");
  for (const [key, open] of Object.entries(all)) {
    if (options.only && options.only !== key) continue;
    const place = await open();
    console.error(`${place.name} …`);
    try {
      await measure(place, Object.keys(files));
    } finally {
      await place.close();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

await publish(results, {
  tables: tables(results),
  name: "read",
  page: "tesseract.md",
  write: options.write && !options.only,
});
