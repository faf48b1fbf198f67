// Other realms of Node: a vm context, and jsdom's window.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { inPackages, load } from "./runtimes.mjs";

/** @typedef {import("./host.mjs").Host} Host */
/** @typedef {(script: string) => any} Evaluate */

/** @type {readonly import("gatewise").Backend[]} */
const BACKENDS = ["relaxed", "simd", "js"];
const [major = 0] = process.versions.node.split(".").map(Number);

/**
 * @param {string} name
 * @param {string | undefined} program
 * @param {() => Promise<{ version: string, evaluate: Evaluate }>} makeRealm
 * @returns {Host}
 */
const realm = (name, program, makeRealm) => ({
  name,
  program,
  open: async ({ folder }) => {
    const { outputFiles } = await build({
      entryPoints: [join(folder, "guests/realm.mjs")],
      bundle: true,
      format: "iife",
      write: false,
    });
    const { version, evaluate } = await makeRealm();
    evaluate(outputFiles[0]?.text ?? "");
    return {
      version,
      places: [
        {
          name: "this realm's arrays",
          backends: major < 21 ? BACKENDS.slice(1) : BACKENDS,
          facts: { webAssembly: "runs", arrays: "foreign" },
          run: () =>
            evaluate("inRealm")(Float32Array, Uint8Array, () =>
              performance.now(),
            ),
        },
      ],
      pages: [],
      opens: ".mjs",
      show: async () => "",
    };
  },
});

export const realms = [
  realm("vm", process.execPath, async () => {
    const context = createContext({});
    return {
      version: process.versions.node,
      evaluate: (script) => runInContext(script, context),
    };
  }),
  realm("jsdom", inPackages("jsdom/package.json"), async () => {
    const { JSDOM } = await load("jsdom");
    const { version } = JSON.parse(
      await readFile(String(inPackages("jsdom/package.json")), "utf8"),
    );
    const { window } = new JSDOM("", { runScripts: "outside-only" });
    return { version, evaluate: (script) => window.eval(script) };
  }),
];
