// The matrix: the same conformance in every runtime, `npm run test:everywhere`. With arguments, only the runtimes
// whose names contain one of them. Absent runtimes are skipped by name, and fail where CI=true.
import { rm } from "node:fs/promises";
import { hosts } from "./hosts/index.mjs";
import { programOf } from "./pages.mjs";
import { makeStage } from "./stage.mjs";
import { printTable } from "./table.mjs";

/**
 * @typedef {import("./hosts/host.mjs").Place} Place
 * @typedef {import("./guests/report.mjs").Report} Report
 * @typedef {{ host: string, version: string, place: string, report: Report, problems: string[] }} Row
 */

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const required = process.env["CI"] === "true";
/** @type {string[]} */
const problems = [];
/** @type {Row[]} */
const rows = [];
/** @type {string | undefined} */
let hash;
let programs = 0;

const started = performance.now();
const stage = await makeStage();
for (const host of hosts) {
  const { name, program } = host;
  if (wanted.length > 0 && !wanted.some((w) => name.toLowerCase().includes(w)))
    continue;
  if (program === undefined) {
    const line = `${name}: absent; tools/install-runtimes.sh installs it`;
    if (required) problems.push(line);
    else console.log(`skipped ${line}`);
    continue;
  }
  await runHost(host).catch((error) => problems.push(`${name}: ${error}`));
}
await rm(stage.folder, { recursive: true, force: true });

printTable(rows);
for (const problem of problems) console.error(`FAILED ${problem}`);
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  `${rows.length} places, ${programs} programs of docs/runtimes, ${problems.length} failures, ${seconds} s; hash ${hash}`,
);
process.exit(problems.length > 0 ? 1 : 0);

/** @param {import("./hosts/host.mjs").Host} host */
async function runHost({ name, open }) {
  const { version, places, pages, show, close } = await open(stage);
  try {
    for (const page of pages) await runPage(name, page, show);
    for (const place of places) {
      try {
        const report = await place.run();
        const found = check(place, report);
        rows.push({
          host: name,
          version,
          place: place.name,
          report,
          problems: found,
        });
        problems.push(
          ...found.map((text) => `${name}, ${place.name}: ${text}`),
        );
      } catch (error) {
        problems.push(`${name}, ${place.name}: ${error}`);
      }
    }
  } finally {
    await close?.();
  }
}

/**
 * @param {string} host
 * @param {string} page
 * @param {import("./hosts/host.mjs").Session["show"]} show
 */
async function runPage(host, page, show) {
  try {
    const program = await programOf(page, stage.folder);
    const shown = (await show(program)).trim();
    if (shown !== program.shows)
      throw new Error(`expected it to show ${program.shows}, got ${shown}`);
    programs++;
  } catch (error) {
    problems.push(`${host}, docs/runtimes/${page}.md: ${error}`);
  }
}

/**
 * @param {Place} place
 * @param {Report} report
 * @returns {string[]} what is wrong
 */
function check(place, { facts, results, chosen }) {
  const found = results.flatMap(({ failures }) => failures);
  /** @type {(what: string, expected: unknown, got: unknown) => void} */
  const same = (what, expected, got) => {
    if (got !== expected)
      found.push(`${what}: expected ${expected}, got ${got}`);
  };
  for (const [name, value] of Object.entries(place.facts))
    same(name, value, Reflect.get(facts, name));
  const names = results.map(({ backend }) => backend);
  same("backends", place.backends.join(", "), names.join(", "));
  same("chosen", place.backends[0], chosen);
  for (const { backend, hash: got, of, distinct } of results) {
    same(`${backend}, different outputs`, of, distinct);
    if (backend === "relaxed") continue;
    hash ??= got;
    same(`${backend}, hash`, hash, got);
  }
  return found;
}
