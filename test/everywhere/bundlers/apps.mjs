// The same few lines through each bundler, with its default settings.
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inPackages, output } from "../hosts/runtimes.mjs";
import { repository } from "../stage.mjs";

/**
 * @typedef {{
 *   name: string,
 *   program: string | undefined,
 *   build: (folder: string, program: string) => Promise<string>,
 * }} Bundler build returns the folder to serve, with an index.html
 */

/** A seeded layer on simd, whose bits are the same on every machine, and what auto chooses. */
export const APP = `
import { currentBackend, LSTM } from "gatewise";
const layer = new LSTM({ inputSize: 1, hiddenSize: 5, backend: "simd" });
const { output } = layer.forward([[0.5], [-1], [2]]);
export const answer = { auto: currentBackend(), output: [...output.data] };
`;

const PAGE_APP = `${APP}globalThis.answer = answer;\n`;

const page = (/** @type {string} */ script, head = "") =>
  `<!doctype html>
<meta charset="utf-8" />
<link rel="icon" href="data:," />
${head}
<script type="module" src="${script}"></script>
`;

/**
 * @param {string} folder
 * @param {Record<string, string>} files
 */
export async function write(folder, files) {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

/** @type {readonly Bundler[]} */
export const bundlers = [
  {
    name: "no build",
    program: process.execPath,
    build: async (folder) => {
      const imports = { gatewise: "/node_modules/gatewise/dist/index.js" };
      const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
      await write(folder, {
        "index.html": page("main.js", map),
        "main.js": PAGE_APP,
      });
      return folder;
    },
  },
  {
    name: "Vite",
    program: inPackages(".bin/vite"),
    build: async (cwd, program) => {
      await write(cwd, {
        "index.html": page("/main.js"),
        "main.js": PAGE_APP,
      });
      await output(program, ["build"], { cwd });
      return join(cwd, "dist");
    },
  },
  {
    name: "webpack",
    program: inPackages(".bin/webpack"),
    build: async (cwd, program) => {
      await write(cwd, {
        "src/index.js": PAGE_APP,
        "dist/index.html": page("main.js"),
      });
      await output(program, ["--mode", "production"], { cwd });
      return join(cwd, "dist");
    },
  },
  {
    name: "Rollup",
    program: inPackages(".bin/rollup"),
    build: async (cwd, program) => {
      // without this plugin Rollup resolves no package
      const plugin = "@rollup/plugin-node-resolve";
      await mkdir(join(cwd, "node_modules/@rollup"), { recursive: true });
      await symlink(
        String(inPackages(plugin)),
        join(cwd, "node_modules", plugin),
      );
      await write(cwd, {
        "main.js": PAGE_APP,
        "dist/index.html": page("main.js"),
      });
      await output(
        program,
        ["main.js", "--file", "dist/main.js", "--plugin", "node-resolve"],
        { cwd },
      );
      return join(cwd, "dist");
    },
  },
  {
    name: "esbuild",
    program: join(repository, "node_modules/.bin/esbuild"),
    build: async (cwd, program) => {
      await write(cwd, {
        "main.js": PAGE_APP,
        "dist/index.html": page("main.js"),
      });
      await output(program, ["main.js", "--bundle", "--outfile=dist/main.js"], {
        cwd,
      });
      return join(cwd, "dist");
    },
  },
  {
    name: "Parcel",
    program: inPackages(".bin/parcel"),
    build: async (cwd, program) => {
      await write(cwd, {
        "index.html": page("main.js"),
        "main.js": PAGE_APP,
      });
      await output(program, ["build", "index.html", "--no-cache"], { cwd });
      return join(cwd, "dist");
    },
  },
];
