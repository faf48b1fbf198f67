/**
 * What was measured, as the tables of docs/audio.md.
 *
 * @typedef {import("./node.mjs").Download} Download
 *
 * @typedef {object} Results
 * @property {Record<string, string>} host
 * @property {Record<string, string>} peers their versions
 * @property {{ name: string, voices: Record<string, import("./voice.mjs").Voices & { ready: { ours: number, theirs: number } }>, suppressions: Record<string, import("./noise.mjs").Suppressed>, quanta: Record<string, import("./quanta.mjs").Quanta> }[]} places
 * @property {Record<string, { ours: Download, theirs: Download }>} downloads by Silero's version
 * @property {{ noise: string, before: number, after: Record<string, number> }[]} signal decibels
 */
import { measuredOn } from "../lib/host.mjs";
import { table } from "../lib/markdown.mjs";
import { digits, kB, time } from "../lib/text.mjs";

/** @param {number} theirs @param {number} ours */
const ratio = (theirs, ours) => `${digits(theirs / ours)} ×`;

/** @param {Results} results */
export function tables(results) {
  const { host, peers } = results;
  const versions = Object.entries(peers).map((each) => each.join(" "));
  return [
    `${measuredOn(host)}, one thread, beside ${versions.join(" and ")}. Medians; a ratio is theirs over ours.`,
    voices(results),
    segments(results),
    downloads(results),
    suppressions(results),
    quanta(results),
    signal(results),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** @param {Results} results */
function voices({ places }) {
  const rows = places.flatMap(({ name, voices }) =>
    Object.entries(voices).map(([model, { ours, theirs, ready }]) => [
      `Silero ${model}`,
      name,
      time(ours.frame),
      time(theirs.frame),
      ratio(theirs.frame, ours.frame),
      time(ready.ours),
      time(ready.theirs),
      ratio(ready.theirs, ready.ours),
    ]),
  );
  return table(
    ["model", "in", "a frame", "vad-web", "", "ready, cold", "vad-web", ""],
    rows,
  );
}

/** @param {Results} results */
function segments({ places }) {
  const all = places.flatMap(({ name, voices }) =>
    Object.entries(voices).map(([model, voice]) => ({ name, model, ...voice })),
  );
  const differing = all
    .filter(({ ours, theirs }) => `${ours.segments}` !== `${theirs.segments}`)
    .map(
      ({ name, model, ours, theirs }) =>
        `**${model}, ${name}: ${ours.segments.join(", ")}; vad-web ${theirs.segments.join(", ")}.**`,
    );
  if (!all.length) return "";
  const [most] = all.map(({ difference }) => difference).sort((a, b) => b - a);
  const seen = new Set();
  const rows = all
    .filter(({ model, ours }) => {
      const key = `${model} ${ours.segments}`;
      return !seen.has(key) && seen.add(key);
    })
    .map(({ model, frames, ours }) => [
      `Silero ${model}`,
      `${frames}`,
      ours.segments.join(", "),
    ]);
  return [
    `On 60 s of speech, first frame to last (samples of the segment's audio): ${differing.length ? "" : "the same by both, everywhere; "}probabilities differ by ${Number(most).toExponential(0)} at most.`,
    ...differing,
    table(["model", "frames", "segments"], rows),
  ].join("\n\n");
}

/** @param {Results} results */
function downloads({ downloads }) {
  const sum = (
    /** @type {Download} */ files,
    /** @type {(file: string) => boolean} */ which,
  ) =>
    files
      .filter(({ file }) => which(file))
      .reduce((total, { gzipped }) => total + gzipped, 0);
  const isWasm = (/** @type {string} */ file) => file.endsWith(".wasm");
  const isModel = (/** @type {string} */ file) => file.endsWith(".onnx");
  const rows = Object.entries(downloads).flatMap(([model, both]) =>
    /** @type {const} */ ([
      ["gatewise", both.ours],
      ["vad-web", both.theirs],
    ]).map(([name, files]) => [
      `Silero ${model}`,
      name,
      kB(sum(files, (file) => !isWasm(file) && !isModel(file))),
      kB(sum(files, isWasm)),
      kB(sum(files, isModel)),
      kB(sum(files, () => true)),
    ]),
  );
  return table(
    [
      "what a page loads, gzipped",
      "by",
      "JavaScript",
      "WebAssembly",
      "the model",
      "all",
    ],
    rows,
  );
}

/** @param {Results} results */
function suppressions({ places }) {
  const rows = places.flatMap(({ name, suppressions }) =>
    Object.entries(suppressions).map(
      ([model, { ours, theirs, difference }]) => [
        model,
        name,
        time(ours),
        time(theirs),
        ratio(theirs, ours),
        difference.toExponential(0),
      ],
    ),
  );
  return table(
    ["model", "in", "a frame", "onnxruntime-web", "", "sound differs by"],
    rows,
  );
}

/** @param {Results} results */
function quanta({ places }) {
  const rows = places.flatMap(({ name, quanta }) =>
    Object.entries(quanta).map(
      ([model, { mean, calmest, worst, load, latency, missed, quanta }]) => [
        model,
        name,
        Number.isFinite(load) ? `${digits(100 * load)} %` : "–",
        time(mean),
        time(calmest),
        time(worst),
        `${digits((100 * missed) / quanta)} %`,
        `${latency.toFixed(1)} ms`,
      ],
    ),
  );
  return table(
    [
      "in an AudioWorklet at 48 kHz",
      "in",
      "load",
      "mean quantum",
      "longest",
      "disturbed",
      "not timed",
      "late",
    ],
    rows,
  );
}

/** @param {Results} results */
function signal({ signal }) {
  const names = [...new Set(signal.flatMap(({ after }) => Object.keys(after)))];
  return table(
    ["signal to noise", "before", ...names],
    signal.map(({ noise, before, after }) => [
      noise,
      `${before.toFixed(1)} dB`,
      ...names.map((name) => `${Number(after[name]).toFixed(1)} dB`),
    ]),
  );
}
