// @ts-nocheck: runs in a page, in which Tesseract is a global of tesseract.js's own script
import { load, toGrey } from "/dist/tesseract/index.js";
import { inTurns } from "/bench/read/turns.mjs";

const blobsOf = (files) =>
  Promise.all(files.map(async (file) => (await fetch(file)).blob()));

/** As examples/read has them. */
async function greyOf(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  return toGrey(context.getImageData(0, 0, width, height));
}

async function gatewise(model, blobs, page, precision) {
  const answer = await fetch(`/models/${model}.traineddata`);
  const { recognizer } = load(await answer.arrayBuffer(), { precision });
  return {
    name: precision ? `gatewise, ${precision}` : "gatewise",
    read: async () => {
      const texts = [];
      for (const blob of blobs) {
        const image = await greyOf(blob);
        const found = page
          ? recognizer.recognizePage(image)
          : recognizer.recognize(image);
        texts.push(found.text);
      }
      return texts;
    },
  };
}

async function tesseractJs(model, blobs, page, config) {
  const worker = await Tesseract.createWorker(
    model,
    1,
    {
      workerPath: "/tesseract/worker.min.js",
      corePath: "/core/",
      langPath: "/models",
      gzip: false,
      cacheMethod: "none",
      workerBlobURL: false,
    },
    config,
  );
  const mode = page ? Tesseract.PSM.SINGLE_BLOCK : Tesseract.PSM.SINGLE_LINE;
  await worker.setParameters({ tessedit_pageseg_mode: mode });
  return {
    name: Object.keys(config).length
      ? "tesseract.js, no dictionaries"
      : "tesseract.js",
    read: async () => {
      const texts = [];
      for (const blob of blobs)
        texts.push((await worker.recognize(blob)).data.text);
      return texts;
    },
    close: () => worker.terminate(),
  };
}

globalThis.measure = {
  read: async (model, files, page, noDictionaries) => {
    const blobs = await blobsOf(files);
    const theirs = [
      await tesseractJs(model, blobs, page, {}),
      await tesseractJs(model, blobs, page, noDictionaries),
    ];
    const all = await inTurns([
      await gatewise(model, blobs, page, undefined),
      await gatewise(model, blobs, page, "float32"),
      await gatewise(model, blobs, page, "int8-fast"),
      ...theirs,
    ]);
    for (const { close } of theirs) await close();
    return all;
  },
};
