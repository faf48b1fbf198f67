/** Models that read: nnsplit on the prose of docs/, Tesseract's lines and page, digits. */
import { readFileSync } from "node:fs";
import { Graph } from "gatewise/onnx";
import { load, toGrey } from "gatewise/tesseract";
import { PNG } from "pngjs";
import { casesOf, passOf } from "../lib/conformance.mjs";
import {
  models as tesseractModels,
  pictures,
  wrongIn,
} from "../read/files.mjs";
import { inEach, inPrecision, keyOf } from "./precisions.mjs";

/** @typedef {import("./precisions.mjs").Precision} Precision */
/** @typedef {import("./tables.mjs").Task} Task */

/** @returns {Task[]} */
export const reading = () => [...splits(), ...digits(), ...characters()];

/** @param {import("../lib/conformance.mjs").AnyModel} a @param {typeof a} b */
const sizes = (a, b) => ({ float32: a.save().length, int8: b.save().length });

const PIECE = 400; // bytes

/** @returns {Task[]} where tokens and sentences end, byte for byte */
function splits() {
  const own = casesOf("onnx")?.find(({ file }) => file === "nnsplit_en.onnx");
  if (!own) return [];
  const pages = ["docs/models.md", "docs/training.md", "docs/audio.md"];
  // prose alone, as it would be said
  const text = pages
    .map((page) => `${readFileSync(new URL(`../../${page}`, import.meta.url))}`)
    .join("\n")
    .split("\n")
    .filter((line) => /^[A-Z][^|`]{80,}$/.test(line))
    .join(" ")
    .toLowerCase()
    .replace(/[^a-z ]+/g, "");
  const pieces = Math.floor(text.length / PIECE);
  const models = inEach((precision) => inPrecision(own, precision));
  const ends = inEach((precision) => {
    const model = models[keyOf(precision)];
    if (!(model instanceof Graph)) throw new Error("nnsplit: expected a graph");
    return Array.from({ length: pieces }, (_, i) => {
      const bytes = Buffer.from(text.slice(i * PIECE, (i + 1) * PIECE));
      const input = { shape: [1, PIECE], data: Float32Array.from(bytes) };
      const { data = [] } = model.run({ input })["output"] ?? {};
      return Array.from(data, (logit) => logit > 0);
    }).flat();
  });
  const differ = (/** @type {boolean[]} */ list) =>
    list.filter((end, i) => end !== ends.float32[i]).length;
  return [
    {
      task: "text: nnsplit, prose of these pages",
      figure: "ends of words and sentences that differ",
      kind: "count",
      of: ends.float32.filter(Boolean).length,
      int8: differ(ends.int8),
      fast: differ(ends.fast),
      bytes: sizes(models.float32, models.int8),
      timed: [own.file],
    },
  ];
}

/** @returns {Task[]} of TensorFlow Lite's two models of MNIST */
const digits = () =>
  (casesOf("tflite") ?? [])
    .filter(({ file }) => file.startsWith("mnist"))
    .map((own) => {
      const models = inEach((precision) => inPrecision(own, precision));
      const read = (/** @type {typeof models.int8} */ model) => {
        const [scores = new Float32Array()] = Object.values(
          passOf(model, own)(),
        );
        return Array.from({ length: scores.length / 10 }, (_, i) => {
          const ten = scores.subarray(10 * i, 10 * i + 10);
          return ten.indexOf(Math.max(...ten));
        });
      };
      const exact = read(models.float32);
      const differ = (/** @type {typeof models.int8} */ model) =>
        read(model).filter((digit, i) => digit !== exact[i]).length;
      return {
        task: own.file.includes("int8")
          ? "the same, integers in the file"
          : "recognition: MNIST, LSTM",
        figure: "digits that differ",
        kind: /** @type {const} */ ("count"),
        of: exact.length,
        int8: differ(models.int8),
        fast: differ(models.fast),
        bytes: sizes(models.float32, models.int8),
        timed: [own.file],
      };
    });

/** @returns {Task[]} of Tesseract's files, whose integers are kept */
function characters() {
  const { lines, page } = pictures();
  const of = [...lines, ...page].reduce(
    (sum, { text }) => sum + text.length,
    0,
  );
  return Object.entries(tesseractModels()).map(([name, bytes]) => {
    const wrong = inEach((precision) => {
      const { recognizer } = load(bytes, { precision });
      const images = (/** @type {typeof lines} */ list) =>
        list.map(({ file }) => toGrey(PNG.sync.read(readFileSync(file))));
      return (
        wrongIn(
          lines,
          images(lines).map((image) => recognizer.recognize(image).text),
        ) +
        wrongIn(
          page,
          images(page).map((image) => recognizer.recognizePage(image).text),
        )
      );
    });
    return {
      task: `Tesseract, eng ${name}`,
      figure: "characters wrong",
      kind: /** @type {const} */ ("count"),
      of,
      ...wrong,
    };
  });
}
