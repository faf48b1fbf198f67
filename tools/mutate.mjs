// Changes one place of a source file at a time and runs the tests that ought to notice:
//
//     node tools/mutate.mjs --count 40 --seed 1 --tests 'test/kernel test/layers' src/kernel/js assembly
//
// `src/kernel/js/lstm.ts:12` instead of a folder takes the mutants of one line, `--skip 30` passes over the first 30.
// Prints the mutants that survived and the score. A mutant that does not compile, or in three times what the tests take
// and half a minute does not end, counts as noticed. Files are put back whatever happens; run it on a clean tree all the same.
import { fork, spawnSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What is looked for and what takes its place: the slips that people make. */
const OPERATORS = [
  [/ < /g, " <= "],
  [/ <= /g, " < "],
  [/ > /g, " >= "],
  [/ >= /g, " > "],
  [/ === /g, " !== "],
  [/ !== /g, " === "],
  [/ == /g, " != "],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/ \?\? /g, " && "],
  [/ \+ /g, " - "],
  [/ - /g, " + "],
  [/ \* /g, " / "],
  [/ << /g, " >> "],
  [/\btrue\b/g, "false"],
  [/\bfalse\b/g, "true"],
  [/\b0\b/g, "1"],
  [/\b1\b/g, "2"],
  [/\+\+/g, "--"],
  [/ \+= /g, " = "],
  [/!(?=[a-z(])/g, ""],
  [/f32x4\.add/g, "f32x4.sub"],
  [/f32x4\.mul/g, "f32x4.add"],
  [/\breturn;/g, ""],
  [/^( +)(?:this\.#?\w+|[a-z]\w*) = [^;{}]+;$/gm, "$1"],
  [/^( +)(?:continue|break);$/gm, "$1"],
  [/^( +)throw [^;]+;$/gm, "$1"],
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    count: { type: "string", default: "40" },
    skip: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    tests: { type: "string", default: "" },
  },
});

/** Those below a folder, or a file's own name. @param {string} path @returns {string[]} */
const filesIn = (path) =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path).flatMap((name) => filesIn(join(path, name)));

/** Every place in the file that an operator fits, comments and types apart. @param {string} file */
function mutantsOf(file) {
  const text = readFileSync(file, "utf8");
  const code = text.replace(
    /\/\*[^]*?\*\/|\/\/.*$|^import[^]*?;$|^(export )?type [^]*?;$|^(export )?interface [^]*?^}$/gm,
    (found) => found.replace(/[^\n]/g, "\0"),
  );
  return OPERATORS.flatMap(([from, to]) =>
    [...code.matchAll(/** @type {RegExp} */ (from))].map((found) => {
      const at = found.index;
      const by = /** @type {string} */ (to).replace("$1", found[1] ?? "");
      const line = text.slice(0, at).split("\n").length;
      return { file, text, at, length: found[0].length, by, line };
    }),
  );
}

/** Mulberry32. @param {number} seed */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The tests in a process that stays: see `mutate-tests.mjs`. */
class Tests {
  /** @type {import("node:child_process").ChildProcess | null} */
  #process = null;
  /** In ms; 5 minutes until a run has said how long it takes. */
  #longest = 300_000;

  /** Whether they pass now that these files have changed. @param {string[]} changed @returns {Promise<boolean>} */
  async pass(changed) {
    this.#process ??= await this.#start();
    const start = performance.now();
    this.#process.send(changed);
    const passed = await this.#answer(this.#longest);
    if (passed) this.#longest = 30_000 + 3 * (performance.now() - start);
    return passed === true;
  }

  async #start() {
    const script = fileURLToPath(new URL("mutate-tests.mjs", import.meta.url));
    const names = values.tests.split(" ").filter(Boolean);
    this.#process = fork(script, names, {
      detached: true,
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    await this.#answer(60_000);
    return this.#process;
  }

  /** The next message; null where none comes in time or the process ends, which it then has. @param {number} time */
  async #answer(time) {
    const child = /** @type {import("node:child_process").ChildProcess} */ (
      this.#process
    );
    const answer = await new Promise((resolve) => {
      const timer = setTimeout(resolve, time, null);
      const done = (/** @type {unknown} */ message) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(message);
      };
      child.once("message", done).once("exit", () => done(null));
    });
    if (answer === null) this.end();
    return answer;
  }

  end() {
    if (this.#process?.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, "SIGKILL");
    } catch {
      // it is gone
    }
    this.#process = null;
  }
}

const random = seeded(Number(values.seed));
const all = positionals.flatMap((place) => {
  const [path = "", only] = place.split(":");
  return filesIn(path)
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .flatMap(mutantsOf)
    .filter(({ line }) => only === undefined || line === Number(only));
});
const chosen = Array.from(
  { length: Math.min(Number(values.count), all.length) },
  () => all.splice(Math.floor(random() * all.length), 1)[0],
)
  .filter((mutant) => mutant !== undefined)
  .slice(Number(values.skip));

/** Where the kernel's binaries go, as text: what a change in assembly/ changes. */
const binaries = () => filesIn("src/kernel/binaries");
const builds = () =>
  spawnSync("npm", ["run", "-s", "build:kernel"], { stdio: "ignore" })
    .status === 0;

const changesKernel = chosen.some(({ file }) => file.startsWith("assembly"));
if ((changesKernel || !existsSync("src/kernel/binaries")) && !builds())
  throw new Error("expected a kernel that compiles");
const tests = new Tests();
if (!(await tests.pass([])))
  throw new Error("expected tests that pass as it is");

let noticed = 0;
/** What was changed last and is as it was again. @type {string[]} */
let before = [];
for (const [index, mutant] of chosen.entries()) {
  const { file, text, at, length, by, line } = mutant;
  const isKernel = file.startsWith("assembly");
  const changed = isKernel ? binaries() : [file];
  writeFileSync(file, text.slice(0, at) + by + text.slice(at + length));
  try {
    const passes =
      (!isKernel || builds()) && (await tests.pass([...before, ...changed]));
    if (!passes) noticed++;
    else {
      const was = text.slice(at, at + length).trim();
      console.log(
        `survived  ${file}:${line}  ${was} → ${by.trim() || "(nothing)"}`,
      );
    }
  } finally {
    writeFileSync(file, text);
    if (isKernel && !chosen[index + 1]?.file.startsWith("assembly")) builds();
    before = changed;
  }
}
tests.end();
console.log(`${noticed} of ${chosen.length} mutants were noticed`);
