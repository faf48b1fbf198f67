/**
 * What was measured, as the tables of docs/tesseract.md.
 *
 * @typedef {{ ours: number, theirs: number }} Ready milliseconds
 * @typedef {{ place: string, model: string, pictures: string, reader: string, wrong: number, of: number, line: number }} Row
 *
 * @typedef {object} Results
 * @property {Record<string, string>} host
 * @property {string} peer tesseract.js's version
 * @property {Row[]} rows
 * @property {{ place: string, model: string, ours: number, theirs: number }[]} ready
 * @property {Record<string, { ours: import("../audio/node.mjs").Download, theirs: import("../audio/node.mjs").Download }>} downloads by model
 */
import { digits, kB, time } from "../lib/text.mjs";
import { measuredOn } from "../lib/host.mjs";
import { table } from "../lib/markdown.mjs";

/** @param {Results} results */
export function tables({ host, peer, rows, ready, downloads }) {
  const ours = (/** @type {Row} */ row) =>
    rows.find(
      ({ place, model, pictures, reader }) =>
        reader === "gatewise" &&
        place === row.place &&
        model === row.model &&
        pictures === row.pictures,
    )?.line ?? NaN;
  return [
    `${measuredOn(host)}, one thread each, beside tesseract.js ${peer}: the shortest of five rounds in turns, pictures decoded. Ratios are to gatewise.`,
    table(
      ["file", "pictures", "in", "reader", "wrong", "a line", ""],
      rows.map((row) => [
        row.model,
        row.pictures,
        row.place,
        row.reader,
        `${row.wrong} of ${row.of}`,
        time(row.line),
        row.reader === "gatewise" ? "" : `${digits(row.line / ours(row))} ×`,
      ]),
    ),
    table(
      ["ready, cold: file", "in", "gatewise", "tesseract.js", ""],
      ready.map(({ model, place, ours: own, theirs }) => [
        model,
        place,
        time(own),
        time(theirs),
        `${digits(theirs / own)} ×`,
      ]),
    ),
    table(
      ["what a page loads, gzipped", "by", "code", "the file", "all"],
      Object.entries(downloads).flatMap(([model, both]) =>
        /** @type {const} */ ([
          ["gatewise", both.ours],
          ["tesseract.js", both.theirs],
        ]).map(([name, files]) => {
          const [data, code] = [true, false].map((wanted) =>
            files
              .filter(({ file }) => file.includes(".traineddata") === wanted)
              .reduce((sum, { gzipped }) => sum + gzipped, 0),
          );
          const all = Number(data) + Number(code);
          return [model, name, kB(Number(code)), kB(Number(data)), kB(all)];
        }),
      ),
    ),
  ]
    .filter(Boolean)
    .join("\n\n");
}
