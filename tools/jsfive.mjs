// jsfive without pako, which it carries inside its bundle for compressed datasets: those are refused before (see
// src/formats/hdf5/file.ts), and inflating them would have no bound. Saves 47 kB of 123, 15 of 42 gzipped. What is
// bundled are jsfive's sources, which are in its package too.
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

/** @type {import("esbuild").Plugin} */
export const withoutPako = {
  name: "jsfive without pako",
  setup({ onResolve }) {
    onResolve({ filter: /^jsfive$/ }, () => ({
      path: fileURLToPath(new URL("node_modules/jsfive/index.js", root)),
    }));
    onResolve({ filter: /pako\.esm\.mjs$/ }, () => ({
      path: fileURLToPath(new URL("tools/no-pako.mjs", root)),
    }));
  },
};
