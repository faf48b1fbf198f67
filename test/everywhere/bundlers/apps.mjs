// The same few lines through each bundler, with its default settings.
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inPackages, output } from "../hosts/runtimes.mjs";
import { repository } from "../stage.mjs";

/**
 * @typedef {{
 *   name: string,
 *   program: string | undefined,
 *   threads: Threads,
 *   build: (folder: string, program: string, app: string) => Promise<string>,
 * }} Bundler build returns the folder to serve, with an index.html that runs the app
 *
 * @typedef {{ worker: string, processor: string }} Threads what the app gives as addresses of the scripts of threads
 */

/** For bundlers that follow an address into a package. */
export const IN_PACKAGE = {
  worker: 'new URL("gatewise/worker-script.js", import.meta.url)',
  processor: 'new URL("gatewise/worklet-processor.js", import.meta.url)',
};
/** For those that do not, files of the application which import the package's. */
const OWN = {
  worker: 'new URL("./worker.js", import.meta.url)',
  processor: 'new URL("./processor.js", import.meta.url)',
};
const OWN_FILES = {
  "worker.js": 'import "gatewise/worker-script.js";\n',
  "processor.js": 'import "gatewise/worklet-processor.js";\n',
};

const SCRIPTS = ["main.js", ...Object.keys(OWN_FILES)];

/** Entries that want Node's own modules: no page has them. */
const ON_SERVERS = new Set(["./queue"]);

/**
 * What the package exports for pages, but for the main entry and the binaries: "gatewise/safetensors" …
 *
 * @param {{ exports: Record<string, unknown> }} manifest
 */
const subpaths = ({ exports }) =>
  Object.entries(exports)
    .filter(([, target]) => typeof target === "object")
    .filter(([path]) => path !== "." && !path.endsWith(".wasm"))
    .filter(([path]) => !ON_SERVERS.has(path))
    .map(([path]) => `gatewise${path.slice(1)}`);

/**
 * Imports every entry, and runs a seeded layer on simd, whose bits are the same on every machine.
 *
 * @param {{ exports: Record<string, unknown> }} manifest
 */
export const appOf = (manifest) => `
import { currentBackend, LSTM, Sequential } from "gatewise";
${subpaths(manifest)
  .map((path, i) => `import * as entry${i} from "${path}";`)
  .join("\n")}
export const input = [[0.5], [-1], [2]];
export const model = new Sequential([
  new LSTM({ inputSize: 1, hiddenSize: 1, seed: 0, backend: "simd" }),
]);
const { output } = model.forward(input);
export const answer = {
  auto: currentBackend(),
  output: [...output.data],
  names: [${subpaths(manifest).map((_, i) => `entry${i}`)}].map((entry) => Object.keys(entry).sort().join()),
};
`;

/**
 * The app of a page: the program of docs/runtimes/bundlers.md, the same, and the model in a worker and in an AudioWorklet.
 *
 * @param {string} app
 * @param {Threads} threads
 */
export const pageApp = (app, { worker, processor }) => `
import "./docs/bundlers/program.js";
${app}
import { createPool } from "gatewise/worker";
import { addProcessor, GatewiseNode } from "gatewise/worklet";

async function pooled() {
  const create = () => new Worker(${worker}, { type: "module" });
  const pool = createPool({ create, backend: "simd" });
  const { output } = await (await pool.load(model)).forward(input);
  pool.close();
  return [...output.data];
}

async function played() {
  const context = new OfflineAudioContext(1, 128, 48000);
  await addProcessor(context, ${processor});
  const node = new GatewiseNode(context, { model });
  await node.ready;
  const buffer = new AudioBuffer({ length: 128, sampleRate: 48000 });
  buffer.copyToChannel(Float32Array.from(input.flat()), 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(node).connect(context.destination);
  source.start();
  const heard = await context.startRendering();
  return [...heard.getChannelData(0).subarray(0, 3)];
}

globalThis.answer = (async () => ({
  ...answer,
  shown: document.body.innerText,
  pooled: await pooled(),
  played: await played(),
}))();
`;

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

/** Parcel looks at the exports of packages where the application asks for it. */
async function readExports(/** @type {string} */ cwd) {
  const path = join(cwd, "package.json");
  const manifest = JSON.parse(await readFile(path, "utf8"));
  manifest["@parcel/resolver-default"] = { packageExports: true };
  await writeFile(path, JSON.stringify(manifest));
}

/** @type {readonly Bundler[]} */
export const bundlers = [
  {
    name: "no build",
    program: process.execPath,
    threads: {
      worker: '"/node_modules/gatewise/dist/worker-script.js"',
      processor: '"/node_modules/gatewise/dist/worklet-processor.js"',
    },
    build: async (folder, _, app) => {
      const home = "node_modules/gatewise/";
      const { exports } = JSON.parse(
        await readFile(join(folder, home, "package.json"), "utf8"),
      );
      const imports = Object.fromEntries(
        Object.entries(exports).map(([path, target]) => [
          `gatewise${path.slice(1)}`,
          `/${home}${target.default ?? target}`,
        ]),
      );
      const map = `<script type="importmap">${JSON.stringify({ imports })}</script>`;
      await write(folder, {
        "index.html": page("main.js", map),
        "main.js": app,
      });
      return folder;
    },
  },
  {
    name: "Vite",
    program: inPackages(".bin/vite"),
    threads: IN_PACKAGE,
    build: async (cwd, program, app) => {
      await write(cwd, {
        "index.html": page("/main.js"),
        "main.js": app,
      });
      await output(program, ["build"], { cwd });
      return join(cwd, "dist");
    },
  },
  {
    name: "webpack",
    program: inPackages(".bin/webpack"),
    threads: IN_PACKAGE,
    build: async (cwd, program, app) => {
      await write(cwd, {
        "src/index.js": 'import "../main.js";\n',
        "main.js": app,
        "dist/index.html": page("main.js"),
      });
      await output(program, ["--mode", "production"], { cwd });
      return join(cwd, "dist");
    },
  },
  {
    name: "Rollup",
    program: inPackages(".bin/rollup"),
    threads: OWN,
    build: async (cwd, program, app) => {
      // without this plugin Rollup resolves no package
      const plugin = "@rollup/plugin-node-resolve";
      await mkdir(join(cwd, "node_modules/@rollup"), { recursive: true });
      await symlink(
        String(inPackages(plugin)),
        join(cwd, "node_modules", plugin),
      );
      await write(cwd, {
        ...OWN_FILES,
        "main.js": app,
        "dist/index.html": page("main.js"),
      });
      await output(
        program,
        [...SCRIPTS, "--dir", "dist", "--plugin", "node-resolve"],
        { cwd },
      );
      return join(cwd, "dist");
    },
  },
  {
    name: "esbuild",
    program: join(repository, "node_modules/.bin/esbuild"),
    threads: OWN,
    build: async (cwd, program, app) => {
      await write(cwd, {
        ...OWN_FILES,
        "main.js": app,
        "dist/index.html": page("main.js"),
      });
      await output(
        program,
        [...SCRIPTS, "--bundle", "--format=esm", "--outdir=dist"],
        { cwd },
      );
      return join(cwd, "dist");
    },
  },
  {
    name: "Parcel",
    program: inPackages(".bin/parcel"),
    threads: OWN,
    build: async (cwd, program, app) => {
      await readExports(cwd);
      await write(cwd, {
        ...OWN_FILES,
        "index.html": page("main.js"),
        "main.js": app,
      });
      await output(program, ["build", "index.html", "--no-cache"], { cwd });
      return join(cwd, "dist");
    },
  },
];
