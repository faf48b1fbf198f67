/**
 * Reads a PNG of a line or a clean page, with Tesseract's own file and no Tesseract.
 *
 *     npm run build && node examples/read/read.mjs examples/read/page.png [file.traineddata]
 *
 * Without a file it takes that of Debian's tesseract-ocr-eng.
 */
import { readFileSync } from "node:fs";
import { PNG } from "pngjs";
import { load, toGrey } from "../../dist/tesseract/index.js";

const [image, model = "/usr/share/tesseract-ocr/5/tessdata/eng.traineddata"] =
  process.argv.slice(2);
if (!image) {
  console.error("usage: node examples/read/read.mjs image.png [file]");
  process.exit(2);
}

const started = performance.now();
const { recognizer } = load(readFileSync(model));
const loaded = performance.now();
const grey = toGrey(PNG.sync.read(readFileSync(image)));
const { text, confidence, lines } = recognizer.recognizePage(grey);
const done = performance.now();

console.log(text || "no text found");
const ms = (time) => `${time.toFixed(0)} ms`;
console.error(
  `${lines.length} lines, ${(100 * confidence).toFixed(1)} % sure; model ${ms(loaded - started)}, reading ${ms(done - loaded)}`,
);
