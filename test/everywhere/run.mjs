// The matrix: the same conformance in every runtime, `npm run test:everywhere`. With arguments, only the runtimes
// whose names contain one of them. Absent runtimes are skipped by name, and fail where CI=true.
import { rm } from "node:fs/promises";
import { hosts } from "./hosts/index.mjs";
import { checkAudio, checkPlace, checkPool, checkThreads } from "./checks.mjs";
import { programOf } from "./pages.mjs";
import { makeStage } from "./stage.mjs";
import { printAudio, printPlaces, printPools, printThreads } from "./table.mjs";

/**
 * @template T
 * @typedef {{ host: string, version: string, place: string, report: T }} Row
 */

const wanted = process.argv.slice(2).map((word) => word.toLowerCase());
const required = process.env["CI"] === "true";
/** @type {string[]} */
const problems = [];
/** @type {Row<import("./guests/report.mjs").Report>[]} */
const places = [];
/** @type {Row<import("./guests/pool.mjs").PoolReport>[]} */
const pools = [];
/** @type {Row<import("./guests/threads.mjs").ThreadsReport>[]} */
const shared = [];
/** @type {Row<import("./guests/audio.mjs").AudioReport>[]} */
const audio = [];
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

printPlaces(places);
printPools(pools);
printThreads(shared);
printAudio(audio);
for (const problem of problems) console.error(`FAILED ${problem}`);
const trainings = places.flatMap(({ report }) => report.trained).length;
const seconds = Math.round((performance.now() - started) / 1000);
console.log(
  `${places.length} places, ${programs} programs of docs/runtimes, ${problems.length} failures, ${seconds} s; hash ${hashOf()}; ${trainings} trainings of hash ${trainedHashOf()}`,
);
process.exit(problems.length > 0 ? 1 : 0);

/** The hash that all share: that of the first place. */
function hashOf() {
  const [first] = places;
  return first?.report.results.find(({ backend }) => backend !== "relaxed")
    ?.hash;
}

/** That of weights and moments after a short training. */
function trainedHashOf() {
  return places
    .flatMap(({ report }) => report.trained)
    .find(({ backend }) => backend !== "relaxed")?.hash;
}

/** @param {string} backend it is in the file */
function stoppedHashOf(backend) {
  return places
    .flatMap(({ report }) => report.trained)
    .find((trained) => trained.backend === backend)?.stopped;
}

/** @param {import("./hosts/host.mjs").Host} host */
async function runHost({ name, open }) {
  const session = await open(stage);
  /**
   * @template T
   * @param {string} place
   * @param {Row<T>[]} rows
   * @param {() => Promise<T>} run
   * @param {(report: T) => string[]} check
   */
  const row = async (place, rows, run, check) => {
    try {
      const report = await run();
      rows.push({ host: name, version: session.version, place, report });
      for (const text of check(report))
        problems.push(`${name}, ${place}: ${text}`);
    } catch (error) {
      problems.push(`${name}, ${place}: ${error}`);
    }
  };
  try {
    for (const page of session.pages) await runPage(name, page, session);
    for (const place of session.places)
      await row(place.name, places, place.run, (report) =>
        checkPlace(place, report, hashOf(), trainedHashOf(), stoppedHashOf),
      );
    if (session.pool) await row("workers", pools, session.pool, checkPool);
    for (const [place, run] of Object.entries(session.threads ?? {}))
      await row(place, shared, run, (report) => checkThreads(place, report));
    if (session.audio)
      await row("AudioWorklet", audio, session.audio, checkAudio);
  } finally {
    await session.close?.();
  }
}

/**
 * @param {string} host
 * @param {string} page
 * @param {import("./hosts/host.mjs").Session} session
 */
async function runPage(host, page, { opens, show }) {
  try {
    const program = await programOf(page, stage.folder, opens);
    const shown = (await show(program)).trim();
    if (shown !== program.shows)
      throw new Error(`expected it to show ${program.shows}, got ${shown}`);
    programs++;
  } catch (error) {
    problems.push(`${host}, docs/runtimes/${page}.md: ${error}`);
  }
}
