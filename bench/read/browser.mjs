/** The bench's part in Chromium and Firefox. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundled, openPages, PAGE, root } from "../lib/pages.mjs";
import { readyInTurns } from "../lib/ready.mjs";
import { NO_DICTIONARIES } from "./files.mjs";

const PEER = '<script src="/tesseract/tesseract.min.js"></script>';
const MEASURE = `${PAGE}${PEER}<script type="module" src="/bench/read/page.mjs"></script>`;

/** What a page with gatewise does until it can read. @param {string} model */
const ours = (model) => `
import { load, toGrey } from "gatewise/tesseract";
const answer = await fetch("/models/${model}.traineddata");
globalThis.read = [load(await answer.arrayBuffer()).recognizer, toGrey];
globalThis.ready = performance.now();
`;

/** The same with tesseract.js. @param {string} model */
const theirs = (model) => `${PAGE}${PEER}<script type="module">
globalThis.worker = await Tesseract.createWorker("${model}", 1, {
  workerPath: "/tesseract/worker.min.js",
  corePath: "/core/",
  langPath: "/models",
  gzip: false,
  cacheMethod: "none",
  workerBlobURL: false,
});
globalThis.ready = performance.now();
</script>`;

/**
 * @param {import("../lib/pages.mjs").Host} host @param {string} folder with NAME.traineddata
 * @returns {Promise<import("./node.mjs").Place>}
 */
export async function browser(host, folder) {
  const peer = (/** @type {string} */ name) =>
    join(root, "bench/peers/node_modules", name);
  const pages = await openPages(host, {
    "/tesseract/": peer("tesseract.js/dist"),
    "/core/": peer("tesseract.js-core"),
    "/models/": folder,
    "/dist/": join(root, "dist"),
    "/bench/": join(root, "bench"),
  });
  pages.made.set("/measure.html", MEASURE);
  return {
    name: pages.name,
    read: (model, list, page) => {
      const files = list.map(({ file }, i) => {
        pages.made.set(`/pictures/${i}.png`, readFileSync(file));
        return `/pictures/${i}.png`;
      });
      const args = [model, files, page, NO_DICTIONARIES];
      return pages.measured("/measure.html", "read", ...args);
    },
    ready: async (model, rounds) =>
      readyInTurns(pages, await bundled(ours(model)), theirs(model), rounds),
    close: pages.close,
  };
}
