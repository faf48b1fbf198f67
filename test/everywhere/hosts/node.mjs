// Node, Deno and Bun run the same programs.
import { inPackages, output, versionIn } from "./runtimes.mjs";

/** @typedef {import("./host.mjs").Host} Host */

/** @type {readonly import("gatewise").Backend[]} */
const ALL = ["relaxed", "simd", "js"];

/**
 * @param {string} name
 * @param {string | undefined} program
 * @param {string} page
 * @param {readonly string[]} [args]
 * @param {readonly import("gatewise").Backend[]} [backends]
 * @returns {Host}
 */
const host = (name, program, page, args = [], backends = ALL) => ({
  name,
  program,
  open: async ({ folder }) => {
    const run = (/** @type {string} */ file) =>
      output(String(program), [...args, file], { cwd: folder });
    const guest = async (/** @type {string} */ file) =>
      JSON.parse(await run(`guests/${file}`));
    return {
      version: versionIn(await output(String(program), ["--version"])),
      places: [
        {
          name: "program",
          backends,
          facts: { webAssembly: "runs", arrays: "own" },
          run: () => guest("node.mjs"),
        },
        {
          name: "without WebAssembly",
          backends: ["js"],
          facts: { webAssembly: "absent" },
          run: () => guest("no-webassembly.mjs"),
        },
      ],
      pool: () => guest("pool-node.mjs"),
      threads: { program: () => guest("threads-node.mjs") },
      pages: [page, "worker"],
      opens: ".mjs",
      show: (shown) => run(`${shown.folder}/${shown.entry}`),
    };
  },
});

export const nodes = [
  // V8 11.3 has relaxed SIMD behind a flag only
  host("Node 20", inPackages("node20/bin/node"), "node", [], ["simd", "js"]),
  host("Node 22", inPackages("node22/bin/node"), "node"),
  host("Node 24", inPackages("node24/bin/node"), "node"),
  host("Deno", inPackages(".bin/deno"), "deno", ["run", "--quiet"]),
  host("Bun", inPackages(".bin/bun"), "bun"),
];
