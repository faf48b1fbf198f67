// What a file asks of the host that runs it.
import { build } from "esbuild";
import { withoutTextDecoder } from "../../tools/bundle.mjs";

/** What no part of the library may need: some host lacks, forbids or fakes each of these. */
const FORBIDDEN = `
  eval Function require module exports import.meta
  fetch XMLHttpRequest importScripts Request Blob atob
  window self document navigator location localStorage
  process Buffer __dirname __filename Deno Bun global
`
  .trim()
  .split(/\s+/);
const MARK = "forbidden_";

/** Both as names of their own and as properties of globalThis; what the file itself declares is not meant. */
const define = Object.fromEntries(
  FORBIDDEN.flatMap((name) => {
    const mark = MARK + name.replace(".", "_");
    return [
      [name, mark],
      ...(name === "import.meta" ? [] : [[`globalThis.${name}`, mark]]),
    ];
  }),
);

/**
 * The forbidden names that an entry and all that it imports use. Rejects for top-level await and dynamic imports too:
 * a script cannot have the first, and the second would show as a require.
 *
 * @param {string} entry
 * @returns {Promise<string[]>}
 */
export async function asksFor(entry) {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "iife",
    define,
    plugins: [withoutTextDecoder],
    minifyWhitespace: true, // and no comments
    legalComments: "none",
    logLevel: "silent",
  });
  const code = outputFiles[0]?.text ?? "";
  const found = code.matchAll(new RegExp(`\\b${MARK}(\\w+)|\\b(blob:)`, "g"));
  return [...new Set([...found].map(([, name, blob]) => name ?? blob ?? ""))];
}
