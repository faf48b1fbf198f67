/** The bench's part in Chromium and Firefox, in pages that are opened as users open them. */
import { basename, join } from "node:path";
import { bundled, openPages, PAGE, root } from "../lib/pages.mjs";
import { readyInTurns } from "../lib/ready.mjs";
import { ORT, packageFolder, SILERO, VAD } from "./peers.mjs";

const PEER =
  '<script src="/ort/ort.wasm.min.js"></script><script src="/vad/bundle.min.js"></script>';
const MEASURE = `${PAGE}${PEER}<script type="module" src="/bench/audio/page.mjs"></script>`;

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

/**
 * @param {import("../lib/pages.mjs").Host} host
 * @param {Readonly<Record<string, Float32Array>>} sounds
 * @returns {Promise<import("./node.mjs").Place>}
 */
export async function browser(host, sounds) {
  const pages = await openPages(host, {
    "/vad/": join(packageFolder(VAD), "dist/"),
    "/ort/": join(packageFolder(ORT), "dist/"),
    "/models/": join(root, "../shared/conformance/models/onnx/"),
    "/dist/": join(root, "dist/"),
    "/bench/audio/": join(root, "bench/audio/"),
  });
  pages.made.set("/measure.html", MEASURE);
  pages.made.set("/empty.html", PAGE);
  for (const [name, { buffer }] of Object.entries(sounds))
    pages.made.set(`/sound/${name}`, new Uint8Array(buffer));
  const addresses = (/** @type {readonly string[]} */ files) =>
    files.map((file) =>
      file.includes(VAD)
        ? `/vad/${basename(file)}`
        : `/models/${basename(file)}`,
    );
  return {
    name: pages.name,
    voices: (model, size) =>
      pages.measured("/measure.html", "voices", model, size),
    ready: async (model, rounds) => {
      const size = SILERO[/** @type {keyof typeof SILERO} */ (model)];
      const script = await bundled(ours(model, size));
      return readyInTurns(pages, script, theirs(model, size), rounds);
    },
    suppressions: (model, files) =>
      pages.measured("/measure.html", "suppressions", model, addresses(files)),
    quanta: (model, files) =>
      pages.measured("/measure.html", "quanta", model, addresses(files)),
    close: pages.close,
  };
}
