// What `mutate.mjs` asks again and again: do the tests pass with these files changed? Vitest stays, so that of a run only
// what was changed is compiled again: 8 mutants of src/formats/torch take 35 s of processor time, where they took 71. A
// process of its own, which can be ended where a mutant never ends.
import { relative, resolve } from "node:path";
import { BaseSequencer, createVitest } from "vitest/node";

/** How often a file of tests noticed a mutant. @type {Map<string, number>} */
const noticed = new Map();

/** Of the paths that are changed: tests of the same name come early. @type {Set<string>} */
let words = new Set();

/** Those that noticed most for their time first: most mutants are noticed by any test. */
class CheapestFirst extends BaseSequencer {
  /** @override @param {import("vitest/node").TestSpecification[]} files */
  async sort(files) {
    const cost = new Map(files.map((file) => [file, this.#cost(file)]));
    return [...files].sort((a, b) => (cost.get(a) ?? 0) - (cost.get(b) ?? 0));
  }

  /** In ms a mutant noticed. @param {import("vitest/node").TestSpecification} file */
  #cost({ project, moduleId }) {
    const key = `${project.name}:${relative(this.ctx.config.root, moduleId)}`;
    const time = this.ctx.cache.getFileTestResults(key)?.duration ?? 1000;
    const namesakes = moduleId.split(/\W/).filter((word) => words.has(word));
    return (
      (100 + time) / (1 + (noticed.get(moduleId) ?? 0)) / 4 ** namesakes.length
    );
  }
}

const vitest = await createVitest("test", {
  watch: false,
  bail: 1,
  // a second one would import everything again, which is most of what a mutant costs
  maxWorkers: 1,
  reporters: [{}],
  sequence: { sequencer: CheapestFirst },
});
await vitest.standalone();
const tests = await vitest.globTestSpecifications(process.argv.slice(2));

/** Those that passed with nothing changed. @type {Set<string> | null} */
let usual = null;

/** @param {string[]} changed @returns {Promise<boolean>} */
async function passes(changed) {
  for (const file of changed) vitest.invalidateFile(resolve(file));
  words = new Set(changed.join(" ").split(/\W/));
  for (;;) {
    const { testModules, unhandledErrors } =
      await vitest.runTestSpecifications(tests);
    const of = (/** @type {string} */ state) =>
      testModules.filter((module) => module.state() === state);
    const failed = of("failed");
    for (const { moduleId } of failed)
      noticed.set(moduleId, (noticed.get(moduleId) ?? 0) + 1);
    if (failed.length + unhandledErrors.length > 0) return false;
    const passed = new Set(of("passed").map(({ moduleId }) => moduleId));
    usual ??= passed;
    // the end of a run that failed may reach into the next one, and skip some
    if ([...usual].every((moduleId) => passed.has(moduleId)))
      return passed.size > 0;
  }
}

process.on("message", async (/** @type {string[]} */ changed) => {
  process.send?.(await passes(changed).catch(() => false));
});
process.send?.("ready");
