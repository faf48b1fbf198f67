// node ready.mjs ours|theirs FOLDER MODEL: milliseconds from before anything is loaded until lines can be read, as a process
// of its own prints them.
import { readFileSync } from "node:fs";

const [side, folder = "", model = ""] = process.argv.slice(2);
const started = performance.now();
if (side === "ours") {
  const { load } = await import("../../dist/tesseract/index.js");
  load(readFileSync(`${folder}/${model}.traineddata`));
  console.log(performance.now() - started);
} else {
  const { openTesseractJs } = await import("./tesseract-js.mjs");
  const worker = await openTesseractJs(folder, model, false, {});
  console.log(performance.now() - started);
  await worker.terminate();
}
