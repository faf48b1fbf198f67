/** Pages for what is measured in browsers: a server that notes what is fetched, and each page in a profile of its own. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import {
  chromium,
  firefox,
  launch,
} from "../../test/everywhere/hosts/browsers.mjs";
import { inPackages } from "../../test/everywhere/hosts/runtimes.mjs";

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

export const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';

/** @typedef {{ name: string, program: string | undefined, options: Record<string, unknown> }} Host */

/** Chromium and Firefox, where they are installed. @returns {Host[]} */
export const hosts = () =>
  [
    { name: "Chromium", ...chromium },
    { name: "Firefox", ...firefox },
  ].filter(({ name, program }) => {
    const there = program && inPackages("puppeteer-core/package.json");
    if (!there) console.log(`${name}: not installed, left out`);
    return there;
  });

/** An application as a bundler leaves it. @param {string} contents that imports entries of gatewise */
export async function bundled(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    alias: Object.fromEntries(
      ["audio", "tesseract"].map((entry) => [
        `gatewise/${entry}`,
        join(root, `dist/${entry}/index.js`),
      ]),
    ),
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return String(outputFiles[0]?.text);
}

const gzipped = (/** @type {string | Uint8Array} */ bytes) =>
  gzipSync(bytes, { level: 9 }).length;

/**
 * @param {Host} host
 * @param {Readonly<Record<string, string>>} folders of files, by the paths under which pages find them
 */
export async function openPages({ name, program, options }, folders) {
  /** Files that are made here. @type {Map<string, string | Uint8Array>} */
  const made = new Map();
  /** What was fetched; compressed only when all is timed. @type {Map<string, string | Uint8Array>} */
  const fetched = new Map();
  /** Of large files, which take a second. @type {Map<string, number>} */
  const sizes = new Map();
  /** Read once: disks are not what is measured. @type {Map<string, Uint8Array>} */
  const read = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    try {
      const body =
        made.get(pathname) ??
        read.get(pathname) ??
        inFolders(folders, pathname);
      if (typeof body !== "string") read.set(pathname, body);
      fetched.set(pathname, body);
      response.writeHead(200, {
        "content-type": TYPES[extname(pathname)] ?? "application/octet-stream",
        "cache-control": "no-store",
        // for SharedArrayBuffer and exact clocks
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => resolve(null)),
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : address;
  const { browser, close } = await launch(String(program), options);
  const version = /[\d.]+/.exec(await browser.version())?.[0] ?? "";

  /** @template T @param {string} path @param {(page: any) => Promise<T>} use */
  const inFresh = async (path, use) => {
    const context = await browser.createBrowserContext();
    /** @type {string[]} */
    const errors = [];
    try {
      const page = await context.newPage();
      page.on("pageerror", (/** @type {unknown} */ error) =>
        errors.push(String(error)),
      );
      await page.goto(`http://localhost:${port}${path}`);
      return await use(page);
    } catch (error) {
      throw new Error([String(error), ...errors].join("; "), { cause: error });
    } finally {
      await context.close();
    }
  };

  return {
    name: `${name} ${version.split(".")[0]}`,
    made,
    inFresh,
    /** What `measure` of a page resolves to. @param {string} path @param {string} what @param {unknown[]} args */
    measured: (path, what, ...args) =>
      inFresh(path, async (page) => {
        await page.waitForFunction("globalThis.measure");
        return page.evaluate(`measure.${what}(...${JSON.stringify(args)})`);
      }),
    /**
     * Milliseconds from the start of loading a page until its globalThis.ready, and what it fetched for that.
     *
     * @param {string} path
     */
    ready: async (path) => {
      fetched.clear();
      const time = await inFresh(path, async (page) => {
        await page.waitForFunction("globalThis.ready", { polling: 20 });
        return /** @type {number} */ (await page.evaluate("ready"));
      });
      const download = [...fetched]
        .filter(([file]) => file !== path)
        .map(([file, body]) => {
          const key = `${file} ${body.length}`;
          const size = sizes.get(key) ?? gzipped(body);
          sizes.set(key, size);
          return { file, gzipped: size };
        });
      return { time, download };
    },
    close: async () => {
      await close();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** @param {Readonly<Record<string, string>>} folders @param {string} pathname */
function inFolders(folders, pathname) {
  const [path, folder] =
    Object.entries(folders).find(([start]) => pathname.startsWith(start)) ?? [];
  if (!path || !folder || pathname.includes("..")) throw new Error(pathname);
  return readFileSync(join(folder, pathname.slice(path.length)));
}
