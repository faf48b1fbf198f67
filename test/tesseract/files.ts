/** Tesseract's own files, where they are: Debian's packages and npm's, which the root install does not have. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { PNG } from "pngjs";
import { toGrey } from "../../src/tesseract/index.js";

const DEBIAN = "/usr/share/tesseract-ocr/5/tessdata/";
const peers = createRequire(
  new URL("../../bench/peers/package.json", import.meta.url),
);

/** Debian's "fast" file of a language; null where tesseract-ocr-… is not installed. */
export function debian(language: string): Uint8Array | null {
  const path = `${DEBIAN}${language}.traineddata`;
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : null;
}

/** English of npm's @tesseract.js-data/eng, beside tesseract.js in bench/peers; null where that is not installed. */
export function npm(variant: "4.0.0" | "4.0.0_best_int"): Uint8Array | null {
  try {
    const path = `@tesseract.js-data/eng/${variant}/eng.traineddata.gz`;
    return new Uint8Array(gunzipSync(readFileSync(peers.resolve(path))));
  } catch {
    return null;
  }
}

export const greyPng = (path: URL) => toGrey(PNG.sync.read(readFileSync(path)));
