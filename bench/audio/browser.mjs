/** The bench's part in Chromium and Firefox: a server, and pages that are opened as users open them. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { launch } from "../../test/everywhere/hosts/browsers.mjs";
import { ORT, packageFolder, root, SILERO, VAD } from "./peers.mjs";
import { median } from "./voice.mjs";

/** @type {Record<string, string>} */
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">';
const PEER =
  '<script src="/ort/ort.wasm.min.js"></script><script src="/vad/bundle.min.js"></script>';

/** What a page with gatewise does until a frame is answered. @param {string} model @param {number} size */
const ours = (model, size) => `
import { VoiceActivity } from "gatewise/audio";
const answer = await fetch("/vad/silero_vad_${model}.onnx");
const vad = new VoiceActivity({
  model: new Uint8Array(await answer.arrayBuffer()),
  onFrameProcessed: () => (globalThis.ready = performance.now()),
});
vad.process(new Float32Array(${size}));
`;

/** What a page with vad-web does, as its docs say. @param {string} model @param {number} size */
const theirs = (model, size) => `${PAGE}${PEER}<script type="module">
const mic = await vad.MicVAD.new({
  model: "${model}",
  startOnLoad: false,
  baseAssetPath: "/vad/",
  onnxWASMBasePath: "/ort/",
  onFrameProcessed: () => (globalThis.ready = performance.now()),
});
mic.frameProcessor.resume();
await mic.processFrame(new Float32Array(${size}));
</script>`;

/** @param {string} contents */
async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    alias: { "gatewise/audio": join(root, "dist/audio/index.js") },
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    write: false,
    logLevel: "error",
  });
  return String(outputFiles[0]?.text);
}

/** Serves files by the folders that pages know; notes what is fetched. */
async function serve(
  /** @type {Readonly<Record<string, Float32Array>>} */ sounds,
) {
  /** @type {Map<string, string | Uint8Array>} */
  const made = new Map([
    [
      "/measure.html",
      `${PAGE}${PEER}<script type="module" src="/bench/audio/page.mjs"></script>`,
    ],
    ["/empty.html", PAGE],
  ]);
  for (const [name, { buffer }] of Object.entries(sounds))
    made.set(`/sound/${name}`, new Uint8Array(buffer));
  const folders = [
    ["/vad/", join(packageFolder(VAD), "dist/")],
    ["/ort/", join(packageFolder(ORT), "dist/")],
    ["/models/", join(root, "../shared/conformance/models/onnx/")],
    ["/dist/", join(root, "dist/")],
    ["/bench/audio/", join(root, "bench/audio/")],
  ];
  /** @type {Map<string, number>} gzipped */
  const fetched = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const [path, folder] =
      folders.find(([start]) => pathname.startsWith(String(start))) ?? [];
    try {
      const body =
        made.get(pathname) ??
        readFileSync(join(String(folder), pathname.slice(String(path).length)));
      fetched.set(pathname, gzipSync(body, { level: 9 }).length);
      response.writeHead(200, {
        "content-type": TYPES[extname(pathname)] ?? "application/octet-stream",
        "cache-control": "no-store",
        // for SharedArrayBuffer and exact clocks where something is timed inside a page
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
  return {
    origin: `http://localhost:${port}`,
    made,
    fetched,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/**
 * @param {{ name: string, program: string | undefined, options: Record<string, unknown> }} host
 * @param {Readonly<Record<string, Float32Array>>} sounds
 * @returns {Promise<import("./node.mjs").Place>}
 */
export async function browser({ name, program, options }, sounds) {
  const { browser: driver, close } = await launch(String(program), options);
  const server = await serve(sounds);
  const version = /[\d.]+/.exec(await driver.version())?.[0] ?? "";

  /** @template T @param {string} path @param {(page: any) => Promise<T>} use */
  const inFresh = async (path, use) => {
    const context = await driver.createBrowserContext();
    try {
      const page = await context.newPage();
      /** @type {string[]} */
      const errors = [];
      page.on("pageerror", (/** @type {unknown} */ error) =>
        errors.push(String(error)),
      );
      await page.goto(server.origin + path);
      try {
        return await use(page);
      } catch (error) {
        throw new Error([String(error), ...errors].join("; "));
      }
    } finally {
      await context.close();
    }
  };
  const measured = (
    /** @type {string} */ what,
    /** @type {unknown[]} */ ...args
  ) =>
    inFresh("/measure.html", async (page) => {
      await page.waitForFunction("globalThis.measure");
      return page.evaluate(`measure.${what}(...${JSON.stringify(args)})`);
    });
  const addresses = (/** @type {readonly string[]} */ files) =>
    files.map((file) =>
      file.includes("vad-web")
        ? `/vad/${file.split("/").at(-1)}`
        : `/models/${file.split("/").at(-1)}`,
    );

  return {
    name: `${name} ${version}`,
    voices: (model, size) => measured("voices", model, size),
    ready: async (model, rounds) => {
      const size = SILERO[/** @type {keyof typeof SILERO} */ (model)];
      server.made.set("/ours.js", await bundle(ours(model, size)));
      server.made.set(
        "/ours.html",
        `${PAGE}<script type="module" src="/ours.js"></script>`,
      );
      server.made.set("/theirs.html", theirs(model, size));
      const once = async (/** @type {string} */ path) => {
        server.fetched.clear();
        const time = await inFresh(path, async (page) => {
          await page.waitForFunction("globalThis.ready", { polling: 20 });
          return /** @type {number} */ (await page.evaluate("ready"));
        });
        const download = [...server.fetched]
          .filter(([file]) => file !== path)
          .map(([file, gzipped]) => ({ file, gzipped }));
        return { time, download };
      };
      await inFresh("/empty.html", async () => undefined);
      const [first, second] = [[], []].map(
        (all) => /** @type {Awaited<ReturnType<typeof once>>[]} */ (all),
      );
      for (let i = 0; i < rounds; i++) {
        first?.push(await once("/ours.html"));
        second?.push(await once("/theirs.html"));
      }
      const times = (/** @type {typeof first} */ all) =>
        median((all ?? []).map(({ time }) => time));
      return {
        ours: times(first),
        theirs: times(second),
        downloads: {
          ours: first?.[0]?.download ?? [],
          theirs: second?.[0]?.download ?? [],
        },
      };
    },
    suppressions: (model, files) =>
      measured("suppressions", model, addresses(files)),
    quanta: (model, files) => measured("quanta", model, addresses(files)),
    close: async () => {
      await close();
      server.close();
    },
  };
}
