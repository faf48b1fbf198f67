// workerd, Cloudflare's runtime, with the worker bundled as wrangler bundles it: esbuild with these conditions, and
// each .wasm a module of its own.
import { spawn } from "node:child_process";
import { cp, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { ask, freePort } from "./net.mjs";
import { inPackages, output, versionIn } from "./runtimes.mjs";

/**
 * @param {string} entry
 * @param {string} folder where the bundle, the binaries and the configuration go
 */
async function bundle(entry, folder) {
  /** @type {Set<string>} */
  const binaries = new Set();
  await build({
    entryPoints: [entry],
    outfile: join(folder, "worker.js"),
    bundle: true,
    format: "esm",
    conditions: ["workerd", "worker", "browser"],
    plugins: [
      {
        name: "wasm modules",
        setup: ({ onResolve }) => {
          onResolve({ filter: /\.wasm$/ }, async ({ path, importer }) => {
            const source = join(dirname(importer), path);
            const name = basename(path);
            await cp(source, join(folder, name));
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
 */
export async function serveWorker(program, entry, folder) {
  const binaries = await bundle(entry, folder);
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

/** @type {import("./host.mjs").Host} */
export const workerd = {
  name: "workerd",
  program,
  open: async ({ folder }) => {
    const { url, close } = await serveWorker(
      String(program),
      join(folder, "guests/workerd.mjs"),
      folder,
    );
    return {
      version: versionIn(await output(String(program), ["--version"])),
      places: [
        {
          name: "worker",
          backends: ["relaxed", "simd", "js"],
          facts: { webAssembly: "refused" },
          run: async () => {
            const response = await ask(url);
            if (!response.ok) throw new Error(await response.text());
            return response.json();
          },
        },
      ],
      pages: ["workerd"],
      show: async ({ folder: page, entry }) => {
        const cwd = join(folder, page);
        const worker = await serveWorker(
          String(program),
          join(cwd, entry),
          cwd,
        );
        try {
          return await (await ask(worker.url)).text();
        } finally {
          await worker.close();
        }
      },
      close,
    };
  },
};
