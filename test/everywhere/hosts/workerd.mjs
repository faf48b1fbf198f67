// workerd, Cloudflare's runtime, with the worker bundled as wrangler bundles it: esbuild with these conditions, and
// each .wasm a module of its own. And without the condition workerd, as on platforms that nobody has thought of.
import { spawn } from "node:child_process";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { ask, freePort } from "./net.mjs";
import { inPackages, output, versionIn } from "./runtimes.mjs";

/** Marks a path that the plug-in asks esbuild for. */
const OURS = Symbol("ours");
const WRANGLER = ["workerd", "worker", "browser"];
const OTHER = ["worker", "browser"];

/**
 * @param {string} entry
 * @param {string} folder where the bundle, the binaries and the configuration go
 * @param {string[]} conditions
 */
async function bundle(entry, folder, conditions) {
  /** @type {Set<string>} */
  const binaries = new Set();
  await build({
    entryPoints: [entry],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    conditions,
    plugins: [
      {
        name: "wasm modules",
        setup: ({ onResolve, resolve }) => {
          onResolve({ filter: /\.wasm$/ }, async (asked) => {
            if (asked.pluginData === OURS) return undefined;
            const { importer, kind, resolveDir } = asked;
            const { path } = await resolve(asked.path, {
              importer,
              kind,
              resolveDir,
              pluginData: OURS,
            });
            const name = basename(path);
            await cp(path, join(folder, name));
            binaries.add(name);
            return { path: `./${name}`, external: true };
          });
        },
      },
    ],
  });
  return [...binaries];
}

/**
 * Serves the worker in `folder`.
 *
 * @param {string} program
 * @param {string} entry
 * @param {string} folder
 * @param {string[]} conditions
 */
async function serveWorker(program, entry, folder, conditions) {
  await mkdir(folder, { recursive: true });
  const binaries = await bundle(entry, folder, conditions);
  const port = await freePort();
  const modules = [
    '(name = "worker.js", esModule = embed "worker.js")',
    ...binaries.map((name) => `(name = "${name}", wasm = embed "${name}")`),
  ];
  await writeFile(
    join(folder, "config.capnp"),
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [${modules.join(", ")}],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
`,
  );
  const server = spawn(program, ["serve", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  const url = `http://127.0.0.1:${port}/`;
  return {
    url,
    close: async () => {
      server.kill();
      await exited;
    },
  };
}

const program = inPackages("workerd/bin/workerd");

/**
 * What a worker answers.
 *
 * @param {string} entry
 * @param {string} folder
 * @param {string[]} conditions
 */
async function answerOf(entry, folder, conditions) {
  const worker = await serveWorker(String(program), entry, folder, conditions);
  try {
    const response = await ask(worker.url);
    if (!response.ok) throw new Error(await response.text());
    return await response.text();
  } finally {
    await worker.close();
  }
}

/** @type {import("./host.mjs").Host} */
export const workerd = {
  name: "workerd",
  program,
  open: async ({ folder }) => {
    const guest = async (
      /** @type {string} */ name,
      /** @type {string[]} */ conditions,
    ) =>
      JSON.parse(
        await answerOf(
          join(folder, "guests", `${name}.mjs`),
          join(folder, name),
          conditions,
        ),
      );
    return {
      version: versionIn(await output(String(program), ["--version"])),
      places: [
        {
          name: "worker",
          backends: ["relaxed", "simd", "js"],
          facts: { webAssembly: "refused" },
          run: () => guest("workerd", WRANGLER),
        },
        {
          name: "init({ module })",
          backends: ["simd", "js"],
          facts: { webAssembly: "refused" },
          run: () => guest("edge", OTHER),
        },
      ],
      pages: ["workerd", "edge"],
      opens: ".mjs",
      show: ({ folder: page, entry }) => {
        const cwd = join(folder, page);
        const conditions = page.endsWith("edge") ? OTHER : WRANGLER;
        return answerOf(join(cwd, entry), join(cwd, "served"), conditions);
      },
    };
  },
};
