// Changes one place of a source file at a time and runs the tests that ought to notice:
//
//     node tools/mutate.mjs --count 40 --seed 1 --tests 'test/kernel test/layers' src/kernel/js assembly
//
// Prints the mutants that survived and the score. A mutant that does not compile, or in 5 minutes does not end, counts
// as noticed. Files are put back whatever happens; run it on a clean tree all the same.
import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    seed: { type: "string", default: "1" },
    tests: { type: "string", default: "" },
  },
});

/** @param {string} path @returns {string[]} */
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

/** @param {string} command @param {string[]} args */
const passes = (command, args) =>
  spawnSync(command, args, { stdio: "ignore", timeout: 300_000 }).status === 0;

const random = seeded(Number(values.seed));
const all = positionals
  .flatMap(filesIn)
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .flatMap(mutantsOf);
const chosen = Array.from(
  { length: Math.min(Number(values.count), all.length) },
  () => all.splice(Math.floor(random() * all.length), 1)[0],
).filter((mutant) => mutant !== undefined);
const tests = values.tests.split(" ").filter(Boolean);
const check = ["vitest", "run", "--bail", "1", ...tests];
execFileSync("npm", ["run", "-s", "build:kernel"]);
if (!passes("npx", check)) throw new Error("expected tests that pass as it is");

let noticed = 0;
for (const { file, text, at, length, by, line } of chosen) {
  writeFileSync(file, text.slice(0, at) + by + text.slice(at + length));
  try {
    const built =
      !file.startsWith("assembly") ||
      passes("npm", ["run", "-s", "build:kernel"]);
    if (!built || !passes("npx", check)) noticed++;
    else {
      const was = text.slice(at, at + length).trim();
      console.log(
        `survived  ${file}:${line}  ${was} → ${by.trim() || "(nothing)"}`,
      );
    }
  } finally {
    writeFileSync(file, text);
  }
}
execFileSync("npm", ["run", "-s", "build:kernel"]);
console.log(`${noticed} of ${chosen.length} mutants were noticed`);
