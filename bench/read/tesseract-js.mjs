/** tesseract.js of bench/peers, in Node. */
import { createRequire } from "node:module";

const peers = createRequire(new URL("../peers/package.json", import.meta.url));

/** @param {string} folder @param {string} model @param {boolean} page @param {Record<string, string>} config */
export async function openTesseractJs(folder, model, page, config) {
  const { createWorker, OEM, PSM } = peers("tesseract.js");
  const options = { langPath: folder, gzip: false, cacheMethod: "none" };
  const worker = await createWorker(model, OEM.LSTM_ONLY, options, config);
  await worker.setParameters({
    tessedit_pageseg_mode: page ? PSM.SINGLE_BLOCK : PSM.SINGLE_LINE,
  });
  return worker;
}
